"""The one door into the ledger: a story is told whole, in every book it concerns, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _

from ledger.accounts import Name, Place, ids_of
from ledger.models import NEVER_CLOSED
from merchants.errors import Conflict


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer in the book of the merchant `book_id`; amount in minor units, above zero."""

    book_id: int
    kind: str
    debit: Name
    credit: Name
    amount: int


@dataclass(frozen=True, slots=True)
class Story:
    """Everything one source moves: a line sold, settled, refunded. Each book's `clearing` is left at zero."""

    source: str
    source_id: str
    business_date: date
    at: datetime
    currency: str
    entries: tuple[Entry, ...]


# (book_id, source, source_id, kind, position): what makes a transfer the same one again.
Key = tuple[int, str, str, str, int]

_INSERT = """
INSERT INTO ledger_transfer (book_id, source, source_id, kind, position, debit_id, credit_id, amount,
                             currency, business_date, at, booked_on)
SELECT t.*, greatest(t.business_date, c.through + 1)
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::bigint[],
            %s::bigint[], %s::text[], %s::date[], %s::timestamptz[])
     AS t(book_id, source, source_id, kind, position, debit_id, credit_id, amount, currency, business_date, at)
JOIN ledger_bookclosing c ON c.book_id = t.book_id
ON CONFLICT (book_id, source, source_id, kind, position) DO NOTHING
RETURNING book_id, source, source_id, kind, position
"""

# Shared, so that posters do not wait for each other, only for who closes the book just now. A book has its row from
# its first story on: without one there would be nothing to wait at.
_KEEP_OPEN = """
SELECT book_id FROM ledger_bookclosing WHERE book_id = ANY(%s) ORDER BY book_id FOR SHARE
"""

_FIRST_STORY = """
INSERT INTO ledger_bookclosing (book_id, through) SELECT book_id, %s FROM unnest(%s::bigint[]) AS b(book_id)
ORDER BY book_id ON CONFLICT DO NOTHING
"""

_STANDING = """
SELECT t.book_id, t.source, t.source_id, t.kind, t.position, t.debit_id, t.credit_id, t.amount, t.currency
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[])
     AS w(book_id, source, source_id, kind, position)
JOIN ledger_transfer t USING (book_id, source, source_id, kind, position)
"""


def post(stories: Iterable[Story]) -> set[Key]:
    """Write the stories' transfers in one statement; returns the keys of those that are new.

    Telling a story again changes nothing. Conflict if it stands there with other accounts or amounts;
    IntegrityError (from the database) if one does not leave `clearing` at zero or mixes books.
    """
    told = [(story, numbered) for story in stories for numbered in _positions(story)]
    if not told:
        return set()
    accounts = ids_of(
        Place(entry.book_id, name, story.currency)
        for story, (_position, entry) in told
        for name in (entry.debit, entry.credit)
    )
    rows = [
        (
            entry.book_id,
            story.source,
            story.source_id,
            entry.kind,
            position,
            accounts[Place(entry.book_id, entry.debit, story.currency)],
            accounts[Place(entry.book_id, entry.credit, story.currency)],
            entry.amount,
            story.currency,
            story.business_date,
            story.at,
        )
        for story, (position, entry) in told
    ]
    with connection.cursor() as cursor:
        keep_open(cursor, sorted({row[0] for row in rows}))
        cursor.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
        new: set[Key] = set(cursor.fetchall())
        if replayed := [row for row in rows if row[:5] not in new]:
            cursor.execute(_STANDING, [list(column) for column in zip(*replayed, strict=True)][:5])
            _same({row[:5]: row[5:9] for row in replayed}, {row[:5]: row[5:] for row in cursor.fetchall()})
    return new


def keep_open(cursor: CursorWrapper, books: list[int]) -> None:
    """No period of these books closes until the transaction ends."""
    cursor.execute(_KEEP_OPEN, [books])
    if len(cursor.fetchall()) < len(books):
        first_stories(cursor, books)
        cursor.execute(_KEEP_OPEN, [books])


def first_stories(cursor: CursorWrapper, books: list[int]) -> None:
    """Give each of these books the row it can be closed by."""
    cursor.execute(_FIRST_STORY, [NEVER_CLOSED, books])


def _positions(story: Story) -> list[tuple[int, Entry]]:
    """Each entry with its place among the story's entries of the same book and kind."""
    counts: dict[tuple[int, str], int] = {}
    numbered = []
    for entry in story.entries:
        place = counts.setdefault((entry.book_id, entry.kind), 0)
        counts[entry.book_id, entry.kind] += 1
        numbered.append((place, entry))
    return numbered


def _same(told: dict[Key, tuple[object, ...]], standing: dict[Key, tuple[object, ...]]) -> None:
    for key, row in told.items():
        if standing.get(key) != row:
            raise Conflict(
                "ledger.source_reused",
                _("This source has already moved other money."),
                next_step=_("Nothing was booked again. Book the difference as a new source."),
                extra={"source": key[1], "source_id": key[2], "kind": key[3]},
            )
