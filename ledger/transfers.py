"""The one door into the ledger: a story is told whole, in every book it concerns, once."""

import json
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
# Debit, credit, amount, currency, business date and instant of one.
Row = tuple[Place, Place, int, str, date, datetime]

# Planned once a connection (migration 0009). Written whole or, if an account or a book's closing row is missing, not at
# all or for the other books only.
_POST = "SELECT * FROM ledger_post(%s, %s)"
_COLUMNS = (
    "book_id", "source", "source_id", "kind", "position", "debit_code", "debit_party", "credit_code", "credit_party",
    "amount", "currency", "business_date", "at",
)  # fmt: skip

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
    rows = {
        (entry.book_id, story.source, story.source_id, entry.kind, position): (
            Place(entry.book_id, entry.debit, story.currency),
            Place(entry.book_id, entry.credit, story.currency),
            entry.amount,
            story.currency,
            story.business_date,
            story.at,
        )
        for story in stories
        for position, entry in _positions(story)
    }
    if not rows:
        return set()
    with connection.cursor() as cursor:
        new = _insert(cursor, rows)
        if len(new) < len(rows):
            new |= _rest(cursor, {key: row for key, row in rows.items() if key not in new})
    return new


def _rest(cursor: CursorWrapper, rows: dict[Key, Row]) -> set[Key]:
    """Those that stand there already must be the same; the others lacked an account, or their book its closing row."""
    accounts = ids_of(place for row in rows.values() for place in row[:2])
    standing = _standing(cursor, rows)
    new: set[Key] = set()
    if fresh := {key: row for key, row in rows.items() if key not in standing}:
        first_stories(cursor, sorted({key[0] for key in fresh}))
        new = _insert(cursor, fresh)
        if len(new) < len(fresh):  # another told them meanwhile
            standing = _standing(cursor, rows)
    told = ((key, row) for key, row in rows.items() if key not in new)
    _same({key: (accounts[row[0]], accounts[row[1]], *row[2:4]) for key, row in told}, standing)
    return new


def _insert(cursor: CursorWrapper, rows: dict[Key, Row]) -> set[Key]:
    told = []
    for key, (debit, credit, amount, currency, day, at) in rows.items():
        values = (*key, *debit.name, *credit.name, amount, currency, day.isoformat(), at.isoformat())
        told.append(dict(zip(_COLUMNS, values, strict=True)))
    books = sorted({key[0] for key in rows})
    cursor.execute(_POST, [books, json.dumps(told)])
    return set(cursor.fetchall())


def _standing(cursor: CursorWrapper, keys: Iterable[Key]) -> dict[Key, tuple[object, ...]]:
    """What is there under these keys."""
    cursor.execute(_STANDING, [list(column) for column in zip(*keys, strict=True)])
    return {row[:5]: row[5:] for row in cursor.fetchall()}


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
