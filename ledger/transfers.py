"""The one door into the ledger: a story is told whole, in every book it concerns, once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from ledger import months
from ledger.accounts import Name, Place, ids_of
from ledger.models import NEVER_CLOSED, Transfer, TransferKey
from merchants.errors import Conflict
from merchants.models import Merchant


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


# (book_id, source, source_id, kind): what is told once, whole.
Key = tuple[int, str, str, str]
Row = tuple[Entry, Story]  # one transfer, and what it is part of

# Planned once a connection (migration 0012). Written whole or, if an account, a book's closing row or a month is
# missing, not at all.
_POST = "SELECT * FROM ledger_post(%s, %s)"

_FIRST_STORY = """
INSERT INTO ledger_bookclosing (book_id, through) SELECT book_id, %s FROM unnest(%s::bigint[]) AS b(book_id)
ORDER BY book_id ON CONFLICT DO NOTHING
"""

_STANDING = """
SELECT k.book_id, k.source, k.source_id, k.kind, t.debit_id, t.credit_id, t.amount, t.currency
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS w(book_id, source, source_id, kind)
JOIN ledger_transferkey k USING (book_id, source, source_id, kind)
JOIN ledger_transfer t ON t.booked_on = k.booked_on AND t.id BETWEEN k.first_id AND k.last_id
    AND (t.book_id, t.source, t.source_id, t.kind) = (k.book_id, k.source, k.source_id, k.kind)
ORDER BY t.id
"""


def post(stories: Iterable[Story]) -> set[Key]:
    """Write the stories' transfers in one statement; returns the keys of what is new.

    Telling a story again changes nothing. Conflict if it stands there with other accounts or amounts;
    IntegrityError (from the database) if one does not leave `clearing` at zero or mixes books.
    """
    told: dict[Key, list[Row]] = {}
    for story in stories:
        for entry in story.entries:
            key = entry.book_id, story.source, story.source_id, entry.kind
            told.setdefault(key, []).append((entry, story))
    if not told:
        return set()
    with connection.cursor() as cursor:
        new = _insert(cursor, told)
        if len(new) < len(told):
            new |= _rest(cursor, {key: rows for key, rows in told.items() if key not in new})
    return new


def of_source(book: Merchant, source: str, source_id: str) -> QuerySet[Transfer]:
    """What one source moved in a book, in turn; inside the book's scope."""
    keys = TransferKey.objects.filter(book=book, source=source, source_id=source_id)
    place = keys.aggregate(first=Min("first_id"), last=Max("last_id"))
    days = set(keys.values_list("booked_on", flat=True))
    standing = Transfer.objects.filter(book=book, source=source, source_id=source_id)
    return standing.filter(booked_on__in=days, id__range=(place["first"], place["last"])).order_by("id")


def _rest(cursor: CursorWrapper, told: dict[Key, list[Row]]) -> set[Key]:
    """What stands there already must be the same; the others lacked an account, their book its closing row, or the
    ledger the month."""
    accounts = ids_of(place for rows in told.values() for row in rows for place in _places(*row))
    standing = _standing(cursor, told)
    new: set[Key] = set()
    if fresh := {key: rows for key, rows in told.items() if key not in standing}:
        first_stories(cursor, sorted({key[0] for key in fresh}))
        months.open_for(
            cursor, {(key[0], story.business_date) for key, rows in fresh.items() for _entry, story in rows}
        )
        new = _insert(cursor, fresh)
        if len(new) < len(fresh):  # another told them meanwhile
            standing = _standing(cursor, told)
    for key, rows in told.items():
        if key not in new:
            ours = [
                (*(accounts[place] for place in _places(entry, story)), entry.amount, story.currency)
                for entry, story in rows
            ]
            _same(key, ours, standing.get(key))
    return new


def _places(entry: Entry, story: Story) -> tuple[Place, Place]:
    """Debit and credit."""
    return (
        Place(entry.book_id, entry.debit, story.currency),
        Place(entry.book_id, entry.credit, story.currency),
    )


def _insert(cursor: CursorWrapper, told: dict[Key, list[Row]]) -> set[Key]:
    rows = [
        {
            "book_id": entry.book_id,
            "source": story.source,
            "source_id": story.source_id,
            "kind": entry.kind,
            "position": position,
            "debit_code": entry.debit.code,
            "debit_party": entry.debit.party_id,
            "credit_code": entry.credit.code,
            "credit_party": entry.credit.party_id,
            "amount": entry.amount,
            "currency": story.currency,
            "business_date": story.business_date.isoformat(),
            "at": story.at.isoformat(),
        }
        for group in told.values()
        for position, (entry, story) in enumerate(group)
    ]
    books = sorted({key[0] for key in told})
    cursor.execute(_POST, [books, json.dumps(rows)])
    return set(cursor.fetchall())


def _standing(cursor: CursorWrapper, keys: Iterable[Key]) -> dict[Key, list[tuple[object, ...]]]:
    """What is there under these keys, in the order it was told."""
    cursor.execute(_STANDING, [list(column) for column in zip(*keys, strict=True)])
    found: dict[Key, list[tuple[object, ...]]] = {}
    for row in cursor.fetchall():
        found.setdefault(row[:4], []).append(row[4:])
    return found


def first_stories(cursor: CursorWrapper, books: list[int]) -> None:
    """Give each of these books the row it can be closed by."""
    cursor.execute(_FIRST_STORY, [NEVER_CLOSED, books])


def _same(key: Key, told: list[tuple[object, ...]], standing: list[tuple[object, ...]] | None) -> None:
    if told != standing:
        raise Conflict(
            "ledger.source_reused",
            _("This source has already moved other money."),
            next_step=_("Nothing was booked again. Book the difference as a new source."),
            extra={"source": key[1], "source_id": key[2], "kind": key[3]},
        )
