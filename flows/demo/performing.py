"""Three months of trade in under a minute: stores are independent, and so are books, so the cores share them."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from queue import Empty

from django.core.management.base import CommandError
from django.db import connection, connections

from flows.demo import closing
from flows.demo.acts import Act
from flows.demo.staging import Stage
from flows.demo.trading import Trade
from merchants.models import Merchant

WORTH_SHARING = 500  # acts

Tick = Callable[[str], None]
Work = Callable[[Tick], None]  # calls back at each step


def perform(stage: Stage, *, until: datetime, tick: Tick) -> None:
    """Play the acts, then close the days that are over by `until`: here, or shared among processes when the acts
    are many and nothing is uncommitted."""
    acts, books = stage.script.acts, list(stage.merchants.values())
    hands = min(4, os.cpu_count() or 1)
    if len(acts) < WORTH_SHARING or hands == 1 or connection.in_atomic_block:
        Trade(stage, tick=tick).play(acts)
        for book in books:
            closing.close_days(book, until=until, tick=tick)
        return
    _share([partial(_trade, stage, part) for part in _parts(acts, hands)], steps=len(acts), tick=tick)
    _share([partial(_close, book, until) for book in books], steps=len(books), tick=tick)


def _parts(acts: list[Act], hands: int) -> list[list[Act]]:
    """The acts of each hand in order of time; the busiest stores are dealt first, to the idlest hand."""
    by_store: dict[str, list[Act]] = {}
    for act in acts:
        by_store.setdefault(act.store, []).append(act)
    parts: list[list[Act]] = [[] for _ in range(hands)]
    for store in sorted(by_store, key=lambda code: (-len(by_store[code]), code)):
        min(parts, key=len).extend(by_store[store])
    order = {id(act): place for place, act in enumerate(acts)}
    return [sorted(part, key=lambda act: order[id(act)]) for part in parts]


def _share(works: Sequence[Work], *, steps: int, tick: Tick) -> None:
    context = multiprocessing.get_context("fork")
    done = context.Queue()
    connections.close_all()  # a connection must not be shared across a fork
    processes = [context.Process(target=_work, args=(work, done.put)) for work in works]
    for process in processes:
        process.start()
    left = steps
    while left:
        try:
            tick(done.get(timeout=1))
            left -= 1
        except Empty:
            if any(process.exitcode not in (None, 0) for process in processes):
                break
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise CommandError(
            "The demo could not be made; why stands above. Empty the data folder and try again."
        )


def _work(work: Work, tick: Tick) -> None:
    with connection.cursor() as cursor:  # a demo may be made again: it need not wait for the disk
        cursor.execute("SET synchronous_commit = off")
    work(tick)


def _trade(stage: Stage, acts: list[Act], tick: Tick) -> None:
    Trade(stage, tick=tick).play(acts)


def _close(book: Merchant, until: datetime, tick: Tick) -> None:
    closing.close_days(book, until=until, tick=tick)
