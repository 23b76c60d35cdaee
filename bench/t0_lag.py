"""From the sale to the guide's phone, at T+0: orders told in batches, the share pushed to the phone.

Every part of production runs as a process of its own on this machine: relay, worker, beat, live push, two web, Redis,
over the database that is given. Ten guides have their phones open. Their tills' sales are told through the recording
verb, ten batches a second, each batch one transaction. The clock of a sale starts when its commit has returned, and
stops when the phone of the guide who served it has received the frame of `commission.settled` that names the order with
its amount: what makes the page of today's earnings draw it. A phone that is told to ask the feed asks it.

The limit is the stream alone, in the same run, at the same rate and rhythm: a bare event an order, recorded and heard
by the same phones, with nobody who books. Rates are what was asked for; what was really reached is printed beside.
Run it by `./dev bench t0_lag`; `SECONDS=5` makes each rate shorter. It leaves its rows in the database it is given.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import django
import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from commissions import plans  # noqa: E402
from commissions.splitting import Term  # noqa: E402
from events.record import Actor, Happening, record_many  # noqa: E402
from flows import purchase  # noqa: E402
from guides.models import Guide  # noqa: E402
from merchants.onboarding import add_brand, open_merchant  # noqa: E402
from merchants.scoping import acting_for  # noqa: E402
from orders.facts import LineFacts, OrderFacts  # noqa: E402
from stores.models import Store  # noqa: E402
from tests.people import LONG_AGO, ONBOARDING, make_contract, make_guide, make_sku, make_store  # noqa: E402
from tests.stack.phones import Heard, Times, phones  # noqa: E402
from tests.stack.shape import Stack  # noqa: E402

PROMISE_MS, PROMISED_RATE = 1_000, 500
RATES = (100, 500, 1_000)
SECONDS = float(os.environ.get("SECONDS") or 20)
BATCHES = 10  # a second
STORES = 10
PATIENCE = 120.0  # seconds for what is left in the queue
BENCH = Actor.system("bench")
SECRETS = ("SECRET_KEY", "SEALING_KEYS", "FINGERPRINT_KEY")


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="tiandi-bench-"))
    urls = {"app_url": os.environ["DATABASE_URL"], "owner_url": os.environ["OWNER_DATABASE_URL"]}
    stack = Stack(folder, **urls, **{name: os.environ[name] for name in SECRETS})
    try:
        stack.start()
        chain = stage()
        with phones(stack, [guide.user for guide in chain.guides]) as heard:
            line = Line(heard, Processors(stack))
            line.measured(chain.sell, rate=50, seconds=5)  # connections, plans and caches are there
            vacuum()
            print(f"{'orders/s':>9}{'reached':>9}{'':>22}{'p50':>9}{'p95':>9}{'left':>8}{'gone after':>12}")
            outcomes = {rate: both(line, chain, rate) for rate in RATES}
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)
    ours, limit = outcomes[PROMISED_RATE]
    kept = ours.p95 <= PROMISE_MS and ours.reached >= 0.95 * PROMISED_RATE
    verdict = "kept" if kept else "broken"
    print(
        f"t0_lag: p95 {ours.p95:.0f} ms at {ours.reached:.0f} orders/s, {ours.p95 / limit.p95:.0f}× its limit; "
        f"promise ≤ {PROMISE_MS} ms at {PROMISED_RATE} {verdict}"
    )
    return 0 if kept else 1


@dataclass(frozen=True)
class Outcome:
    """`reached` a second; lags in ms, sorted; `left` had not been heard of when the last was told, and was `drained`
    seconds later; `processors` is the seconds that each part was at work meanwhile."""

    reached: float
    lags: list[float]
    left: int
    drained: float
    processors: dict[str, float]

    @property
    def p95(self) -> float:
        return self.percentile(95)

    def percentile(self, part: int) -> float:
        return self.lags[min(len(self.lags) - 1, len(self.lags) * part // 100)]


def both(line: "Line", chain: "Chain", rate: int) -> tuple[Outcome, Outcome]:
    limit = line.measured(chain.tell, rate=rate, seconds=SECONDS)
    ours = line.measured(chain.sell, rate=rate, seconds=SECONDS)
    for name, outcome in (("the stream alone (limit)", limit), ("share on the phone", ours)):
        print(
            f"{rate:>9,}{outcome.reached:>9,.0f}  {name:<24}{outcome.percentile(50):>5.0f} ms{outcome.p95:>6.0f} ms"
            f"{outcome.left:>8,}{outcome.drained:>10.1f} s",
            flush=True,
        )
    orders = ours.reached * SECONDS
    parts = sorted(ours.processors.items(), key=lambda part: -part[1])
    told = ", ".join(
        f"{part} {worked / orders * 1000:.2f}" for part, worked in parts if worked / orders > 5e-6
    )
    print(
        f"{'':20}ms of processor an order: {told}; together {sum(ours.processors.values()) / orders * 1000:.2f}"
    )
    return ours, limit


class Line:
    """From the tills to the phones."""

    def __init__(self, heard: Heard, processors: "Processors") -> None:
        self.heard = heard
        self.processors = processors

    def measured(self, one_batch: Callable[[int], list[str]], *, rate: int, seconds: float) -> Outcome:
        """Tell `rate` a second in batches, as near to the rhythm as it goes, and wait until all are heard of."""
        committed: Times = {}
        before = self.processors.used()
        begin = time.monotonic()
        for number in range(round(seconds * BATCHES)):
            time.sleep(max(0.0, begin + number / BATCHES - time.monotonic()))
            with transaction.atomic():
                names: list[str] = []
                transaction.on_commit(
                    partial(_note, committed, names)
                )  # runs first, before the relay is called
                names += one_batch(rate // BATCHES)
        end = time.monotonic()
        left = len(committed) - len(self.heard.of(committed))
        while len(times := self.heard.of(committed)) < len(committed):
            if time.monotonic() > end + PATIENCE:
                raise SystemExit(f"{len(committed) - len(times)} of {len(committed)} were never heard of")
            time.sleep(0.05)
        drained = max(0.0, max(times.values()) - end)
        lags = sorted(max(0.0, (times[name] - at) * 1000) for name, at in committed.items())
        after = self.processors.used()
        worked = {part: max(0.0, used - before.get(part, 0)) for part, used in after.items()}
        return Outcome(len(committed) / max(end - begin, seconds), lags, left, drained, worked)


def _note(committed: Times, names: list[str]) -> None:
    now = time.monotonic()
    committed.update(dict.fromkeys(names, now))


class Processors:
    """Seconds of processor that each part has used so far."""

    def __init__(self, stack: Stack) -> None:
        running = {name: process.running for name, process in stack.processes.items()}
        self.groups = {process.pid: name for name, process in running.items() if process}
        self.groups[os.getpgrp()] = "phones"  # our own group, but for ourselves
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = Path(f"/proc/{cursor.fetchone()[0]}/stat")
        self.server = int(_fields(backend)[1])

    def used(self) -> dict[str, float]:
        """The database's is that of all processes of its server."""
        used: dict[str, float] = defaultdict(float)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has just ended
                _state, parent, group, *fields = _fields(stat)
                part = "database" if int(parent) == self.server else self.groups.get(int(group))
                if int(stat.parent.name) == os.getpid():
                    part = "tills"
                if part:
                    used[part] += (int(fields[8]) + int(fields[9])) / os.sysconf("SC_CLK_TCK")
        return used


