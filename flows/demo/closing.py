"""The T+1 books of the demo: every day that is over was closed on the morning after."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Q
from django_scopes import scope

from commissions import batches
from commissions.models import SettlementBatch, Split
from flows.demo import cast
from flows.settlement import close_day
from merchants.business_day import business_date
from merchants.models import Merchant

MORNING = time(0, 30)


def close_days(book: Merchant, *, until: datetime, tick: Callable[[str], None]) -> None:
    """Close the book's days up to the one that `until` stands in, the oldest first."""
    with scope(merchant=book):
        open_lines = Split.objects.filter(merchant=book, settlement="T1").open()
        days = list(open_lines.order_by("business_date").values_list("business_date", flat=True).distinct())
    for day in days:
        morning = after(day, zone=book.time_zone)
        if morning <= until:
            close_day(book, now=morning)
    tick("books")


def advance(days: int, *, now: datetime) -> dict[str, list[SettlementBatch]]:
    """What the workers would do in the mornings of the coming days: each demo book goes on from the last date that
    it closed, or from yesterday. Book name → the batches that moved, and the one that waits for approval."""
    moved: dict[str, list[SettlementBatch]] = {}
    for book in Merchant.objects.filter(name__in=[role.name for role in cast.MERCHANTS]).order_by("id"):
        today = business_date(now, zone=book.time_zone, cut_off=book.cut_off)
        with scope(merchant=book):
            closed = SettlementBatch.objects.aggregate(last=Max("business_date"))["last"]
            under_way = held = batches.under_way()
        yesterday = today - timedelta(days=1)
        last = max(closed or yesterday, yesterday)
        for day in (last + timedelta(days=count) for count in range(1, days + 1)):
            morning = after(day, zone=book.time_zone)
            close_day(book, now=morning)
            if _is_through(book, held):  # the workers come again within minutes
                held = None
                close_day(book, now=morning)
        with scope(merchant=book):
            since = Q(business_date__gt=closed or date.min) | Q(pk=under_way.pk if under_way else None)
            moved[book.name] = list(SettlementBatch.objects.filter(since).order_by("business_date"))
    return moved


def _is_through(book: Merchant, batch: SettlementBatch | None) -> bool:
    with scope(merchant=book):
        return batch is not None and batch != batches.under_way()


def after(day: date, *, zone: str) -> datetime:
    """The morning after a business date, when its batch runs."""
    return datetime.combine(day + timedelta(days=1), MORNING, ZoneInfo(zone))
