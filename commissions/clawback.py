"""A refund takes back from the shares what they held of it: a function of the total given back, so neither the
order nor the size of refunds matters.

Locks: the orders, batches that may be approved (commissions/locked.py), the splits, the totals of tiers and caps, the
purses, then the programmes of stored value, each in order of id (docs/adr/0006). Of several refunds those of all are
taken before the first is worked.
"""

from collections import Counter, defaultdict
from collections.abc import Collection as Several
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Prefetch

from commissions import announcing, locked, running, stories
from commissions.accruals import WORKER, book_all
from commissions.models import Clawback, Collection, Contribution, SettlementItem, Share, Split
from commissions.purses import Purses, hold, purse_of, taken_from
from commissions.settlement import is_settled, lock, parts_of, with_parts
from commissions.splitting import give_back, net_basis, part_back
from commissions.stories import RESERVE, Pieces
from events.record import Actor
from ledger.transfers import Story, post
from members import programmes
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.models import Refund, RefundLine

Row = TypeVar("Row", bound=models.Model)
StoredBack = dict[Merchant, Counter[str]]  # issuer → by programme's code, fen


def claw(refund: Refund, *, by: Actor = WORKER) -> list[Clawback]:
    """Take a refund back line by line, once; returns what was new. An order not booked yet is booked first; a line
    of a locked batch is left to the sweeper, who comes when it is payable."""
    return claw_all([refund], seller=refund.merchant, by=by)


def claw_all(refunds: Sequence[Refund], *, seller: Merchant, by: Actor = WORKER) -> list[Clawback]:
    """As `claw` one after the other, of one seller."""
    orders = {refund.order_id for refund in refunds}
    stored_back: StoredBack = defaultdict(Counter)
    clawbacks: list[Clawback] = []
    with acting_for(seller), transaction.atomic():
        book_all(orders, seller=seller, by=by)
        waiting = locked.splits_of(orders)
        lock(Split.party.filter(order__in=orders))
        _hold_all(orders)
        for refund in refunds:
            clawing = _worked(refund, waiting, stored_back)
            announcing.announce("commission.clawed", clawing.moved, by=by, at=refund.refunded_at)
            clawbacks += clawing.clawbacks
        for issuer, amounts in sorted(stored_back.items(), key=lambda item: item[0].pk):
            with acting_for(issuer):  # last: whoever pays with it waits for this row
                programmes.put_back(amounts)
    return clawbacks


def unclawed(*, recorded_before: datetime) -> list[Refund]:
    """Refunds of the merchant in scope with a line not taken back yet: for the sweeper, oldest first."""
    missing = Refund.objects.filter(lines__clawback=None, recorded_at__lt=recorded_before)
    return list(missing.select_related("merchant").order_by("id").distinct())


def _hold_all(orders: Several[int]) -> None:
    """What any refund of these orders may take from: each refund then takes locks that are held already."""
    shares = Share.party.filter(split__order__in=orders)
    running.opened(set(shares.filter(running__isnull=False).values_list("running", flat=True)))
    settled = shares.filter(guide__isnull=False, item__isnull=False).select_related("split", "merchant")
    hold((purse_of(share), share.split.currency) for share in settled)


def _worked(refund: Refund, waiting: Several[int], stored_back: StoredBack) -> "_Clawing":
    lines = RefundLine.objects.filter(refund=refund, clawback__isnull=True).order_by("line__number")
    wanted = {line.line_id: line for line in lines}
    splits = with_parts(Split.party.filter(line__in=wanted).exclude(pk__in=waiting).order_by("line__number"))
    splits = splits.prefetch_related(Prefetch("clawbacks", Clawback.party.all()))
    clawing = _Clawing(refund, list(splits), stored_back)
    for split in clawing.splits:
        clawing.take(split, wanted[split.line_id])
    clawing.write()
    return clawing


