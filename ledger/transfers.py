"""The one door into the ledger: a story is told whole, in every book it concerns, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from ledger.accounts import Name, Place, ids_of
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
                             currency, business_date, at)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::bigint[],
                     %s::bigint[], %s::text[], %s::date[], %s::timestamptz[])
ON CONFLICT (book_id, source, source_id, kind, position) DO NOTHING
RETURNING book_id, source, source_id, kind, position
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
        cursor.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
        new: set[Key] = set(cursor.fetchall())
        if replayed := [row for row in rows if row[:5] not in new]:
            cursor.execute(_STANDING, [list(column) for column in zip(*replayed, strict=True)][:5])
            _same({row[:5]: row[5:9] for row in replayed}, {row[:5]: row[5:] for row in cursor.fetchall()})
    return new


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
