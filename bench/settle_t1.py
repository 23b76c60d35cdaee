"""T+1: a closed day of many lines becomes payable, beside its limit.

The limit is the least that can be done, measured in the same run on the same rows: the same postings told once by one
statement into a temporary table, without index, key, trigger or log. The settling is all of it: freezing the day,
items, postings in both books, events, then the trial balances and every payee's statement. Two sizes show the growth.
Run it by `./dev bench settle_t1`; the number of lines may be given (`LINES=1000000 ./dev bench settle_t1`), else it is
200,000. It leaves its merchants, lines and postings in the database it is given, and wants the owner's URL to vacuum.
"""

import os
import random
import sys
import time
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from commissions import accruals, batches, plans, settling, settling_sql  # noqa: E402
from commissions.models import Settlement, Split  # noqa: E402
from commissions.splitting import Term  # noqa: E402
from flows import purchase  # noqa: E402
from ledger import proof, statements  # noqa: E402
from merchants.models import Merchant  # noqa: E402
from merchants.onboarding import add_brand, open_merchant  # noqa: E402
from merchants.scoping import acting_for  # noqa: E402
from orders.facts import LineFacts, OrderFacts, TenderFacts  # noqa: E402
from tests.people import LONG_AGO, ONBOARDING, make_contract, make_guide, make_sku, make_store  # noqa: E402

PROMISE = 8  # times the limit
LINES = 200_000
STORES = 20
PRICE = 12_345
PAID_AT = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=1)
CHUNK = 50_000
TABLES = ("orders_order", "orders_orderline", "orders_tender", "commissions_split", "commissions_collection",
          "commissions_share", "commissions_settlementitem", "ledger_transfer", "ledger_account")  # fmt: skip


def main() -> int:
    lines = int(os.environ.get("LINES") or (sys.argv[1] if len(sys.argv) > 1 else LINES))
    ratios = {}
    print(f"{'lines':>10}{'postings':>10}{'limit':>9}{'settled':>9}{'a line':>10}{'ratio':>8}")
    for size in (lines // 4, lines):
        ratios[size] = measured(size)
    growth = ratios[lines][1] / ratios[lines // 4][1]
    ratio = ratios[lines][0]
    verdict = "kept" if ratio <= PROMISE else "broken"
    print(
        f"settle_t1: {ratio:.1f}× its limit; promise ≤ {PROMISE}× {verdict}; "
        f"a line costs {growth:.2f}× of what it does at a quarter of the lines"
    )
    return 0 if verdict == "kept" else 1


def measured(size: int) -> tuple[float, float]:
    """(times the limit, seconds a line)"""
    book, chain, day = stage(size)
    vacuum()
    steps: dict[str, float] = {}
    with timed(steps, "batch"):
        batch = batches.advance(batches.open_batch(book, day))
    with timed(steps, "balances"):
        for merchant in (book, chain):
            with acting_for(merchant):
                assert not proof.trial_balance(merchant).breaks
    with timed(steps, "statements"):
        for merchant in (book, chain):
            every_statement(merchant, day)
    limit, postings, amount = written_once(book)
    assert (postings, amount) == posted(book, chain), "the sums differ"
    with acting_for(book):
        assert sum(row.lines for row in Settlement.objects.filter(batch=batch)) == size == batch.lines
    settled = sum(steps.values())
    line, ratio = settled / size * 1e6, settled / limit
    print(f"{size:>10,}{postings:>10,}{limit:>8.2f}s{settled:>8.2f}s{line:>8.1f}µs{ratio:>7.1f}×")
    print(" " * 10 + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in steps.items()))
    return settled / limit, settled / size


@contextmanager
def timed(steps: dict[str, float], name: str):
    start = time.perf_counter()
    yield
    steps[name] = time.perf_counter() - start


# --- what is measured ---


def written_once(book: Merchant) -> tuple[float, int, int]:
    """(seconds, postings, sum) of the least: the better of two."""
    with acting_for(book):
        ids = Split.objects.filter(settlement="T1").order_by("id").values_list("id", flat=True)
        page = settling.page_of(list(ids))
    times = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(settling_sql.ROOM)
        for _again in range(2):
            cursor.execute("DROP TABLE IF EXISTS written_once")
            start = time.perf_counter()
            cursor.execute(_ONCE.format(telling=settling_sql.TELLING), page | {"at": PAID_AT})
            times.append(time.perf_counter() - start)
        cursor.execute("SELECT count(*), sum(amount)::bigint FROM written_once")
        return min(times), *cursor.fetchone()


_ONCE = """
CREATE TEMP TABLE written_once AS
WITH told AS ({telling}),
accounts AS MATERIALIZED (
    SELECT id, book_id || ' ' || code || ' ' || party_id || ' ' || currency AS name FROM ledger_account
    WHERE party_id IS NOT NULL
)
SELECT t.book_id, 'settlement' AS source, t.source_id, 'settle_t1' AS kind,
       (row_number() OVER (PARTITION BY t.book_id, t.story ORDER BY t.place) - 1)::smallint AS position,
       d.id AS debit_id, c.id AS credit_id, t.amount, t.currency, t.business_date, %(at)s::timestamptz AS at,
       t.business_date AS booked_on, clock_timestamp() AS recorded_at
FROM told t
JOIN accounts d ON d.name = t.book_id || ' ' || t.debit_code || ' ' || t.debit_party || ' ' || t.currency
JOIN accounts c ON c.name = t.book_id || ' ' || t.credit_code || ' ' || t.credit_party || ' ' || t.currency
"""


def posted(*books: Merchant) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(amount)::bigint FROM ledger_transfer "
            "WHERE book_id = ANY(%s) AND source = 'settlement'",
            [[book.pk for book in books]],
        )
        return cursor.fetchone()


