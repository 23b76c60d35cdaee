"""Three months of trade in under a minute: stores are independent, so the cores share them."""

import multiprocessing
import os
from collections.abc import Callable
from queue import Empty

from django.core.management.base import CommandError
from django.db import connection, connections

from flows.demo.acts import Act
from flows.demo.staging import Stage
from flows.demo.trading import Trade

WORTH_SHARING = 500  # acts


def perform(stage: Stage, *, tick: Callable[[str], None]) -> None:
    """Play the acts: here, or shared among processes when they are many and nothing is uncommitted."""
    acts = stage.script.acts
    hands = min(4, os.cpu_count() or 1)
    if len(acts) < WORTH_SHARING or hands == 1 or connection.in_atomic_block:
        Trade(stage, tick=tick).play(acts)
        return
    _share(stage, _parts(acts, hands), tick)


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


def _share(stage: Stage, parts: list[list[Act]], tick: Callable[[str], None]) -> None:
    context = multiprocessing.get_context("fork")
    done = context.Queue()
    connections.close_all()  # a connection must not be shared across a fork
    processes = [context.Process(target=_play, args=(stage, part, done.put)) for part in parts]
    for process in processes:
        process.start()
    left = sum(map(len, parts))
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


def _play(stage: Stage, acts: list[Act], tick: Callable[[str], None]) -> None:
    with connection.cursor() as cursor:  # a demo may be made again: it need not wait for the disk
        cursor.execute("SET synchronous_commit = off")
    Trade(stage, tick=tick).play(acts)
