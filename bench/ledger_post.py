"""Posting to the ledger, beside its limit and beside django-hordak: a sale's four transfers through
`ledger.transfers.post`.

The limit is the least that keeps the same rows: in the same run, in turns with ours, one prepared INSERT of the four
known rows and their keys into the same tables, with their indexes and triggers, and a commit. Both name accounts that
are there already. The rest of ours is what a ledger adds: finding the accounts, keeping the period open, and answering
for replays. django-hordak (bench/peers) keeps the same sale as a transaction of four legs, on the same server.

Both ledgers are asked twice: a commit for each sale, as a till waits for it, and a hundred sales a commit, as ours is
fed (flows/following.py). Run it by `./dev bench ledger_post`. It leaves its rows in the database it is given.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from bench.peers import running  # noqa: E402
from events.record import Actor  # noqa: E402
from ledger import snapshots  # noqa: E402
from ledger.accounts import CLEARING, Place, held, ids_of, named  # noqa: E402
from ledger.transfers import Entry, Story, post  # noqa: E402
from merchants.models import Merchant  # noqa: E402
from merchants.onboarding import open_merchant  # noqa: E402

PROMISE = 0.5  # of the limit's postings a second
PEER_PROMISE = 5  # times the peer's, fed as ours is
ROUNDS, STORIES, BATCH = 20, 50, 100
AT, TODAY = datetime(2026, 11, 20, 4, tzinfo=UTC), date(2026, 11, 20)

Way = Callable[[list[str]], None]
"""Tells the stories known by these names, and commits them."""

PREPARE = """
PREPARE raw_rows (bigint, text, date, timestamptz, bigint, bigint, bigint, bigint, bigint) AS
WITH ids AS MATERIALIZED (SELECT nextval('ledger_transfer_id_seq') AS a, nextval('ledger_transfer_id_seq') AS b,
                                 nextval('ledger_transfer_id_seq') AS c, nextval('ledger_transfer_id_seq') AS d),
held AS (
    INSERT INTO ledger_transferkey (book_id, source, source_id, kind, booked_on, legs, first_id, last_id)
    SELECT $1, 'bench', $2, 'tender', $3, 1, a, a FROM ids
    UNION ALL SELECT $1, 'bench', $2, 'share', $3, 3, b, d FROM ids
)
INSERT INTO ledger_transfer (id, book_id, source, source_id, kind, position, debit_id, credit_id, amount, currency,
                             business_date, booked_on, at)
SELECT a, $1, 'bench', $2, 'tender', 0, $5, $6, 1000, 'CNY', $3, $3, $4 FROM ids
UNION ALL SELECT b, $1, 'bench', $2, 'share', 0, $6, $7, 700, 'CNY', $3, $3, $4 FROM ids
UNION ALL SELECT c, $1, 'bench', $2, 'share', 1, $6, $8, 200, 'CNY', $3, $3, $4 FROM ids
UNION ALL SELECT d, $1, 'bench', $2, 'share', 2, $6, $9, 100, 'CNY', $3, $3, $4 FROM ids
"""
INSERT = """
EXECUTE raw_rows (%(book)s, %(name)s, %(on)s, %(at)s, %(cash)s, %(clearing)s, %(pending)s, %(due)s, %(own)s)
"""


def main() -> int:
    book = open_merchant(name=f"bench {uuid4().hex[:8]}", is_channel=True, by=Actor.system("bench"))
    ours, limit = through_the_ledger(book), raw_rows(book)
    rates = measured(
        {
            "one INSERT (limit)": lambda: told(limit, STORIES, 1),
            "ledger.transfers.post": lambda: told(ours, STORIES, 1),
        }
    )
    with running.hordak() as peer:
        rates |= measured(
            {
                "django-hordak": lambda: peer(STORIES, 1),
                f"ours, {BATCH} a commit": lambda: told(ours, BATCH, BATCH),
                f"hordak, {BATCH} a commit": lambda: peer(BATCH, BATCH),
            }
        )
    for name, rate in rates.items():
        print(f"{name:24}{rate:>9,.0f} four-leg postings/s")
    began = time.perf_counter()
    passed = snapshots.roll()
    print(f"{'rolled into snapshots':24}{passed / (time.perf_counter() - began):>9,.0f} transfers/s")
    one, mine, theirs, many, their_many = rates.values()
    kept = mine / one >= PROMISE and many / their_many >= PEER_PROMISE
    print(
        f"ledger_post: {mine / one:.0%} of its limit; promise ≥ {PROMISE:.0%} "
        f"{'kept' if mine / one >= PROMISE else 'broken'}; {many / their_many:.1f}× django-hordak; promise ≥ "
        f"{PEER_PROMISE}× {'kept' if many / their_many >= PEER_PROMISE else 'broken'} ({mine / theirs:.1f}× where each "
        "sale waits for its own commit)"
    )
    return 0 if kept else 1


def measured(ways: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Stories a second of each way, in turns, the median of the rounds; the first is for warming up."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(ROUNDS + 1):
        for name in list(ways) if round_ % 2 else reversed(ways):
            rate = (BATCH if "a commit" in name else STORIES) / ways[name]()
            if round_:
                rates[name].append(rate)
    return {name: median(found) for name, found in rates.items()}


def through_the_ledger(book: Merchant) -> Way:
    """The product's own way."""
    entries = (
        Entry(book.pk, "tender", held("cash"), CLEARING, 1000),
        Entry(book.pk, "share", CLEARING, named("pending", book.party), 700),
        Entry(book.pk, "share", CLEARING, named("due", book.party), 200),
        Entry(book.pk, "share", CLEARING, named("own:residual"), 100),
    )

    def tell(names: list[str]) -> None:
        with transaction.atomic():
            post(Story("bench", name, TODAY, AT, "CNY", entries) for name in names)

    tell(["accounts"])
    return tell


def raw_rows(book: Merchant) -> Way:
    """The same rows, by a hand that knows every id."""
    names = {
        "cash": held("cash"),
        "clearing": CLEARING,
        "pending": named("pending", book.party),
        "due": named("due", book.party),
        "own": named("own:residual"),
    }
    ids = ids_of(Place(book.pk, name, "CNY") for name in names.values())
    given = {word: ids[Place(book.pk, name, "CNY")] for word, name in names.items()}
    given |= {"book": book.pk, "on": TODAY, "at": AT}
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)

    def tell(names: list[str]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for name in names:
                cursor.execute(INSERT, given | {"name": name})

    return tell


def told(way: Way, stories: int, a_commit: int) -> float:
    """Seconds for so many stories, so many a commit."""
    names = [f"{uuid4().hex[:12]}/{number}" for number in range(stories)]
    began = time.perf_counter()
    for start in range(0, stories, a_commit):
        way(names[start : start + a_commit])
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