def every_statement(book: Merchant, day: date) -> dict[int, tuple[int, int, int]]:
    with acting_for(book):
        return statements.of_all(book, first=day, last=day)


# --- the day that is settled ---


def stage(size: int) -> tuple[Merchant, Merchant, date]:
    """A brand's lines of one day in a chain's stores, all open: each is a copy of one of forty real sales."""
    run = f"{random.randrange(16**8):08x}"
    book = open_merchant(name=f"Bench {run}", is_brand_owner=True, by=ONBOARDING)
    chain = open_merchant(name=f"Chain {run}", is_channel=True, by=ONBOARDING)
    with acting_for(book):
        brand = add_brand(merchant=book, name=run, name_en=run, slug=f"bench-{run}", seal="测", by=ONBOARDING)
        sku = make_sku(book, brand, code=run, name=run, list_price=PRICE)
    rules = [Term(1, "store", 200_000), Term(2, "guide", 50_000), Term(99, "residual", None)]
    orders = []
    stores = [opened(chain, brand, number, run) for number in range(STORES)]
    plans.publish(
        brand=brand, mode="central", rules=rules, effective_from=LONG_AGO, at=LONG_AGO, by=ONBOARDING
    )
    for number, (store, guide) in enumerate(stores):
        for again in range(2):
            collector = chain if (number + again) % 4 == 0 else book
            facts = OrderFacts(
                store=store,
                channel="pos",
                external_no=f"{run}-{number}-{again}",
                paid_at=PAID_AT,
                lines=(LineFacts(sku=sku.code, quantity=1, list_price=PRICE + number),),
                tenders=(TenderFacts(place="psp", amount=PRICE + number, collector=collector.ref),),
                touches={"serving": guide.code},
            )
            order, _is_new = purchase.paid(facts, by=ONBOARDING)
            accruals.book(order)
            orders.append(order)
    copied(orders, run, size - len(orders))
    return book, chain, orders[0].business_date


