"""Balances kept up to a transfer, so that reading one need not sum its whole past.

A transfer's id is drawn before it is committed: when 7 can be seen, 5 may still come. What is folded in must be
complete, so a frontier is taken: the newest id there is, once all who were writing transfers when it was looked up
have ended. They show by their lock on the table, which every writer takes before it draws an id. Nobody waits for
this but the roller itself; no id of a transaction is kept.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from merchants.models import Merchant

PATIENCE = 5.0  # seconds for those who are writing; after that it is left to the next time
STEP = 20_000  # ids folded in one transaction
_LOCK = 0x736E6170  # "snap"; one roller at a time


@dataclass(frozen=True)
class Difference:
    """A snapshot that is not what the entries up to its cursor say; minor units."""

    account_id: int
    cursor: int
    kept: tuple[int, int]
    entries: tuple[int, int]


_WRITING = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE relation = 'ledger_transfer'::regclass AND mode = 'RowExclusiveLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND pid IS DISTINCT FROM pg_backend_pid()
"""

_FOLD = """
INSERT INTO ledger_snapshot AS kept (account_id, book_id, debits, credits, cursor)
SELECT a.id, a.book_id, sum(m.debit), sum(m.credit), %(through)s FROM (
    SELECT debit_id AS account_id, amount AS debit, 0 AS credit FROM ledger_transfer
    WHERE id > %(after)s AND id <= %(through)s
    UNION ALL
    SELECT credit_id, 0, amount FROM ledger_transfer WHERE id > %(after)s AND id <= %(through)s
) m JOIN ledger_account a ON a.id = m.account_id GROUP BY a.id
ON CONFLICT (account_id) DO UPDATE
SET debits = kept.debits + excluded.debits, credits = kept.credits + excluded.credits, cursor = excluded.cursor
"""

_DIFFERENCES = """
SELECT s.account_id, s.cursor, s.debits, s.credits, d.amount, c.amount FROM ledger_snapshot s
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM ledger_transfer
                    WHERE debit_id = s.account_id AND id <= s.cursor) d
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM ledger_transfer
                    WHERE credit_id = s.account_id AND id <= s.cursor) c
WHERE s.book_id = %s AND (s.debits, s.credits) <> (d.amount, c.amount) ORDER BY s.account_id
"""


def frontier(*, patience: float = PATIENCE) -> int | None:
    """The id up to which every transfer there will ever be can be seen from now on; 0 if there is none. None if
    somebody who may still add one below it went on writing for longer than `patience` seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_transfer")
        (newest,) = cursor.fetchone()
    before, until = _writing(), time.monotonic() + patience
    while before:
        if time.monotonic() > until:
            return None
        time.sleep(0.01)
        before &= _writing()
    return int(newest)


def roll(*, patience: float = PATIENCE) -> int:
    """Bring every account's snapshot forward, a step a transaction; returns how many transfers' ids were passed.
    Killed, or run twice at once, it is only later done."""
    through = frontier(patience=patience)
    if through is None:
        return 0
    return sum(_steps(through))


def differences(book: Merchant) -> list[Difference]:
    """The snapshots of a book that its entries do not bear out."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, [book.pk])
        return [
            Difference(account, at, (int(debits), int(credits)), (int(d), int(c)))
            for account, at, debits, credits, d, c in cursor.fetchall()
        ]


def _writing() -> set[str]:
    """The transactions that have written, or are about to write, transfers."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITING)
        return {virtual for (virtual,) in cursor.fetchall()}


def _steps(through: int) -> Iterator[int]:
    done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return
            # Ids that nothing came of leave no cursor, so `done` may be further.
            cursor.execute("SELECT coalesce(max(cursor), 0) FROM ledger_snapshot")
            after = max(done, cursor.fetchone()[0])
            if after >= through:
                return
            done = min(after + STEP, through)
            cursor.execute(_FOLD, {"after": after, "through": done})
        yield done - after
