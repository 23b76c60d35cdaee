"""The months of the ledger: parts of one table by the day something was booked on.

Opened ahead by the clock, and by whoever books into one that nobody had thought of: by a function of the owner's, for
the application owns nothing (migration 0010).
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.backends.utils import CursorWrapper

AHEAD = 2  # months that stand open before they begin

_AHEAD = """
SELECT count(ledger_open_month(first::date)) FROM generate_series(
    date_trunc('month', %(since)s::date), date_trunc('month', %(today)s::date) + make_interval(months => %(ahead)s),
    interval '1 month'
) AS first WHERE ledger_month(first::date) IS NULL
"""

# In the order of time, so that two who open the same months wait for each other one way.
_FOR = """
SELECT ledger_open_month(first) FROM (
    SELECT DISTINCT date_trunc('month', greatest(day, through + 1))::date AS first
    FROM unnest(%s::bigint[], %s::date[]) AS told(book_id, day) JOIN ledger_bookclosing USING (book_id)
) missing WHERE ledger_month(first) IS NULL ORDER BY first
"""


def open_ahead(*, today: date, since: date | None = None) -> int:
    """Open this month and the next ones, and those from `since` on; how many were not open yet. Outside a transaction:
    who opens a month keeps out all other openers until it ends, and may come to wait for one of them."""
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, {"since": since or today, "today": today, "ahead": AHEAD})
        return int(cursor.fetchone()[0])


def open_for(cursor: CursorWrapper, told: Iterable[tuple[int, date]]) -> None:
    """Open what something told of these books, each with its business date, is booked in. DataError for a day that no
    ledger has."""
    books, days = zip(*sorted(told), strict=True)
    cursor.execute(_FOR, [list(books), list(days)])
