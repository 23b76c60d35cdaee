"""What a draft would have made of sales that are long split: each line divided once more, and nothing written.

The lines come in the order in which they were paid (then by order and line), so that a month's tiers and caps see
what came before; where the draft counts months, the replay begins with the first day of one. A line's refunds are
taken back as the books did it. Tiers are at the rates of the sale, as T+0 books them: the month's true-up, which is
booked beside the lines, is on neither side; nor is what appeals moved, which no plan decides.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db.models import Prefetch, QuerySet, Sum, prefetch_related_objects

from commissions import assessing
from commissions.attribution_policies import Policies, policies_of
from commissions.drafts import Draft
from commissions.models import PlanVersion, Share, Split, month_of
from commissions.plans import terms_of, versions_of
from commissions.running import Totals
from commissions.splitting import divide, net_basis, part_back
from commissions.terms import Payee
from guides.models import Guide
from merchants.models import Merchant
from merchants.money import take_back
from merchants.scoping import acting_for
from orders.models import Order, OrderLine

MOST_LINES = 200_000
IN_A_REQUEST = 10_000  # somebody waits: a line takes something like a millisecond
PAGE = 1_000
ALWAYS = datetime.min.replace(tzinfo=UTC)


class Returned(NamedTuple):
    """What has come back of a line, in minor units and pieces."""

    refunded: int
    pieces: int


NOTHING = Returned(0, 0)


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
    for start in range(0, len(ids), PAGE):
        for split, draft, returned in _page(ids[start : start + PAGE], owner, versions, policies):
            after = _divided(split, draft, returned, totals)
            if draft.claims.of.version is versions[0] and split.business_date >= first:
                told.lines += 1
                _count(changes, split, after)
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


def _page(
    ids: Sequence[int], owner: Merchant, versions: Sequence[PlanVersion], policies: Policies
) -> Iterator[tuple[Split, Draft, Returned]]:
    """These splits in their order, each with its line before division, and what came back of it. Who touched a
    sale stands with its seller."""
    with acting_for(owner):
        shares = Share.about.select_related("guide", "payee_merchant").order_by("number")
        rows = Split.about.filter(pk__in=ids).select_related(
            "counterparty", "order__store", "line__brand", "line__brand_owner", "line__contract"
        )
        rows = rows.select_related("line__sku__product").prefetch_related(Prefetch("shares", shares))
        splits = {split.pk: split for split in rows}
        back = Split.about.filter(pk__in=ids, clawbacks__isnull=False).values_list("pk")
        returned = {
            pk: Returned(refunded, pieces)
            for pk, refunded, pieces in back.annotate(Sum("clawbacks__refunded"), Sum("clawbacks__quantity"))
        }
    by_seller: dict[Merchant, list[Split]] = defaultdict(list)
    for split in splits.values():
        by_seller[split.counterparty].append(split)
    drafts: dict[int, Draft] = {}
    for seller, group in by_seller.items():
        orders: dict[int, Order] = {}
        lines: dict[int, list[OrderLine]] = defaultdict(list)
        for split in group:
            orders[split.order_id] = split.order
            lines[split.order_id].append(split.line)
        of_brand = {line.brand_id: versions for line in (split.line for split in group) if line.brand_id}
        with acting_for(seller):
            found = assessing.drafted(
                list(orders.values()), lines, seller, of_brand, policies, tendered=False
            )
            for draft in found:
                drafts[draft.line.pk] = draft
    for pk in ids:
        yield splits[pk], drafts[splits[pk].line_id], returned.get(pk, NOTHING)


def _divided(split: Split, draft: Draft, returned: Returned, totals: Totals) -> list[tuple[Payee, int]]:
    """What each payee would hold of the line now; its net basis is added to the totals."""
    claims = draft.claims
    basis = claims.of.basis(paid=split.paid, costs=sum(draft.costs.values()))
    stakes = claims.stakes(totals)
    cuts = divide(
        base=split.base,
        basis=basis,
        terms=claims.terms,
        quantity=draft.line.quantity,
        claimants={number: list(claimants) for number, claimants in stakes.items()},
    )
    amounts = [cut.amount for cut in cuts]
    back = take_back(sum(share.clawed for share in split.shares.all()), amounts)
    held = [amount - less for amount, less in zip(amounts, back, strict=True)]
    claims.count(
        cuts,
        basis=_net(split, basis, returned),
        amounts=held,
        totals=totals,
    )
    return [(stakes[cut.term.number][cut.claimant], amount) for cut, amount in zip(cuts, held, strict=True)]


def _net(split: Split, basis: int, returned: Returned) -> int:
    refunded = returned.refunded
    part = part_back(refunded=refunded, quantity=returned.pieces, paid=split.paid, sold=split.line.quantity)
    return net_basis(basis=basis, paid=split.paid, refunded=refunded, part=part)


def _count(changes: dict[int, Change], split: Split, after: Iterable[tuple[Payee, int]]) -> None:
    for share, held in _as_split(split):
        _of(changes, share.payee_id, share.guide, share.payee_merchant, split).before += held
    for payee, amount in after:
        _of(changes, payee.party_id, payee.guide, payee.merchant, split).after += amount


def _as_split(split: Split) -> list[tuple[Share, int]]:
    """The shares as the plan gave them, and what refunds left of each."""
    shares = [share for share in split.shares.all() if not share.is_moved_here]
    back = take_back(sum(share.clawed for share in split.shares.all()), [share.amount for share in shares])
    return [(share, share.amount - less) for share, less in zip(shares, back, strict=True)]


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
