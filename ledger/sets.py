"""The ledger's door for many thousands of stories of one kind: a query tells them, two statements write them.

What `transfers.post` does with stories in memory is done here where the rows are: the same accounts, the same places
within a story, the same booking dates.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from ledger.accounts import Name, Place, ids_of
from ledger.transfers import first_stories

_PLACES = """
WITH told AS ({telling})
SELECT book_id, debit_code, debit_party, currency FROM told
UNION
SELECT book_id, credit_code, credit_party, currency FROM told
"""

# Accounts are looked up row by row: joined by four columns, of which the planner expects hardly a match, they would be
# looped over for every row. In the order of stories a book's index of sources is written from left to right.
_INSERT = """
WITH told AS ({telling})
INSERT INTO ledger_transfer (book_id, source, source_id, kind, position, debit_id, credit_id, amount, currency,
                             business_date, at, booked_on)
SELECT t.book_id, %(source)s, t.source_id, %(kind)s,
       row_number() OVER (PARTITION BY t.book_id, t.story ORDER BY t.place) - 1,
       (SELECT d.id FROM ledger_account d WHERE d.book_id = t.book_id AND d.code = t.debit_code
        AND d.party_id = t.debit_party AND d.currency = t.currency),
       (SELECT c.id FROM ledger_account c WHERE c.book_id = t.book_id AND c.code = t.credit_code
        AND c.party_id = t.credit_party AND c.currency = t.currency),
       t.amount, t.currency, t.business_date, %(at)s, greatest(t.business_date, closing.through + 1)
FROM told t
JOIN ledger_bookclosing closing ON closing.book_id = t.book_id
ORDER BY t.book_id, t.story, t.place
"""

_KEEP_OPEN = "SELECT FROM ledger_bookclosing WHERE book_id = ANY(%s) ORDER BY book_id FOR SHARE"


def post_set(telling: str, given: Mapping[str, Any], *, source: str, kind: str, at: datetime) -> int:
    """Write what the query tells, once; how many transfers. Inside a transaction.

    `telling`: SELECT of story (a number, one a source_id), place (its order within the story), source_id,
    business_date, currency, book_id, debit_code, debit_party, credit_code, credit_party, amount above zero; only
    accounts that have a party. It is asked twice, so what it reads is locked. IntegrityError if any of it stands
    there already: a set is told by whoever holds its source, and not as a replay.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PLACES.format(telling=telling), given)
        places = [
            Place(book, Name(code, party), currency) for book, code, party, currency in cursor.fetchall()
        ]
        if not places:
            return 0
        ids_of(places)
        _keep_open(cursor, sorted({place.book_id for place in places}))
        cursor.execute(_INSERT.format(telling=telling), {**given, "source": source, "kind": kind, "at": at})
        return cursor.rowcount


def _keep_open(cursor: CursorWrapper, books: list[int]) -> None:
    """No period of these books closes until the transaction ends."""
    cursor.execute(_KEEP_OPEN, [books])
    if cursor.rowcount < len(books):
        first_stories(cursor, books)
        cursor.execute(_KEEP_OPEN, [books])
