"""Closing a book's period: what is booked later falls into the open one, whatever its business date.

Locks: posting shares the book's closing row, closing holds it, so nothing slips into a period while it closes.
What a closed period holds is sealed by the next proof; from then on `changes` tells whether it still does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from ledger.digests import DIGEST, TRANSFERS
from ledger.models import NEVER_CLOSED, BookClosing, ClosedPeriod
from merchants.models import Merchant
from merchants.scoping import acting_for


@dataclass(frozen=True)
class Change:
    """A closed period, `after` (excluded) to `through`, that held `was` transfers and now holds `now`; both the same
    if their number is, but not what they say."""

    after: date
    through: date
    was: int
    now: int


# By the day first, so that no aggregate holds a whole year.
_HELD = f"""
SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0), sha256(coalesce(string_agg(digest, '' ORDER BY day), ''))
FROM (
    SELECT t.booked_on AS day, count(*) AS count, sum(t.amount) AS amount,
           sha256(string_agg({DIGEST}, '' ORDER BY t.id)) AS digest
    FROM {TRANSFERS} WHERE t.book_id = %s AND t.booked_on > %s AND t.booked_on <= %s GROUP BY t.booked_on
) days
"""


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


def seal(book: Merchant) -> ClosedPeriod | None:
    """Keep what was closed since the last time; None if nothing was. Whoever was writing into it has ended, or it
    would not be closed. Inside the book's scope."""
    through = closed_through(book)
    last = ClosedPeriod.objects.filter(book=book).order_by("through").last()
    after = last.through if last else NEVER_CLOSED
    if through is None or through <= after:
        return None
    count, amount, digest = _held(book, after, through)
    given = {"after": after, "count": count, "amount": amount, "sha256": digest}
    return ClosedPeriod.objects.get_or_create(book=book, through=through, defaults=given)[0]


def changes(book: Merchant) -> Iterator[Change]:
    """The closed periods that no longer hold what they held when they were sealed; inside the book's scope."""
    for period in ClosedPeriod.objects.filter(book=book).order_by("through"):
        count, amount, digest = _held(book, period.after, period.through)
        if (count, amount, digest) != (period.count, period.amount, bytes(period.sha256)):
            yield Change(period.after, period.through, period.count, count)


def _held(book: Merchant, after: date, through: date) -> tuple[int, int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [book.pk, after, through])
        count, amount, digest = cursor.fetchone()
        return int(count), int(amount), bytes(digest)
