"""Give every event its number after its commit, so that readers of the numbers miss nothing.

Ids are drawn before commit: a reader of ids would step over a slow transaction's event for ever. The relay
keeps the snapshot of its last look: an event is new if it is visible now, and its transaction was running in
that snapshot or began after it. So a long transaction delays its own events and nobody else's.
"""

import logging
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import Error, OperationalError, connection

from events.record import CHANNEL

logger = logging.getLogger(__name__)

BUSY, IDLE = 0.025, 0.25  # seconds between looks; a call after a commit ends the wait early
AWAKE = 1.0  # seconds without news after which it is idle
GAP = 0.005  # seconds between looks at the least: a burst is numbered together, with one wait for the disk
LOCK = 0x7469616E6469  # "tiandi"; advisory locks are counted for each database apart

Hook = Callable[["Numbered"], None]


@dataclass(frozen=True)
class Numbered:
    """A batch that has just got its numbers, `first` to `last` without a gap, and the kinds in it."""

    first: int
    last: int
    kinds: frozenset[str]

    def __len__(self) -> int:
        return self.last - self.first + 1


def run(stop: threading.Event, on_numbered: Sequence[Hook] = ()) -> None:
    """Number events until `stop` is set, on this thread's own connection; wait while another relay leads.

    Each hook is called after each batch's commit. A hook that fails is logged and costs nobody a number.
    """
    while not stop.is_set():
        try:
            with leadership() as leads:
                if leads:
                    _lead(stop, on_numbered)
            stop.wait(IDLE)
        except Error as error:  # gone, restarting, or not migrated yet
            logger.warning("relay: the database refused (%s); trying again", type(error).__name__)
            connection.close()  # and with it the lock
            stop.wait(IDLE)
    connection.close()


def number_now(on_numbered: Sequence[Hook] = ()) -> bool:
    """Number what is committed, once; False if a running relay does it. For commands that cannot wait."""
    with leadership() as leads:
        if leads:
            _ring(on_numbered, Relay().news)
        return leads


@contextmanager
def leadership() -> Iterator[bool]:
    """Whether this session leads. The lock lives and dies with the connection that also writes the numbers,
    so a leader that lost it cannot write either."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        leads = cursor.fetchone()[0]
        yield leads
        if leads:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _lead(stop: threading.Event, on_numbered: Sequence[Hook]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
        # Without statistics, as after a restore, the planner would read the whole table at every look; and
        # what it then takes for a great cost it would compile, for 0.3 s each time.
        cursor.execute("SET enable_seqscan = off; SET jit = off")
    relay = Relay()
    news, last_news = relay.news, time.monotonic()
    while True:
        if news:
            last_news = time.monotonic()
            _ring(on_numbered, news)
        if stop.is_set():
            return
        if news:
            stop.wait(GAP)
        else:
            _wait(BUSY if time.monotonic() - last_news < AWAKE else IDLE)
        news = relay.look()


def _ring(hooks: Sequence[Hook], news: Numbered | None) -> None:
    for hook in hooks if news else ():
        try:
            hook(news)
        except Exception:  # whoever is not reached now finds the numbers by itself
            logger.exception("relay: %r failed", hook)


def _wait(seconds: float) -> None:
    """Until somebody calls, or for so long."""
    raw = connection.connection
    if not raw.notifies:  # some may have arrived together with the last answer
        call = select.poll()  # select() cannot watch the descriptors of a process with a thousand sockets
        call.register(raw.fileno(), select.POLLIN)
        call.poll(seconds * 1000)
        with connection.wrap_database_errors:
            raw.poll()
    raw.notifies.clear()


class Relay:
    """A leader's memory. `seen` moves with every look, the stored snapshot only with a batch: an idle relay
    writes nothing, and starting again from an older snapshot finds the same events."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_CLUSTER)
            self.cluster, next_xid = cursor.fetchone()
            cursor.execute(_STATE)
            row = cursor.fetchone()
            # A restored backup brings its snapshot along, but that counts another cluster's transactions.
            if row and row[0] == self.cluster and int(row[1].split(":")[1]) <= int(next_xid):
                self.stored = self.seen = row[1]
                self.news = self.look()
            else:
                self.news = self._start_over(cursor, row and row[0])

    def look(self) -> Numbered | None:
        """Number what came to light since the last look."""
        with connection.cursor() as cursor:
            cursor.execute(_LOOK, {"seen": self.seen, "stored": self.stored})
            self.seen, last, count, kinds = cursor.fetchone()
        if last is None:
            raise OperationalError("another session has written the relay's state")
        if not count:
            return None
        self.stored = self.seen
        return Numbered(last + 1, last + count, frozenset(kinds))

    def _start_over(self, cursor, known_cluster: str | None) -> Numbered | None:
        if known_cluster:
            logger.warning("relay: the stored snapshot is of another cluster; comparing all events once")
        cursor.execute(_START_OVER, {"cluster": self.cluster})
        self.seen, last, count, kinds = cursor.fetchone()
        self.stored = self.seen
        return Numbered(last + 1, last + count, frozenset(kinds)) if count else None


