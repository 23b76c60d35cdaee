"""Closing a book's period: what is booked later falls into the open one, whatever its business date.

Locks: posting shares the book's closing row, closing holds it, so nothing slips into a period while it closes.
"""

from datetime import date

from django.db import transaction

from ledger.models import NEVER_CLOSED, BookClosing
from merchants.models import Merchant
from merchants.scoping import acting_for


@transaction.atomic
def close(book: Merchant, *, through: date) -> date:
    """Close the book up to and including `through`, or leave it closed further; the date it is closed through."""
    with acting_for(book):
        BookClosing.objects.bulk_create([BookClosing(book=book)], ignore_conflicts=True)
        closing = BookClosing.objects.select_for_update().get(book=book)
        if closing.through < through:
            closing.through = through
            closing.save(update_fields=["through"])
    return closing.through


def closed_through(book: Merchant) -> date | None:
    """None for a book that never was closed; inside its scope."""
    return (
        BookClosing.objects.filter(book=book)
        .exclude(through=NEVER_CLOSED)
        .values_list("through", flat=True)
        .first()
    )
