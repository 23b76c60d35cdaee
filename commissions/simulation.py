"""What a draft would have made of sales that are long split: each line divided once more, and nothing written.

The lines come in the order in which they were paid (then by order and line), so that a month's tiers and caps see
what came before; where the draft counts months, the replay begins with the first day of one. A line's refunds are
taken back as the books did it. Tiers are at the rates of the sale, as T+0 books them: the month's true-up, which is
booked beside the lines, is on neither side; nor is what appeals moved, which no plan decides.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet, prefetch_related_objects

from commissions.attribution_policies import policies_of
from commissions.models import PlanVersion, Split, month_of
from commissions.plans import terms_of, versions_of
from commissions.redividing import ALWAYS, IN_A_REQUEST, MOST_LINES, as_split, divided, lines_again
from commissions.running import Totals
from commissions.terms import Payee
from guides.models import Guide
from merchants.models import Merchant
from merchants.scoping import acting_for

__all__ = ["IN_A_REQUEST", "Change", "Simulated", "simulate"]


@dataclass
class Change:
    """What a payee held of these lines, and would hold, in minor units. `kind`: guide, store, brand or platform."""

    kind: str
    ref: str  # gui_…, mch_… or "" for the platform
    name: str
    before: int = 0
    after: int = 0

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass
class Simulated:
    """Payee by payee, guides first, the largest difference first; `lines` that were divided anew. `is_cut` says that
    there were more lines than `most`, and only the first ones count."""

    first: date
    last: date
    lines: int = 0
    is_cut: bool = False
    changes: list[Change] = field(default_factory=list)

    @property
    def before(self) -> int:
        return sum(change.before for change in self.changes)

    @property
    def after(self) -> int:
        return sum(change.after for change in self.changes)


def simulate(version: PlanVersion, *, first: date, last: date, most: int = MOST_LINES) -> Simulated:
    """Divide by `version` the split lines of the business dates from `first` to `last` for which it would hold: those
    under contracts of its brand, mode and scope, where no narrower version did.

    At most `most` lines are read, those included that only lead a month in. Both sides come to the same sum.
    """
    owner = version.plan.brand.merchant
    told, totals = Simulated(first, last), Totals({})
    changes: dict[int, Change] = {}
    with acting_for(owner):
        versions, policies = _as_if_it_held(version), policies_of([owner])
        counts = any(term.counts for term in terms_of(version))
        lines = _lines(version, month_of(first) if counts else first, last)
        ids = list(lines.values_list("pk", flat=True)[: most + 1])
    told.is_cut, ids = len(ids) > most, ids[:most]
    by_brand = {version.plan.brand_id: versions}
    for split, draft, returned in lines_again(ids, owner, by_brand, policies):
        after = divided(split, draft, returned, totals)
        if draft.claims.of.version is versions[0] and split.business_date >= first:
            told.lines += 1
            _count(changes, split, ((payee, held) for _cut, payee, held in after))
    order = ("guide", "store", "brand", "platform")
    told.changes = sorted(
        changes.values(), key=lambda one: (order.index(one.kind), -abs(one.difference), one.name, one.ref)
    )
    return told


def _as_if_it_held(version: PlanVersion) -> list[PlanVersion]:
    """The version as if it had held ever since, and the published ones that are narrower: they keep their sales."""
    prefetch_related_objects([version], "rules")
    held = copy.copy(version)
    held.effective_from, held.effective_until = ALWAYS, None
    narrower = [
        other
        for other in versions_of(version.plan.brand)
        if other.plan_id == version.plan_id and _narrowness(other) > _narrowness(version)
    ]
    return [held, *narrower]


def _narrowness(version: PlanVersion) -> int:
    return 2 if version.contract_id else 1 if version.channel_id else 0


def _lines(version: PlanVersion, first: date, last: date) -> QuerySet[Split]:
    plan = version.plan
    rows = Split.about.filter(contract__brand=plan.brand, mode=plan.mode)
    rows = rows.filter(business_date__gte=first, business_date__lte=last)
    if version.contract_id:
        rows = rows.filter(contract=version.contract_id)
    elif version.channel_id:
        rows = rows.filter(counterparty=version.channel_id)
    return rows.order_by("at", "order_id", "line__number")


def _count(changes: dict[int, Change], split: Split, after: Iterable[tuple[Payee, int]]) -> None:
    for share, held in as_split(split):
        _of(changes, share.payee_id, share.guide, share.payee_merchant, split).before += held
    for payee, amount in after:
        _of(changes, payee.party_id, payee.guide, payee.merchant, split).after += amount


def _of(
    changes: dict[int, Change], party_id: int, guide: Guide | None, merchant: Merchant | None, split: Split
) -> Change:
    if party_id not in changes:
        if guide:
            changes[party_id] = Change("guide", guide.ref, guide.name)
        elif merchant:
            kind = "brand" if merchant.pk == split.brand_owner_id else "store"
            changes[party_id] = Change(kind, merchant.ref, merchant.name)
        else:
            changes[party_id] = Change("platform", "", "")
    return changes[party_id]
