"""What was kept of a settled share until goods could no longer be returned becomes payable.

Locks: the splits in order of id (docs/adr/0006), so that no refund takes the same reserve.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import DateField, DurationField, ExpressionWrapper, F, QuerySet, Value

from commissions import stories
from commissions.accruals import WORKER
from commissions.models import SettlementItem, Split
from commissions.settlement import lock, parts_of, with_parts
from events.record import Actor
from ledger.transfers import post
from merchants.models import Merchant
from merchants.scoping import acting_for

PAGE = 500


def release_due(book: Merchant, *, on: date, at: datetime, by: Actor = WORKER) -> int:
    """Release every reserve of the book whose business date and return window lie on or before `on`; how many
    lines. Each page in a transaction of its own: called again it goes on."""
    released = 0
    while page := _release_page(book, on=on, at=at, by=by):
        released += page
    return released


@transaction.atomic
def _release_page(book: Merchant, *, on: date, at: datetime, by: Actor) -> int:
    with acting_for(book):
        ids = list(_kept(book, on).order_by("id").values_list("id", flat=True).distinct()[:PAGE])
        if not ids:
            return 0
        lock(Split.objects.filter(id__in=ids))
        splits = list(with_parts(Split.objects.filter(id__in=ids).order_by("id"), own=True))
        told, items = [], []
        for split in splits:
            kept = [(share, share.item.kept) for share in parts_of(split)]
            told.append(stories.released(split, kept, on=on, at=at))
            items += [share.item for share, amount in kept if amount]
        for item in items:
            item.released += item.kept
        post(told)
        SettlementItem.objects.bulk_update(items, ["released"])
        return len(ids)


def _kept(book: Merchant, on: date) -> QuerySet[Split]:
    window = ExpressionWrapper(
        F("business_date") + F("return_window_days") * Value(timedelta(days=1), output_field=DurationField()),
        output_field=DateField(),
    )
    return Split.objects.annotate(free_on=window).filter(
        merchant=book, free_on__lte=on, items__reserve__gt=F("items__reserve_clawed") + F("items__released")
    )
