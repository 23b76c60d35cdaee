"""What was kept of a settled share until goods could no longer be returned becomes payable.

Locks: the splits in order of id (docs/adr/0006), so that no refund takes the same reserve.
"""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import DateField, DurationField, ExpressionWrapper, F, QuerySet, Value

from commissions import settling, settling_sql
from commissions.models import Split
from ledger.sets import post_set
from merchants.models import Merchant
from merchants.scoping import acting_for

PAGE = 20_000


def release_due(book: Merchant, *, on: date, at: datetime) -> int:
    """Release every reserve of the book whose business date and return window lie on or before `on`; how many
    lines. Each page in a transaction of its own: called again it goes on."""
    released = 0
    while page := _release_page(book, on=on, at=at):
        released += page
    return released


@transaction.atomic
def _release_page(book: Merchant, *, on: date, at: datetime) -> int:
    with acting_for(book), connection.cursor() as cursor:
        cursor.execute(settling_sql.ROOM)
        ids = list(_kept(book, on).order_by("id").values_list("id", flat=True).distinct()[:PAGE])
        if not ids:
            return 0
        page = settling.page_of(ids)
        cursor.execute(settling_sql.LOCK, page)
        post_set(settling_sql.RELEASING, {**page, "on": on}, source="release", kind="release", at=at)
        cursor.execute(settling_sql.RELEASE, page)
        return len(ids)


def _kept(book: Merchant, on: date) -> QuerySet[Split]:
    window = ExpressionWrapper(
        F("business_date") + F("return_window_days") * Value(timedelta(days=1), output_field=DurationField()),
        output_field=DateField(),
    )
    return Split.objects.annotate(free_on=window).filter(
        merchant=book, free_on__lte=on, items__reserve__gt=F("items__reserve_clawed") + F("items__released")
    )
