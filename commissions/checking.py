"""What may be published: rules that say one clear thing each, and together never more than there is. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from commissions.ceilings import worst_case
from commissions.models import GUIDE_ROLES, Rule
from commissions.splitting import Term
from merchants.errors import DomainError
from merchants.money import PPM
from orders.models import Order

MOST_RULES = 60  # the worst case is looked for over every combination of conditions
MOST_TIERS = 20
MOST_FIXED = 10**10  # minor units: what looks like a slip of the finger is one


def check(rules: Sequence[Term], *, ceiling_ppm: int) -> None:
    """DomainError `plan.rules_invalid` for rules that do not say one clear thing, `plan.over_ceiling` where they
    could come to more than the ceiling, or all of the basis, in the worst case."""
    residuals = [term for term in rules if term.role == Rule.Role.RESIDUAL]
    if len(residuals) != 1 or len({term.number for term in rules}) != len(rules) or len(rules) > MOST_RULES:
        raise _unclear(None)
    for term in rules:
        if not (_is_rest(term) if term in residuals else _is_clear(term)):
            raise _unclear(term)
    total, ceiling = worst_case(rules), min(ceiling_ppm, PPM)
    if total > ceiling:
        over = _breaking(rules, ceiling)
        raise DomainError(
            "plan.over_ceiling",
            _(
                "The ratios come to %(total)s %%; the ceiling is %(ceiling)s %%. Rule %(number)d (%(role)s) goes"
                " over it."
            )
            % {
                "total": percent(total),
                "ceiling": percent(ceiling),
                "number": over.number,
                "role": Rule.Role(over.role).label,
            },
            next_step=_("Lower a ratio, or raise the ceiling, which is 100 percent at most."),
            field="rules",
            extra={"total_ppm": total, "ceiling_ppm": ceiling, "rule": over.number},
        )


def _breaking(rules: Sequence[Term], ceiling: int) -> Term:
    """The first rule, in order of number, with which they can come to more than the ceiling."""
    ordered = sorted(rules, key=lambda term: term.number)
    return ordered[
        bisect_right(range(len(ordered)), ceiling, key=lambda last: worst_case(ordered[: last + 1]))
    ]


def percent(ppm: int) -> str:
    """`50000` → `5`, `12500` → `1.25`: the rate as people say it, without its sign."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".")


def _is_rest(term: Term) -> bool:
    return term == Term(term.number, term.role) and term.number > 0


def _is_clear(term: Term) -> bool:
    ways = [term.ppm is not None, term.fixed is not None, bool(term.tiers)]
    return (
        term.number > 0
        and term.role in Rule.Role.values
        and ways.count(True) == 1
        and (term.ppm is None or 0 < term.ppm <= PPM)
        and (term.fixed is None or 0 < term.fixed <= MOST_FIXED)
        and (term.fixed is not None or not term.per_unit)
        and _are_tiers(term)
        and all(cap is None or cap > 0 for cap in (term.line_cap, term.period_cap))
        and (term.channel == "" or term.channel in Order.Channel.values)
        and (term.level is None or (term.level > 0 and term.role in GUIDE_ROLES))
    )


def _are_tiers(term: Term) -> bool:
    """Each from a higher total than the one before; one at least gives something."""
    starts, rates = [start for start, _ppm in term.tiers], [ppm for _start, ppm in term.tiers]
    return not term.tiers or (
        len(term.tiers) <= MOST_TIERS
        and starts[0] >= 0
        and all(one < next_one for one, next_one in pairwise(starts))
        and all(0 <= ppm <= PPM for ppm in rates)
        and any(rates)
    )


def _unclear(term: Term | None) -> DomainError:
    return DomainError(
        "plan.rules_invalid",
        _(
            "Each rule needs a number of its own, a role and one claim: a ratio, an amount or tiers; exactly one"
            " takes the rest."
        ),
        next_step=_("Correct the rules and publish again."),
        field="rules",
        extra={"rule": term.number} if term else {},
    )
