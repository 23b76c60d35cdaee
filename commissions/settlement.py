"""Booked shares become payable, line by line, each once. T+0: as soon as the sale has been seen. The pages of T+1
batches do the same in SQL (`commissions/settling.py`).

Locks: the splits in order of id, then a fresh look at which of them are open (docs/adr/0006).
"""

from collections import defaultdict
from collections.abc import Collection as Several
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from commissions import announcing, stories
from commissions.accruals import WORKER
from commissions.models import (
    Collection,
    Contribution,
    Settlement,
    SettlementItem,
    Share,
    Split,
)
from commissions.models.split import SplitQuerySet
from commissions.sheets import Sheet
from commissions.stories import DUE, RESERVE, Pieces
from events.record import Actor
from events.rows import write
from ledger.transfers import Story, post
from merchants.money import PPM
from stores.models import Contract


class Line(NamedTuple):
    """A booked line with its parts, as they were just made or as they were read."""

    split: Split
    collections: Sequence[Collection]
    contributions: Sequence[Contribution]
    shares: Sequence[Share]

    @classmethod
    def read(cls, split: Split) -> "Line":
        """Of a split loaded `with_parts`."""
        return cls(split, list(split.collections.all()), list(split.contributions.all()), parts_of(split))


@transaction.atomic
def settle_t0(
    *, orders: Several[int], booked: Several[Sheet] = (), by: Actor = WORKER, at: datetime | None = None
) -> list[Settlement]:
    """Settle the open T+0 lines of these orders of the merchant in scope: one settlement for each book.

    `booked` is what the same transaction has just booked of them: nobody else can see that, so it is neither locked
    nor read again. What else is open was left behind by somebody.
    """
    fresh = [
        Line(sheet.split, sheet.collections, sheet.contributions, sheet.shares)
        for sheet in booked
        if sheet.split.settlement == Contract.Settlement.T0
    ]
    left = _open(orders).exclude(pk__in=[line.split.pk for line in fresh])
    older = [Line.read(split) for split in open_splits(orders)] if not fresh or left.exists() else []
    known = {line.split.pk for line in fresh}
    lines = [*fresh, *(line for line in older if line.split.pk not in known)]
    lines.sort(key=lambda line: line.split.pk)
    return _settle(lines, at=at or timezone.now(), by=by)


def settle(splits: Several[Split], *, at: datetime, by: Actor) -> list[Settlement]:
    """These locked, open splits, loaded `with_parts`, become payable: one settlement for each book."""
    return _settle([Line.read(split) for split in splits], at=at, by=by)


def _settle(lines: Several[Line], *, at: datetime, by: Actor) -> list[Settlement]:
    by_book: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_book[line.split.merchant_id].append(line)
    settled = [_Settling(book, group, at) for book, group in sorted(by_book.items())]
    post(story for group in settled for story in group.stories)
    announcing.announce(
        "commission.settled", [moved for group in settled for moved in group.moved], by=by, at=at
    )
    return [group.settlement for group in settled]


def unsettled_t0(*, recorded_before: datetime) -> list[int]:
    """Orders of the merchant in scope with an open T+0 line: for the sweeper, oldest first."""
    splits = Split.party.filter(settlement=Contract.Settlement.T0, recorded_at__lt=recorded_before).open()
    return list(splits.order_by("order_id").values_list("order_id", flat=True).distinct())


def open_splits(orders: Several[int]) -> list[Split]:
    """The open T+0 splits of these orders, locked, with everything their stories name."""
    lock(Split.party.filter(order__in=orders))
    return list(with_parts(_open(orders).order_by("id")))


def _open(orders: Several[int]) -> SplitQuerySet:
    return Split.party.filter(order__in=orders, settlement=Contract.Settlement.T0).open()


def lock(splits: QuerySet[Split]) -> None:
    """Whoever settles or claws back holds the splits. Read them after this: waiting has changed what is open."""
    list(splits.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id", flat=True))


def with_parts(splits: QuerySet[Split], *, own: bool = False) -> QuerySet[Split]:
    """The splits with everything that their stories and events name, read by the seller; by the book's owner, if
    `own`. `split.shares` alone would read what the merchant in scope owns, and of a central line that is not the
    seller."""
    shares, collections, contributions = (
        model.objects if own else model.party for model in (Share, Collection, Contribution)
    )
    shares = shares.select_related("payee", "payee_merchant", "guide__user", "store", "item")
    return splits.select_related("merchant", "order", "line").prefetch_related(
        Prefetch("collections", collections.select_related("collector", "tender").order_by("number")),
        Prefetch("contributions", contributions.order_by("number")),
        Prefetch("shares", shares.order_by("number")),
    )


class _Settling:
    """One book's lines that settle together: their settlement, their stories, and what moved for whom."""

    def __init__(self, book_id: int, lines: list[Line], at: datetime) -> None:
        self.stories: list[Story] = []
        self.moved: list[tuple[Share, int]] = []
        items: list[SettlementItem] = []
        for split, collections, contributions, shares in lines:
            pieces = [(share, _pieces(share, split)) for share in shares]
            self.stories.append(stories.settled(split, collections, contributions, pieces, at=at))
            self.moved += [(share, sum(amount for _account, amount in parts)) for share, parts in pieces]
            items += [_item(share, dict(parts)) for share, parts in pieces]
        self.settlement = Settlement.objects.create(
            merchant_id=book_id,
            mode=lines[0].split.settlement,
            at=at,
            lines=len(lines),
            total=sum(item.due + item.reserve for item in items),
        )
        for item in items:
            item.settlement_id = self.settlement.pk
        write(SettlementItem, items)


def parts_of(split: Split) -> list[Share]:
    """The split's prefetched shares in order, each knowing its split and principal."""
    shares = list(split.shares.all())
    for share in shares:
        share.split, share.merchant = split, split.merchant
    return shares


def is_settled(split: Split) -> bool:
    """All shares of a line settle together; they are loaded with their items."""
    return any(hasattr(share, "item") for share in split.shares.all())


def _pieces(share: Share, split: Split) -> Pieces:
    """What is still held: a part into the reserve, the rest payable now. The principal's own stays where it is."""
    if share.is_principals:
        return []
    reserve = share.held * split.reserve_ppm // PPM
    return [(RESERVE, reserve), (DUE, share.held - reserve)]


def _item(share: Share, pieces: dict[str, int]) -> SettlementItem:
    return SettlementItem(
        merchant_id=share.merchant_id,
        split_id=share.split_id,
        share_id=share.pk,
        due=pieces.get(DUE, 0),
        reserve=pieces.get(RESERVE, 0),
    )
