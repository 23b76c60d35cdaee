"""The money behind a sale: each paid order is split, and settled at T+0 or when its day has closed; each refund is
taken back from shares.

Follows the stream in the worker. What a lost bell or a fault left behind is found by `sweep`.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from commissions import accruals, appeals, batches, clawback, reserves, settlement, trueup
from commissions.reconciliation import looking
from events.models import Event
from events.record import Actor
from merchants.business_day import business_date
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders import reading
from orders.models import Order, Refund

logger = logging.getLogger(__name__)

PAID, REFUNDED = "order.paid", "order.refunded"
PATIENCE = timedelta(minutes=2)  # the stream gets this long before the sweeper looks after an order
BATCH = 200
PARTS = 4_000  # lines, times payments, that are booked in one go: nobody's large sales hold up everybody's for long


def book(events: list[Event]) -> None:
    """Book and settle what was paid: one merchant's events of a batch. As with `take_back`, everything is safe to
    repeat, so an event given again changes nothing; which of the two comes first does not matter."""
    seller = Merchant.objects.get(pk=events[0].merchant_id)
    paid = [event.subject for event in events if event.kind == PAID]
    book_and_settle(list(Order.objects.filter(ref__in=paid).values_list("id", flat=True)), seller=seller)


def take_back(events: list[Event]) -> None:
    """Take back what was refunded."""
    seller = Merchant.objects.get(pk=events[0].merchant_id)
    refs = [event.payload["refund"] for event in events if event.kind == REFUNDED]
    refunds = Refund.objects.filter(ref__in=refs).select_related("merchant").order_by("id")
    clawback.claw_all(list(refunds), seller=seller)


def book_and_settle(order_ids: list[int], *, seller: Merchant, at: datetime | None = None) -> None:
    """Inside the seller's scope; `at` is when it was settled (now). What was just booked is settled with it; and
    whatever else of these orders is open, which somebody booked without settling it."""
    for batch in _in_batches(order_ids):
        with transaction.atomic():
            booked = accruals.book_all(batch, seller=seller)
            settlement.settle_t0(orders=batch, booked=booked, at=at)


def _in_batches(order_ids: list[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    room = PARTS
    parts = reading.parts_of(order_ids)
    for order_id in order_ids:
        if batch and (len(batch) == BATCH or parts.get(order_id, 1) > room):
            yield batch
            batch, room = [], PARTS
        batch.append(order_id)
        room -= parts.get(order_id, 1)
    if batch:
        yield batch


@shared_task
def sweep() -> int:
    """Book, settle and take back what the stream has missed, one by one; returns how many orders and refunds got
    through. What cannot be worked is logged and left; the others go on."""
    through, before = 0, timezone.now() - PATIENCE
    for seller in Merchant.objects.filter(stores__isnull=False).distinct().order_by("id"):
        with acting_for(seller):
            missed = accruals.unbooked(recorded_before=before) + settlement.unsettled_t0(
                recorded_before=before
            )
            for order_id in dict.fromkeys(missed):
                through += _got_through(seller, partial(book_and_settle, [order_id], seller=seller))
            for refund in clawback.unclawed(recorded_before=before):
                through += _got_through(seller, partial(clawback.claw, refund))
    return through


@shared_task
def close_days() -> int:
    """Close the business dates that are over, book by book, release the reserves whose window is, let appeals
    expire that nobody answered in time, and true up the months with tiers; returns how many books got through.
    Whatever a killed worker left under way goes on here."""
    now = timezone.now()
    return sum(
        _got_through(book, partial(close_day, book, now=now)) for book in Merchant.objects.order_by("id")
    )


@shared_task
def look_at_bills() -> int:
    """Lay what the rails have told beside what was paid once more, book by book; returns how many got through. A
    payout without an answer counts as missing from its bill only some time after its day."""
    by = Actor.system("reconciliation")
    return sum(
        _got_through(book, partial(looking.look_again, merchant=book, by=by))
        for book in Merchant.objects.order_by("id")
    )


def close_day(book: Merchant, *, now: datetime) -> None:
    batches.close(book, now=now)
    today = business_date(now, zone=book.time_zone, cut_off=book.cut_off)
    reserves.release_due(book, on=today - timedelta(days=1), at=now)
    appeals.expire(book, on=today, at=now)
    for month in trueup.due_months(book, now=now):
        trueup.true_up_month(book=book, month=month, at=now)


def _got_through(seller: Merchant, work: Callable[[], object]) -> bool:
    try:
        work()
    except Exception as error:  # whatever it is, the next one must not wait for it
        logger.error(
            "commissions: what was missed or has closed failed for %s: %s", seller.ref, type(error).__name__
        )
        return False
    return True
