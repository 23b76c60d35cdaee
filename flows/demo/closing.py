"""The T+1 books of the demo: every day that is over was closed on the morning after."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django_scopes import scope

from commissions import batches, reserves
from commissions.models import Split
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
            batches.advance(batches.open_batch(book, day), at=morning)
            reserves.release_due(book, on=day, at=morning)
    tick("books")


def after(day: date, *, zone: str) -> datetime:
    """The morning after a business date, when its batch runs."""
    return datetime.combine(day + timedelta(days=1), MORNING, ZoneInfo(zone))