def _fields(stat: Path) -> list[str]:
    """What stands behind the process's name."""
    return stat.read_text().rpartition(")")[2].split()


# --- the sales ---


class Chain:
    """A chain's stores that carry one brand under T+0 contracts, each with a guide: the tills take turns."""

    def __init__(self, run: str, sku: str, places: list[tuple[Store, Guide]]) -> None:
        self.run, self.sku, self.places = run, sku, places
        self.guides = [guide for _store, guide in places]
        self._told = 0

    def sell(self, count: int) -> list[str]:
        told = purchase.paid_all([self._sale() for _again in range(count)], by=BENCH)
        return [one.order.ref for one in told if one.order is not None]

    def tell(self, count: int) -> list[str]:
        """As many bare events, each about a guide."""
        names = []
        happenings = []
        for _again in range(count):
            store, guide = self._next()
            names.append(f"{self.run}-{self._told}")
            happenings.append(
                Happening(
                    "bench.told",
                    merchant_id=store.merchant_id,
                    subject=guide.ref,
                    payload={"name": names[-1]},
                    concerns=[guide.ref],
                )
            )
        record_many(happenings, by=BENCH)
        return names

    def _sale(self) -> OrderFacts:
        store, guide = self._next()
        return OrderFacts(
            store=store,
            channel="pos",
            external_no=f"{self.run}-{self._told}",
            paid_at=timezone.now(),
            lines=(LineFacts(sku=self.sku, quantity=1),),
            touches={"serving": guide.code},
        )

    def _next(self) -> tuple[Store, Guide]:
        self._told += 1
        return self.places[self._told % len(self.places)]


def stage() -> Chain:
    run = f"{random.randrange(16**8):08x}"
    book = open_merchant(name=f"Bench {run}", is_brand_owner=True, by=ONBOARDING)
    chain = open_merchant(name=f"Chain {run}", is_channel=True, by=ONBOARDING)
    with acting_for(book):
        brand = add_brand(merchant=book, name=run, name_en=run, slug=f"bench-{run}", seal="测", by=ONBOARDING)
        sku = make_sku(book, brand, code=run, name=run, list_price=12_345)
    places = []
    for number in range(STORES):
        with acting_for(chain):
            store = make_store(
                chain, code=f"S{number}", name=f"S{number}", kind="collection", lng=1.0, lat=1.0
            )
            phone = f"+86139{random.randrange(10**8):08}"
            guide = make_guide(store, code=f"G{number}", name=f"G{number}", phone=phone)
        make_contract(brand, store, mode="central", settlement="T0", guide_pay="direct")
        places.append((store, guide))
    rules = [Term(1, "store", 200_000), Term(2, "guide", 50_000), Term(99, "residual", None)]
    terms = {"brand": brand, "mode": "central", "rules": rules, "effective_from": LONG_AGO}
    plans.publish(**terms, at=LONG_AGO, by=ONBOARDING)
    return Chain(run, sku.code, places)


def vacuum() -> None:
    """As the server would have done meanwhile."""
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as owner:
        owner.autocommit = True
        owner.cursor().execute("VACUUM (ANALYZE)")


if __name__ == "__main__":
    sys.exit(main())
