"""The statement of one party in a book: what stood at the beginning, what moved, what stands at the end.

It runs over the party's current accounts together (pending, reserve, due, owed); what only changes place among them
is no movement. What is on its way to the party is not among them and is told beside (`on_its_way`). Dates are booking
dates: a late order's transfers fall into the period that is still open.

With other `codes` it is that of those accounts, of one as well; with None for the party, of accounts that have none,
such as `held:psp`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from ledger.balances import CURRENT, TRANSIT
from merchants.models import Merchant, Party


@dataclass(frozen=True)
class Statement:
    """Minor units; credits add to what the book owes the party. closing = opening + credits − debits, which is
    also Σ `by_account`; Σ `by_kind` = credits − debits."""

    opening: int
    credits: int
    debits: int
    by_kind: dict[str, int]
    by_account: dict[str, int]

    @property
    def closing(self) -> int:
        return self.opening + self.credits - self.debits


@dataclass(frozen=True)
class Movement:
    """One transfer that added to (above zero) or took from what the party is owed."""

    booked_on: date
    kind: str
    source: str
    source_id: str
    amount: int


@dataclass(frozen=True)
class Standing(Movement):
    """A movement, its place among those of one day, and the balance after it."""

    id: int
    balance: int


# Each transfer once, with what it adds to the party's current accounts; moves among them add nothing.
_MOVES = """
WITH own AS (
    SELECT id, code FROM ledger_account
    WHERE book_id = %(book)s AND code = ANY(%(codes)s) AND currency = %(currency)s
      AND (party_id = %(party)s OR %(party)s::bigint IS NULL AND party_id IS NULL)
), moves AS (
    SELECT t.id, t.booked_on, t.kind, t.source, t.source_id, t.amount AS added
    FROM ledger_transfer t
    WHERE t.credit_id IN (SELECT id FROM own) AND t.debit_id NOT IN (SELECT id FROM own)
      AND t.booked_on <= %(last)s
    UNION ALL
    SELECT t.id, t.booked_on, t.kind, t.source, t.source_id, -t.amount
    FROM ledger_transfer t
    WHERE t.debit_id IN (SELECT id FROM own) AND t.credit_id NOT IN (SELECT id FROM own)
      AND t.booked_on <= %(last)s
)
"""

_SUMS = (
    _MOVES
    + """
SELECT booked_on < %(first)s, kind, coalesce(sum(added) FILTER (WHERE added > 0), 0),
       coalesce(-sum(added) FILTER (WHERE added < 0), 0)
FROM moves GROUP BY 1, 2 ORDER BY 2
"""
)

_LINES = (
    _MOVES
    + """
SELECT booked_on, kind, source, source_id, added FROM moves
WHERE booked_on >= %(first)s ORDER BY booked_on, id LIMIT %(limit)s
"""
)

# What stands after each, from the first of the period on.
_LATEST = (
    _MOVES
    + """
SELECT booked_on, kind, source, source_id, added, id, (%(opening)s + standing)::bigint FROM (
    SELECT *, sum(added) OVER (ORDER BY booked_on, id) AS standing FROM moves WHERE booked_on >= %(first)s
) period
WHERE %(on)s::date IS NULL OR (booked_on, id) < (%(on)s::date, %(id)s)
ORDER BY booked_on DESC, id DESC LIMIT %(limit)s
"""
)

# The book is read once, by its own index; and accounts are looked up by id, so that a day of which the statistics know
# nothing yet is not looped over.
_ALL = """
WITH moves AS (
    SELECT side.party_id, t.booked_on, side.added FROM ledger_transfer t
    LEFT JOIN ledger_account c ON c.id = t.credit_id AND c.party_id IS NOT NULL AND c.code = ANY(%(codes)s)
    LEFT JOIN ledger_account d ON d.id = t.debit_id AND d.party_id IS NOT NULL AND d.code = ANY(%(codes)s)
    CROSS JOIN LATERAL (VALUES (c.party_id, t.amount), (d.party_id, -t.amount)) AS side(party_id, added)
    WHERE t.book_id = %(book)s AND t.currency = %(currency)s AND t.booked_on <= %(last)s
      AND c.party_id IS DISTINCT FROM d.party_id AND side.party_id IS NOT NULL
)
SELECT party_id, coalesce(sum(added) FILTER (WHERE booked_on < %(first)s), 0),
       coalesce(sum(added) FILTER (WHERE booked_on >= %(first)s AND added > 0), 0),
       coalesce(-sum(added) FILTER (WHERE booked_on >= %(first)s AND added < 0), 0)
