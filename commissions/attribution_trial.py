"""A dry run of an attribution policy over history: whose the guide's part of sales that are long split would have
been. The plans that held divide each line once more as a simulation does (commissions/simulation.py), and nothing is
written."""

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from commissions.attribution import NOBODY
from commissions.evidence import Guides, why
from commissions.models import AttributionPolicy, PlanVersion, Rule, Share, Split, month_of
from commissions.plans import terms_of, versions_of
from commissions.reasons import lost, reason
from commissions.redividing import ALWAYS, MOST_LINES, as_split, divided, lines_again
from commissions.running import Totals
from commissions.splitting import Cut
from commissions.terms import Payee
from guides.models import Guide
from merchants.models import Brand
from merchants.scoping import acting_for


@dataclass
class GuideTried:
    """In how many lines the guide had and would have a part, and the commission of the role `guide` in minor units.
    Without a ref: lines in which nobody has it."""

    ref: str
    name: str
    lines_before: int = 0
    lines_after: int = 0
    before: int = 0
    after: int = 0

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Held:
    """A guide's part of one line, in minor units, and why."""

    name: str
    amount: int
    reason: str


@dataclass(frozen=True)
class LineTried:
    """A line whose guides would have been others, or would have shared it otherwise."""

    order_ref: str
    order_no: str
    line: int
    store: str
    at: datetime
    before: Sequence[Held]
    after: Sequence[Held]


@dataclass
class Tried:
    """`lines` that plans with a guide's part divided; of them `changed`, in the order of payment; guide by guide, the
    largest difference first. `is_cut`: there were more lines than `most`, and only the first ones count."""

    first: date
    last: date
    lines: int = 0
    is_cut: bool = False
    changed: list[LineTried] = field(default_factory=list)
    guides: list[GuideTried] = field(default_factory=list)

    @property
    def before(self) -> int:
        return sum(one.before for one in self.guides)

    @property
    def after(self) -> int:
        return sum(one.after for one in self.guides)


Parts = dict[int, int]  # by guide, in ppm


def try_out(policy: AttributionPolicy, *, first: date, last: date, most: int = MOST_LINES) -> Tried:
    """Attribute by `policy` the split lines of the business dates from `first` to `last` under its merchant's plans.

    At most `most` lines are read, those included that only lead a month of tiers and caps in.
    """
    owner = policy.merchant
    told, totals = Tried(first, last), Totals({})
    rows: dict[int, GuideTried] = {}
    with acting_for(owner):
        versions = {brand.pk: versions_of(brand) for brand in Brand.objects.select_related("merchant")}
        counts = any(term.counts for found in versions.values() for v in found for term in terms_of(v))
        begins = month_of(first) if counts else first
        splits = Split.about.filter(version__isnull=False, business_date__gte=begins, business_date__lte=last)
        ordered = splits.order_by("at", "order_id", "line__number")
        ids = list(ordered.values_list("pk", flat=True)[: most + 1])
    told.is_cut, ids = len(ids) > most, ids[:most]
    for split, draft, returned in lines_again(ids, owner, versions, {owner.pk: [_as_if_it_held(policy)]}):
        after = divided(split, draft, returned, totals)
        version = draft.claims.of.version
        if split.business_date < first or version is None or not _pays_a_guide(version):
            continue
        told.lines += 1
        old = [(share, held) for share, held in as_split(split) if share.role == Rule.Role.GUIDE]
        new = [one for one in after if one[0].term.role == Rule.Role.GUIDE]
        _count(rows, old, new)
        if _parts_before(old) != _parts_after(new):
            told.changed.append(_changed(split, version, old, new, draft.guides))
    told.guides = sorted(
        rows.values(), key=lambda one: (not one.ref, -abs(one.difference), one.name, one.ref)
    )
    return told


def _as_if_it_held(policy: AttributionPolicy) -> AttributionPolicy:
    held = copy.copy(policy)
    held.effective_from, held.effective_until = ALWAYS, None
    return held


def _pays_a_guide(version: PlanVersion) -> bool:
    return any(term.role == Rule.Role.GUIDE for term in terms_of(version))


def _parts_before(shares: Iterable[tuple[Share, int]]) -> Parts:
    return {share.guide_id: share.part_ppm for share, _held in shares if share.guide_id is not None}


def _parts_after(cuts: Iterable[tuple[Cut, Payee, int]]) -> Parts:
    return {payee.guide.pk: payee.part for _cut, payee, _held in cuts if payee.guide is not None}


def _count(
    rows: dict[int, GuideTried],
    old: Sequence[tuple[Share, int]],
    new: Sequence[tuple[Cut, Payee, int]],
) -> None:
    """A guide counts once a line, however many rules of the plan give to the role."""
    before: dict[Guide | None, int] = defaultdict(int)
    after: dict[Guide | None, int] = defaultdict(int)
    for share, held in old:
        before[share.guide] += held
    for _cut, payee, held in new:
        after[payee.guide] += held
    for guide, held in (before or {None: 0}).items():
        row = _row(rows, guide)
        row.lines_before, row.before = row.lines_before + 1, row.before + held
    for guide, held in (after or {None: 0}).items():
        row = _row(rows, guide)
        row.lines_after, row.after = row.lines_after + 1, row.after + held


def _row(rows: dict[int, GuideTried], guide: Guide | None) -> GuideTried:
    fresh = GuideTried(guide.ref, guide.name) if guide else GuideTried("", "")
    return rows.setdefault(guide.pk if guide else 0, fresh)


def _changed(
    split: Split,
    version: PlanVersion,
    old: Sequence[tuple[Share, int]],
    new: Sequence[tuple[Cut, Payee, int]],
    guides: Guides | Mapping[int, Guide],
) -> LineTried:
    nobody = [Held("", 0, lost(NOBODY))]
    before = [Held(share.guide.name, held, reason(share.why)) for share, held in old if share.guide]
    after = [
        Held(payee.guide.name, held, reason(why(cut, payee, version, guides)))
        for cut, payee, held in new
        if payee.guide
    ]
    return LineTried(
        split.order.ref,
        split.order.external_no,
        split.line.number,
        split.order.store.name,
        split.at,
        before or nobody,
        after or nobody,
    )
