"""The pages of a T+1 batch: some ten thousand lines in a transaction, settled by a handful of statements.

The result is what `settlement.settle` leaves for the same lines, but for the events: instead of one a page and payee
with every line in it, a batch tells each payee once a store what has become payable (`announce`), and keeps what that
is to each (`keep_dues`).

Locks: the splits in order of id, then a fresh look at which of them are open; the payees' purses (docs/adr/0006).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from commissions import settling_sql
from commissions.models import BatchDue, Settlement, SettlementBatch
from commissions.payouts import laying
from commissions.stories import DUE
from events.record import Actor, Happening, record_many
from ledger import accounts
from ledger.models import Account
from ledger.sets import post_set
from stores.models import Contract


class Came(NamedTuple):
    """What a batch came to for one payee at one store, minor units: `amount` with reserves, `due` at once to whom the
    book owes it. Payee, guide, her user and the store by reference."""

    payee: str
    guide: str | None
    user: str | None
    store: str
    payee_merchant_id: int | None
    currency: str
    amount: int
    lines: int
    owed_to_id: int
    due: int


def locked_page(batch: SettlementBatch, *, size: int) -> list[int]:
    """The next open lines of the batch, held until the transaction ends."""
    _rows(settling_sql.ROOM, {})
    limits = {
        "book": batch.merchant_id,
        "day": batch.business_date,
        "cursor": batch.cursor,
        "last": batch.last_split,
    }
    return [pk for (pk,) in _rows(settling_sql.LOCK_PAGE, {**limits, "size": size})]


def settle_page(batch: SettlementBatch, ids: list[int], *, at: datetime) -> None:
    """These locked lines of the batch become payable, as far as nobody else has settled them."""
    page = page_of(ids)
    lines = [pk for (pk,) in _rows(settling_sql.STILL_OPEN, page)]
    if not lines:
        return
    if len(lines) < len(ids):
        page = page_of(lines)
    ((total,),) = _rows(settling_sql.TOTAL, page)
    settlement = Settlement.objects.create(
        merchant_id=batch.merchant_id,
        mode=Contract.Settlement.T1,
        batch=batch,
        at=at,
        lines=len(lines),
        total=total,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            settling_sql.ITEMS, {**page, "settlement": settlement.pk, "book": settlement.merchant_id}
        )
    post_set(settling_sql.TELLING, page, source="settlement", kind="settle_t1", at=at)


def came_to(batch: SettlementBatch) -> list[Came]:
    """What the posted lines of the batch came to."""
    return [Came(*row) for row in _rows(settling_sql.BY_PAYEE, {"batch": batch.pk})]


def announce(batch: SettlementBatch, sums: Iterable[Came], *, by: Actor, at: datetime) -> None:
    """`commission.settled`: one event for each payee and store of the posted batch, to the principal and to the
    payee's merchant; nothing is told of amounts of zero. By store, so that who reads one store's events is not
    told what others came to."""
    told = [
        Happening(
            "commission.settled",
            merchant_id=merchant_id,
            subject=came.payee,
            payload={
                "payee": came.payee,
                "amount": came.amount,
                "currency": came.currency,
                "count": came.lines,
                "batch": batch.ref,
            },
            concerns=[ref for ref in (came.guide, came.user, came.store) if ref],
            at=at,
        )
        for came in sums
        for merchant_id in sorted({batch.merchant_id, came.payee_merchant_id or batch.merchant_id})
    ]
    if told:
        record_many(told, by=by)


def keep_dues(batch: SettlementBatch, sums: Iterable[Came]) -> int:
    """What the posted batch made payable at once to each payee, where their lines have got to: payouts are laid over
    it. The sum. Their purses are held, so that none is paid meanwhile."""
    dues: Counter[int] = Counter()
    for came in sums:
        if came.currency == batch.merchant.currency:
            dues[came.owed_to_id] += came.due
    purses = Account.objects.filter(book=batch.merchant, code=DUE, party__in=dues)
    accounts.lock(purses.values_list("id", flat=True))
    lengths = laying.reached(batch.merchant)
    BatchDue.objects.bulk_create(
        BatchDue(merchant=batch.merchant, batch=batch, payee_id=payee, amount=due, up_to=lengths[payee][0])
        for payee, due in sorted(dues.items())
        if due
    )
    return dues.total()


def page_of(ids: Sequence[int]) -> dict[str, Any]:
    """What the statements are given of these lines. The ids are one value: a list would become as many, for the
    server to parse in every statement."""
    page = {"page": "{" + ",".join(map(str, ids)) + "}", "first": min(ids), "last": max(ids)}
    (ranges,) = _rows(settling_sql.RANGES, page)
    return page | dict(zip(("first_order", "last_order", "first_line", "last_line"), ranges, strict=True))


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()