_CLUSTER = """
SELECT system_identifier::text, pg_snapshot_xmax(pg_current_snapshot())::text FROM pg_control_system()
"""

_STATE = "SELECT cluster, snapshot FROM events_relaystate"

# Two parts of an index, and nothing of what lies between: transactions that began after the last look, and
# those that ran in it and have ended. Rows from a restored backup may carry ids still to come here: `< xmax`
# keeps them out until then, and NOT EXISTS afterwards.
_LOOK = """
WITH look AS (SELECT pg_current_snapshot() AS now, %(seen)s::pg_snapshot AS seen),
fresh AS (
    SELECT id, kind FROM events_event
    WHERE xid >= (SELECT pg_snapshot_xmax(seen) FROM look) AND xid < (SELECT pg_snapshot_xmax(now) FROM look)
    UNION ALL
    SELECT id, kind FROM events_event
    WHERE xid = ANY(ARRAY(
        SELECT ran FROM look, pg_snapshot_xip(seen) AS ran WHERE pg_visible_in_snapshot(ran, now)
    ))
), state AS (
    SELECT last_seq FROM events_relaystate WHERE snapshot = %(stored)s
), given AS (
    INSERT INTO events_position (seq, event_id)
    SELECT last_seq + row_number() OVER (ORDER BY fresh.id), fresh.id FROM fresh, state
    WHERE NOT EXISTS (SELECT FROM events_position taken WHERE taken.event_id = fresh.id)
    RETURNING event_id
), news AS (
    SELECT count(*) AS count, array_agg(DISTINCT kind) AS kinds FROM given JOIN fresh ON fresh.id = event_id
), kept AS (
    UPDATE events_relaystate SET snapshot = now::text, last_seq = last_seq + news.count
    FROM look, news WHERE news.count > 0 AND events_relaystate.snapshot = %(stored)s
)
SELECT now::text, (SELECT last_seq FROM state), count, kinds FROM look, news
"""

_START_OVER = """
WITH look AS (SELECT pg_current_snapshot() AS now),
before AS (SELECT coalesce(max(seq), 0) AS last FROM events_position),
given AS (
    INSERT INTO events_position (seq, event_id)
    SELECT before.last + row_number() OVER (ORDER BY id), id FROM events_event, before
    WHERE NOT EXISTS (SELECT FROM events_position taken WHERE taken.event_id = events_event.id)
    RETURNING event_id
), news AS (
    SELECT count(*) AS count, array_agg(DISTINCT kind) AS kinds FROM given JOIN events_event ON id = event_id
), kept AS (
    INSERT INTO events_relaystate (id, cluster, snapshot, last_seq)
    SELECT 1, %(cluster)s, now::text, last + count FROM look, before, news
    ON CONFLICT (id) DO UPDATE
    SET cluster = excluded.cluster, snapshot = excluded.snapshot, last_seq = excluded.last_seq
)
SELECT now::text, last, count, kinds FROM look, before, news
"""
