"""Posting to the ledger, beside its limit: a sale's four transfers through `ledger.transfers.post`, one commit each.

The limit is the least that keeps the same rows: in the same run, in turns with ours, one INSERT of the four known rows
into the same table, with its indexes, keys and triggers, and a commit. Both name accounts that are there already. The
rest of ours is what a ledger adds: finding the accounts, keeping the period open, and answering for replays.
Run it by `./dev bench ledger_post`. It leaves its rows in the database it is given.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from events.record import Actor  # noqa: E402
from ledger import snapshots  # noqa: E402
from ledger.accounts import CLEARING, Place, held, ids_of, named  # noqa: E402
from ledger.transfers import Entry, Story, post  # noqa: E402
from merchants.models import Merchant  # noqa: E402
from merchants.onboarding import open_merchant  # noqa: E402

PROMISE = 0.5  # of the limit's postings a second
ROUNDS, STORIES = 20, 50
AT, TODAY = datetime(2026, 11, 20, 4, tzinfo=UTC), date(2026, 11, 20)

Way = Callable[[str], None]
"""Tells one story, known by this name, and commits it."""

INSERT = """
INSERT INTO ledger_transfer (book_id, source, source_id, kind, position, debit_id, credit_id, amount, currency,
                             business_date, booked_on, at)
VALUES (%(book)s, 'bench', %(name)s, 'tender', 0, %(cash)s, %(clearing)s, 1000, 'CNY', %(on)s, %(on)s, %(at)s),
       (%(book)s, 'bench', %(name)s, 'share', 0, %(clearing)s, %(pending)s, 700, 'CNY', %(on)s, %(on)s, %(at)s),
       (%(book)s, 'bench', %(name)s, 'share', 1, %(clearing)s, %(due)s, 200, 'CNY', %(on)s, %(on)s, %(at)s),
       (%(book)s, 'bench', %(name)s, 'share', 2, %(clearing)s, %(own)s, 100, 'CNY', %(on)s, %(on)s, %(at)s)
"""


def main() -> int:
    book = open_merchant(name=f"bench {uuid4().hex[:8]}", is_channel=True, by=Actor.system("bench"))
    ours, limit = through_the_ledger(book), raw_rows(book)
    times: dict[Way, list[float]] = {ours: [], limit: []}
    for round_ in range(ROUNDS + 1):
        for way in (ours, limit) if round_ % 2 else (limit, ours):
            seconds = told(way, f"{uuid4().hex[:12]}/")
            if round_:  # the first is for warming up
                times[way].append(seconds)
    rates = {way: STORIES / sorted(seconds)[ROUNDS // 2] for way, seconds in times.items()}
    for name, way in (("one INSERT (limit)", limit), ("ledger.transfers.post", ours)):
        print(f"{name:24}{rates[way]:>9,.0f} four-leg postings/s")
    began = time.perf_counter()
    passed = snapshots.roll()
    print(f"{'rolled into snapshots':24}{passed / (time.perf_counter() - began):>9,.0f} transfers/s")
    ratio = rates[ours] / rates[limit]
    verdict = "kept" if ratio >= PROMISE else "broken"
    print(f"ledger_post: {ratio:.0%} of its limit; promise ≥ {PROMISE:.0%} {verdict}")
    return 0 if verdict == "kept" else 1


def through_the_ledger(book: Merchant) -> Way:
    """The product's own way."""
    entries = (
        Entry(book.pk, "tender", held("cash"), CLEARING, 1000),
        Entry(book.pk, "share", CLEARING, named("pending", book.party), 700),
        Entry(book.pk, "share", CLEARING, named("due", book.party), 200),
        Entry(book.pk, "share", CLEARING, named("own:residual"), 100),
    )

    def tell(name: str) -> None:
        with transaction.atomic():
            post([Story("bench", name, TODAY, AT, "CNY", entries)])

    tell("accounts")
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

    def tell(name: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(INSERT, given | {"name": name})

    return tell


def told(way: Way, name: str) -> float:
    """Seconds for a round of stories."""
    began = time.perf_counter()
    for number in range(STORIES):
        way(f"{name}{number}")
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
