"""The ledger's door for many thousands of stories of one kind: a query tells them once, one statement writes them.

What `transfers.post` does with stories in memory is done here where the rows are: the same accounts, the same places
within a story, the same booking dates.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from ledger import months
from ledger.accounts import Name, Place, ids_of
from ledger.transfers import first_stories

# What is told costs more to work out than to keep until it is written.
_TOLD = "CREATE TEMPORARY TABLE told_set ON COMMIT DROP AS {telling}"
_FORGET = "DROP TABLE told_set"

# From which account to which; of a set of any size there are few.
_WAYS = """
SELECT book_id, debit_code, debit_party, credit_code, credit_party, currency FROM told_set GROUP BY 1, 2, 3, 4, 5, 6
"""

# Joined once, by the whole way: of so many columns the planner expects hardly a match, and would loop over the second
# of two joins by account. In the order of stories a book's keys are written from left to right. The ids are drawn in a
# statement that holds the writers' lock (ledger/snapshots.py).
_INSERT = """
WITH placed AS MATERIALIZED (
    SELECT t.*, nextval('ledger_transfer_id_seq') AS id FROM (
        SELECT t.book_id, t.source_id, t.story, way.debit_id, way.credit_id, t.amount, t.currency, t.business_date,
               greatest(t.business_date, way.open_from) AS booked_on,
               row_number() OVER (PARTITION BY t.book_id, t.story ORDER BY t.place) - 1 AS position
        FROM told_set t
        JOIN unnest(%(book_ids)s::bigint[], %(debit_codes)s::text[], %(debit_parties)s::bigint[],
                    %(credit_codes)s::text[], %(credit_parties)s::bigint[], %(currencies)s::text[],
                    %(debits)s::bigint[], %(credits)s::bigint[], %(open_from)s::date[])
             AS way(book_id, debit_code, debit_party, credit_code, credit_party, currency, debit_id, credit_id,
                    open_from)
             USING (book_id, debit_code, debit_party, credit_code, credit_party, currency)
        ORDER BY t.book_id, t.story, t.place
    ) t
), held AS (
    INSERT INTO ledger_transferkey (book_id, source, source_id, kind, booked_on, legs, first_id, last_id)
    SELECT book_id, %(source)s, source_id, %(kind)s, min(booked_on), count(*), min(id), max(id) FROM placed
    GROUP BY book_id, story, source_id ORDER BY book_id, story
)
INSERT INTO ledger_transfer (id, book_id, source, source_id, kind, position, debit_id, credit_id, amount, currency,
                             business_date, at, booked_on)
SELECT id, book_id, %(source)s, source_id, %(kind)s, position, debit_id, credit_id, amount, currency, business_date,
       %(at)s, booked_on FROM placed
"""

_DAYS = "SELECT DISTINCT book_id, business_date FROM told_set"

_KEEP_OPEN = (
    "SELECT book_id, through FROM ledger_bookclosing WHERE book_id = ANY(%s) ORDER BY book_id FOR SHARE"
)


def post_set(telling: str, given: Mapping[str, Any], *, source: str, kind: str, at: datetime) -> int:
    """Write what the query tells, once; how many transfers. Inside a transaction.

    `telling`: SELECT of story (a number, one a source_id), place (its order within the story), source_id,
    business_date, currency, book_id, debit_code, debit_party, credit_code, credit_party, amount above zero; only
    accounts that have a party. IntegrityError if any of it stands there already: a set is told by whoever holds its
    source, and not as a replay.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOLD.format(telling=telling), given)
        cursor.execute(_WAYS)
        ways = cursor.fetchall()
        written = _write(cursor, ways, {"source": source, "kind": kind, "at": at}) if ways else 0
        cursor.execute(_FORGET)
    return written


def _write(cursor: CursorWrapper, ways: list[tuple[Any, ...]], given: dict[str, Any]) -> int:
    debits = [Place(book, Name(code, party), currency) for book, code, party, _to, _whom, currency in ways]
    credits = [Place(book, Name(code, party), currency) for book, _of, _whose, code, party, currency in ways]
    ids = ids_of([*debits, *credits])
    first_open = _kept_open(cursor, sorted({place.book_id for place in debits}))
    cursor.execute(_DAYS)
    months.open_for(cursor, cursor.fetchall())
    names = ("book_ids", "debit_codes", "debit_parties", "credit_codes", "credit_parties", "currencies")
    given |= zip(names, map(list, zip(*ways, strict=True)), strict=True)
    given |= {"debits": [ids[place] for place in debits], "credits": [ids[place] for place in credits]}
    cursor.execute(_INSERT, {**given, "open_from": [first_open[place.book_id] for place in debits]})
    return cursor.rowcount


def _kept_open(cursor: CursorWrapper, books: list[int]) -> dict[int, date]:
    """The first day each book is open on; no period of them closes until the transaction ends."""
    cursor.execute(_KEEP_OPEN, [books])
    if cursor.rowcount < len(books):
        first_stories(cursor, books)
        cursor.execute(_KEEP_OPEN, [books])
    return {book: through + timedelta(days=1) for book, through in cursor.fetchall()}