def opened(chain, brand, number: int, run: str):
    with acting_for(chain):
        store = make_store(chain, code=f"S{number}", name=f"S{number}", kind="collection", lng=1.0, lat=1.0)
        phone = f"+86139{random.randrange(10**8):08}"
        guide = make_guide(store, code=f"G{number}", name=f"G{number}", phone=phone)
    make_contract(
        brand,
        store,
        mode="central",
        settlement="T1",
        guide_pay="employer" if number % 4 == 1 else "direct",
        reserve_ppm=200_000 if number % 5 == 2 else 0,
        store_tells_for_brand=True,
    )
    return store, guide


def copied(orders, run: str, size: int) -> None:
    """The rows of these orders again and again."""
    with staging() as cursor:
        cursor.execute(
            """
            CREATE TEMP TABLE pattern AS
            SELECT row_number() OVER (ORDER BY s.id) - 1 AS k, s.order_id, s.line_id, t.id AS tender_id,
                   s.id AS split_id
            FROM commissions_split s JOIN orders_tender t ON t.order_id = s.order_id WHERE s.order_id = ANY(%s)
            """,
            [[order.pk for order in orders]],
        )
        for start in range(0, size, CHUNK):
            cursor.execute("BEGIN")
            cursor.execute(
                """
                CREATE TEMP TABLE made ON COMMIT DROP AS
                SELECT n, n %% %s AS k, nextval('orders_order_id_seq') AS order_id,
                       nextval('orders_orderline_id_seq') AS line_id, nextval('orders_tender_id_seq') AS tender_id,
                       nextval('commissions_split_id_seq') AS split_id
                FROM generate_series(%s, %s) AS n
                """,
                [len(orders), start + 1, min(start + CHUNK, size)],
            )
            for table, by, changed in COPIES:
                cursor.execute(_copy(cursor, table, by, changed, run))
            cursor.execute("COMMIT")


@contextmanager
def staging():
    """A session in which copies of what was held once are not looked at again: that takes most of the time. Only the
    server's own superuser may open it (./dev's server lets us be that one); without it everything is looked at."""
    url = os.environ["OWNER_DATABASE_URL"]
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    try:
        session = psycopg2.connect(parts._replace(netloc=f"postgres@{host}").geturl())
        session.autocommit = True
        session.cursor().execute("SET session_replication_role = replica")
    except psycopg2.Error:
        session = psycopg2.connect(url)
        session.autocommit = True
    with closing(session):
        yield session.cursor()


LINE = {
    "order_id": "m.order_id",
    "line_id": "m.line_id",
    "split_id": "m.split_id",
    "tender_id": "m.tender_id",
}
REF = "'{prefix}' || '{run}' || lpad(to_hex(m.n), 10, '0')"
COPIES = [
    ("orders_order", ("id", "order_id"), {"id": "m.order_id", "ref": REF.replace("{prefix}", "ord_"),
                                          "external_no": "t.external_no || '-' || m.n"}),
    ("orders_orderline", ("id", "line_id"), LINE | {"id": "m.line_id"}),
    ("orders_tender", ("id", "tender_id"), LINE | {"id": "m.tender_id"}),
    ("commissions_split", ("id", "split_id"), LINE | {"id": "m.split_id", "ref": REF.replace("{prefix}", "spl_")}),
    ("commissions_collection", ("split_id", "split_id"), LINE),
    ("commissions_share", ("split_id", "split_id"), LINE),
]  # fmt: skip


def _copy(cursor, table: str, by: tuple[str, str], changed: dict[str, str], run: str) -> str:
    cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
                   "AND NOT attisdropped", [table])  # fmt: skip
    columns = [name for (name,) in cursor.fetchall() if name != "id" or "id" in changed]
    values = [changed.get(name, f"t.{name}").replace("{run}", run) for name in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM made m "
        f"JOIN pattern p USING (k) JOIN {table} t ON t.{by[0]} = p.{by[1]} ORDER BY m.n, t.id"
    )


def vacuum() -> None:
    """As the server would have done by night: else the first reader pays for what the copying has left."""
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as owner:
        owner.autocommit = True
        owner.cursor().execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")


if __name__ == "__main__":
    sys.exit(main())
