"""Split lines divided once more, and nothing written: what a plan's simulation and a policy's dry run share."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Prefetch, Sum

from commissions import assessing
from commissions.attribution_policies import Policies
from commissions.drafts import Draft
from commissions.models import PlanVersion, Share, Split
from commissions.running import Totals
from commissions.splitting import Cut, divide, net_basis, part_back
from commissions.terms import Payee
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

Again = tuple[Split, Draft, Returned]


def lines_again(
    ids: Sequence[int],
    owner: Merchant,
    versions: Mapping[int, Sequence[PlanVersion]],
    policies: Policies,
) -> Iterator[Again]:
    """These splits of the owner's brands in their order, each with its line before division by what holds among
    `versions`, by brand, and `policies`, by merchant, and what came back of it."""
    for start in range(0, len(ids), PAGE):
        yield from _page(ids[start : start + PAGE], owner, versions, policies)


def _page(
    ids: Sequence[int],
    owner: Merchant,
    versions: Mapping[int, Sequence[PlanVersion]],
    policies: Policies,
) -> Iterator[Again]:
    """Who touched a sale stands with its seller."""
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
        with acting_for(seller):
            found = assessing.drafted(
                list(orders.values()), lines, seller, versions, policies, tendered=False
            )
            for draft in found:
                drafts[draft.line.pk] = draft
    for pk in ids:
        yield splits[pk], drafts[splits[pk].line_id], returned.get(pk, NOTHING)


def divided(split: Split, draft: Draft, returned: Returned, totals: Totals) -> list[tuple[Cut, Payee, int]]:
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
    return [
        (cut, stakes[cut.term.number][cut.claimant], amount) for cut, amount in zip(cuts, held, strict=True)
    ]


def _net(split: Split, basis: int, returned: Returned) -> int:
    refunded = returned.refunded
    part = part_back(refunded=refunded, quantity=returned.pieces, paid=split.paid, sold=split.line.quantity)
    return net_basis(basis=basis, paid=split.paid, refunded=refunded, part=part)


def as_split(split: Split) -> list[tuple[Share, int]]:
    """The shares as the plan gave them, and what refunds left of each."""
    shares = [share for share in split.shares.all() if not share.is_moved_here]
    back = take_back(sum(share.clawed for share in split.shares.all()), [share.amount for share in shares])
    return [(share, share.amount - less) for share, less in zip(shares, back, strict=True)]