class _Clawing:
    """Works one refund out, row by row, then writes it in as many statements as there are tables."""

    def __init__(self, refund: Refund, splits: list[Split], stored_back: StoredBack) -> None:
        self.refund = refund
        self.splits = splits
        self.open_totals = running.opened(
            {share.running_id for split in splits for share in parts_of(split) if share.running_id}
        )
        self.purses = _purses(splits)
        self.stories: list[Story] = []
        self.clawbacks: list[Clawback] = []
        self.moved: list[tuple[Share, int]] = []
        self.shares: list[Share] = []
        self.collections: list[Collection] = []
        self.contributions: list[Contribution] = []
        self.items: list[SettlementItem] = []
        self.totals: dict[int, tuple[int, int]] = {}
        self.stored_back = stored_back

    def take(self, split: Split, line: RefundLine) -> None:
        shares, settled = parts_of(split), is_settled(split)
        collections, contributions = split.collections.all(), split.contributions.all()
        refunded = line.amount + sum(earlier.refunded for earlier in split.clawbacks.all())
        quantity = line.quantity + sum(earlier.quantity for earlier in split.clawbacks.all())
        so_far = give_back(
            refunded=refunded,
            quantity=quantity,
            paid=split.paid,
            sold=split.line.quantity,
            contributions=[row.amount for row in contributions],
            shares=[share.held_then for share in shares],
            before=[share.clawed_before for share in shares],
        )
        from_tenders = dict(line.tenders)
        tenders_back = [
            (row, _grow(row, "returned", row.returned + back, self.collections))
            for row in collections
            for back in (from_tenders.get(row.tender.number, 0),)
        ]
        for row, amount in tenders_back:
            if row.programme:
                self.stored_back[row.collector][row.programme] += amount
        borne_back = [
            (row, _grow(row, "returned", now, self.contributions))
            for row, now in zip(contributions, so_far.contributions, strict=True)
        ]
        taken = [
            (share, _grow(share, "clawed", now, self.shares))
            for share, now in zip(shares, so_far.shares, strict=True)
        ]
        self.stories.append(
            stories.refunded(
                split,
                f"{self.refund.ref}/{split.line.number}",
                tenders_back,
                borne_back,
                [(share, self._pieces(share, amount, settled)) for share, amount in taken],
                is_settled=settled,
                on=self.refund.business_date,
                at=self.refund.refunded_at,
            )
        )
        self.moved += taken
        self._count(split, line, taken)
        self.clawbacks.append(
            Clawback(
                merchant_id=split.merchant_id,
                counterparty_id=split.counterparty_id,
                split=split,
                refund_line=line,
                refunded=line.amount,
                quantity=line.quantity,
                taken=line.amount + sum(amount for _row, amount in borne_back),
            )
        )

    def _count(self, split: Split, line: RefundLine, taken: Sequence[tuple[Share, int]]) -> None:
        """What comes back is no longer in the month's totals of its payees; a line is counted once in each."""
        earlier = split.clawbacks.all()
        before = net_of(split, sum(c.refunded for c in earlier), sum(c.quantity for c in earlier))
        refunded = line.amount + sum(c.refunded for c in earlier)
        after = net_of(split, refunded, line.quantity + sum(c.quantity for c in earlier))
        parts: dict[int, int] = {}
        for share, _amount in taken:
            if share.running_id is not None:
                parts[share.running_id] = max(parts.get(share.running_id, 0), share.kept_ppm)
        for running_id, part in parts.items():
            clawed = sum(amount for share, amount in taken if share.running_id == running_id)
            had = self.totals.get(running_id, (0, 0))
            self.totals[running_id] = had[0] + (before - after) * part, had[1] + clawed

    def write(self) -> None:
        running.lower(self.open_totals, self.totals)
        Clawback.objects.bulk_create(self.clawbacks)
        Collection.party.bulk_update(self.collections, ["returned"])
        Contribution.party.bulk_update(self.contributions, ["returned"])
        Share.party.bulk_update(self.shares, ["clawed"])  # last: the database then looks at all of it
        for split in self.splits:
            with acting_for(split.merchant):  # items have no party: they are the principal's alone
                own = [item for item in self.items if item.split_id == split.id]
                SettlementItem.objects.bulk_update(own, ["reserve_clawed"])
        post(self.stories)

    def _pieces(self, share: Share, amount: int, is_settled: bool) -> Pieces:
        pieces = taken_from(share, amount, self.purses, is_settled=is_settled)
        if reserve := dict(pieces).get(RESERVE):
            _grow(share.item, "reserve_clawed", share.item.reserve_clawed + reserve, self.items)
        return pieces


def _grow(row: Row, field: str, now: int, grown: list[Row]) -> int:
    """By how much the row's total grows to `now`; what has grown is collected."""
    before = getattr(row, field)
    if now != before:
        setattr(row, field, now)
        grown.append(row)
    return now - before


def net_of(split: Split, refunded: int, quantity: int) -> int:
    part = part_back(refunded=refunded, quantity=quantity, paid=split.paid, sold=split.line.quantity)
    return net_basis(basis=split.basis, paid=split.paid, refunded=refunded, part=part)


def _purses(splits: Sequence[Split]) -> Purses:
    """What the settled guides of these splits have."""
    return hold(
        (purse_of(share), split.currency)
        for split in splits
        if is_settled(split)
        for share in parts_of(split)
        if share.guide_id
    )
