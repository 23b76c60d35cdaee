"""From commit to the open page: through relay, channel layer, hub and socket, beside its limit.

The limit is the least that can be done, measured in the same run and rhythm: a raw insert, and a hand-written
loop that asks for higher ids without a pause. Both clocks start when the writer's commit has returned.
Run it by `./dev bench stream_lag`. It leaves its events in the database it is given.
"""

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import django
import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from asgiref.testing import ApplicationCommunicator  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from events import relay  # noqa: E402
from events.record import Actor, record  # noqa: E402
from notifications import live  # noqa: E402
from notifications.audience import Audience, Grant  # noqa: E402
from notifications.consumers import LiveSocket  # noqa: E402

PROMISE_MS = 100
EVENTS, WARM_UP = 500, 20
PAUSES = (0.0, 0.002, 0.01, 0.05, 0.3)  # seconds between commits: bursts, a busy till, an idle relay
NOBODYS = -1  # merchant
BENCH = Actor.system("bench")

Times = dict[str, float]


def main() -> int:
    limit = lags(*raw_loop())
    relay.number_now()  # the limit's events, which nobody follows
    ours = lags(*asyncio.run(through_the_stream()))
    print(f"{'':24}{'p50':>9}{'p95':>9}{'p99':>9}")
    for name, values in (("insert and poll (limit)", limit), ("commit to push", ours)):
        print(f"{name:24}" + "".join(f"{percentile(values, part):>6.1f} ms" for part in (50, 95, 99)))
    p95 = percentile(ours, 95)
    ratio = p95 / percentile(limit, 95)
    verdict = "kept" if p95 <= PROMISE_MS else "broken"
    print(f"stream_lag: p95 {p95:.1f} ms, {ratio:.1f}× its limit; promise ≤ {PROMISE_MS} ms {verdict}")
    return 0 if verdict == "kept" else 1


async def through_the_stream() -> tuple[Times, Times]:
    """The product's own way, in one process, with one open page."""
    stop, seen = threading.Event(), {}
    relaying = threading.Thread(target=relay_until, args=(stop,))
    relaying.start()
    page = ApplicationCommunicator(LiveSocket(somebody), {"type": "websocket"})
    await page.send_input({"type": "websocket.connect"})
    await page.receive_output(timeout=10)
    writing = asyncio.create_task(asyncio.to_thread(write, "ours", tell))
    while len(seen) < EVENTS:
        message = await page.receive_output(timeout=10)
        now = time.perf_counter()
        seen |= {event["subject"]: now for event in json.loads(message["text"])["events"]}
    committed = await writing
    await page.send_input({"type": "websocket.disconnect", "code": 1000})
    await page.wait()
    stop.set()
    await asyncio.to_thread(relaying.join)
    await live.hub().close()
    return committed, seen


async def somebody(scope: dict) -> Audience:
    return Audience((Grant(NOBODYS),), {NOBODYS: "mch_bench"})


def relay_until(stop: threading.Event) -> None:
    with live.publishing() as publish:
        relay.run(stop, [publish])


def tell(subject: str) -> None:
    record("bench.told", merchant_id=NOBODYS, subject=subject, payload={"n": 1}, concerns=["mem_1"], by=BENCH)


def raw_loop() -> tuple[Times, Times]:
    """The least: one reader that never rests, of rows that are visible as soon as they are committed."""
    seen: Times = {}

    def read() -> None:
        reader = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
        reader.autocommit = True
        cursor = reader.cursor()
        cursor.execute("SELECT coalesce(max(id), 0) FROM events_event")
        (last,) = cursor.fetchone()
        ready.set()
        while len(seen) < EVENTS:
            cursor.execute("SELECT id, subject FROM events_event WHERE id > %s ORDER BY id", [last])
            now = time.perf_counter()
            for number, subject in cursor.fetchall():
                last, seen[subject] = number, now
        reader.close()

    ready, reading = threading.Event(), threading.Thread(target=read)
    reading.start()
    ready.wait()
    committed = write("raw", insert)
    reading.join()
    return committed, seen


def insert(subject: str) -> None:
    connection.cursor().execute(INSERT, [NOBODYS, subject])


INSERT = """
INSERT INTO events_event (merchant_id, kind, subject, actor_kind, actor_ref, payload, concerns, at)
VALUES (%s, 'bench.told', %s, 'system', 'bench', '{"n": 1}', '{mem_1}', now())
"""


def write(name: str, one: Callable[[str], None]) -> Times:
    """When each commit returned, in the same rhythm for both ways."""
    rhythm, committed = random.Random(1), {}

    def note(subject: str) -> None:
        committed[subject] = time.perf_counter()

    for number in range(EVENTS):
        with transaction.atomic():
            transaction.on_commit(partial(note, f"{name}_{number}"))  # runs first, before the relay is called
            one(f"{name}_{number}")
        time.sleep(rhythm.choices(PAUSES, weights=(40, 30, 20, 9, 1))[0])
    connection.close()
    return committed


def lags(committed: Times, seen: Times) -> list[float]:
    """Milliseconds, sorted; never below zero, for a reader can be faster than the writer's return."""
    names = list(committed)[WARM_UP:]
    return sorted(max(0.0, (seen[name] - committed[name]) * 1000) for name in names)


def percentile(values: list[float], part: int) -> float:
    return values[min(len(values) - 1, len(values) * part // 100)]


if __name__ == "__main__":
    sys.exit(main())
