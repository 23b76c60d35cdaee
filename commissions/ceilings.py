"""How much of the basis a plan's rules can come to at the worst. Pure.

The database works it out again when a version is published (migrations/0006): both must say the same.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

from commissions.splitting import Term


def worst_case(terms: Sequence[Term]) -> int:
    """The most ppm of the basis that can be claimed of one line, whatever its category, SKU and channel, at the top
    of every tier, by guides of whatever level. Levels are taken role by role: two roles may be two guides.

    A SKU is not held to its category of today, which may change. A fixed amount is no part of the basis and counts
    nothing: it is cut by what is left of the line.
    """
    claiming = [term for term in terms if top(term)]
    return max(
        (
            _claimed(
                [term for term in claiming if term.holds_for(category=category, sku=sku, channel=channel)]
            )
            for category, sku, channel in product(
                {term.category for term in claiming},
                {term.sku or 0 for term in claiming},
                {term.channel for term in claiming},
            )
        ),
        default=0,
    )


def top(term: Term) -> int:
    """The term's highest rate in ppm."""
    return max((ppm for _start, ppm in term.tiers), default=term.ppm or 0)


def _claimed(terms: Sequence[Term]) -> int:
    by_role: dict[str, list[Term]] = defaultdict(list)
    for term in terms:
        by_role[term.role].append(term)
    return sum(
        max(
            sum(top(term) for term in group if term.level in (None, level))
            for level in {term.level for term in group}
        )
        for group in by_role.values()
    )