FROM moves GROUP BY party_id
"""

_ACCOUNTS = """
SELECT a.code, coalesce(sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END), 0)
FROM ledger_account a JOIN ledger_transfer t ON a.id IN (t.debit_id, t.credit_id) AND t.booked_on <= %(last)s
WHERE a.book_id = %(book)s AND a.code = ANY(%(codes)s) AND a.currency = %(currency)s
  AND (a.party_id = %(party)s OR %(party)s::bigint IS NULL AND a.party_id IS NULL)
GROUP BY a.code
"""


_ON_ITS_WAY = """
WITH own AS (
    SELECT id, party_id FROM ledger_account
    WHERE book_id = %(book)s AND code = %(code)s AND currency = %(currency)s
      AND party_id = coalesce(%(party)s, party_id)
)
SELECT party_id, sum(added) FROM (
    SELECT o.party_id, t.amount AS added FROM ledger_transfer t JOIN own o ON o.id = t.credit_id
    WHERE t.booked_on <= %(last)s
    UNION ALL
    SELECT o.party_id, -t.amount FROM ledger_transfer t JOIN own o ON o.id = t.debit_id
    WHERE t.booked_on <= %(last)s
) moves GROUP BY party_id HAVING sum(added) <> 0
"""


def statement(
    book: Merchant,
    party: Party | None,
    *,
    first: date,
    last: date,
    currency: str | None = None,
    codes: Collection[str] = CURRENT,
) -> Statement:
    """The party's statement of the booking dates `first` to `last`, both included."""
    given = _given(book, party, first, last, currency, codes)
    opening = credits = debits = 0
    by_kind: dict[str, int] = {}
    for before, kind, added, taken in _rows(_SUMS, given):
        if before:
            opening += int(added - taken)
        else:
            credits, debits = credits + int(added), debits + int(taken)
            by_kind[kind] = int(added - taken)
    by_account = {code: int(amount) for code, amount in _rows(_ACCOUNTS, given) if amount}
    return Statement(opening, credits, debits, {k: v for k, v in by_kind.items() if v}, by_account)


def of_all(
    book: Merchant, *, first: date, last: date, currency: str | None = None
) -> dict[int, tuple[int, int, int]]:
    """Party id → (opening, credits, debits) of every party with a current account in the book."""
    rows = _rows(_ALL, _given(book, None, first, last, currency, CURRENT))
    return {party: (int(a), int(b), int(c)) for party, a, b, c in rows}


def on_its_way(
    book: Merchant, *, last: date, party: Party | None = None, currency: str | None = None
) -> dict[int, int]:
    """Party id → minor units that left what it is owed by booking date `last` and have not arrived for good: a payout
    without its answer, or one that the payee says did not arrive. Of all parties that have any, or of one."""
    given: dict[str, Any] = {
        "book": book.pk,
        "code": TRANSIT,
        "currency": currency or book.currency,
        "party": party.pk if party else None,
        "last": last,
    }
    return {pk: int(amount) for pk, amount in _rows(_ON_ITS_WAY, given)}


def movements(
    book: Merchant,
    party: Party | None,
    *,
    first: date,
    last: date,
    currency: str | None = None,
    codes: Collection[str] = CURRENT,
    limit: int = 1_000_000,
) -> list[Movement]:
    """What moved in the period, in order of booking; their amounts add up to credits − debits."""
    given = _given(book, party, first, last, currency, codes) | {"limit": limit}
    return [Movement(*row) for row in _rows(_LINES, given)]


def latest(
    book: Merchant,
    party: Party | None,
    *,
    opening: int,
    first: date,
    last: date,
    limit: int,
    before: tuple[date, int] | None = None,
    currency: str | None = None,
    codes: Collection[str] = CURRENT,
) -> list[Standing]:
    """What moved in the period, the last booked first, each with what stood after it; `opening` is the statement's.
    Those behind the movement (booking date, id) that `before` names."""
    on, pk = before or (None, None)
    given = _given(book, party, first, last, currency, codes)
    given |= {"opening": opening, "limit": limit, "on": on, "id": pk}
    return [Standing(*row) for row in _rows(_LATEST, given)]


def _rows(statement: str, given: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()


def _given(
    book: Merchant,
    party: Party | None,
    first: date,
    last: date,
    currency: str | None,
    codes: Collection[str],
) -> dict[str, Any]:
    return {
        "book": book.pk,
        "party": party.pk if party else None,
        "codes": list(codes),
        "currency": currency or book.currency,
        "first": first,
        "last": last,
    }
