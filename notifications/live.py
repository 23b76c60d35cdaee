"""The push: one subscription a process, and the fan-out in memory.

The relay's process publishes each numbered batch once. In a process with sockets one hub receives it and
hands each event to those who may see it. Messages may be lost on the way: numbers have no gaps, so a hub
notices and reads the missing ones from the stream, as it does at every heartbeat.
"""

import asyncio
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import BaseChannelLayer, get_channel_layer

from events import stream
from events.models import Event
from events.relay import Hook, Numbered
from notifications.audience import Audience, Grant
from notifications.feed import frame, public

logger = logging.getLogger(__name__)

GROUP = "live"
HEARTBEAT = 2.0  # seconds after which a hub looks by itself
INLINE = 200  # events in one message; of a larger batch only the numbers are sent
LAG = 1_000  # events a hub replays to its sockets; further behind, the pages ask the feed
ROOM = 256  # frames that may wait for one socket


@contextmanager
def publishing() -> Iterator[Hook]:
    """The hook for the relay. It keeps an event loop of its own: connections to Redis belong to a loop."""
    layer = the_layer()
    with asyncio.Runner() as runner:

        def publish(numbered: Numbered) -> None:
            message = {"type": "live.numbered", "after": numbered.first - 1, "last": numbered.last}
            if len(numbered) <= INLINE:
                message["events"] = _read(numbered.first - 1, numbered.last)
            try:
                runner.run(asyncio.wait_for(layer.group_send(GROUP, message), timeout=HEARTBEAT))
            except Exception as error:
                logger.warning(
                    "live: a push was not sent (%s); hubs read it by themselves", type(error).__name__
                )

        yield publish


def the_layer() -> BaseChannelLayer:
    """Channels makes it at the first call, one for each thread that calls first; in one process the relay's
    thread and the sockets' would then speak past each other."""
    with _first_call:
        return get_channel_layer()


_first_call = threading.Lock()


class Subscriber:
    """One socket's place in the hub: who it is for, and the frames waiting to be sent."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.frames: asyncio.Queue[str] = asyncio.Queue(ROOM)

    def offer(self, text: str, last: int) -> None:
        """A socket too slow to keep up is told to ask the feed instead."""
        if self.frames.full():
            while not self.frames.empty():
                self.frames.get_nowait()
            text = frame([], last, more=True)
        self.frames.put_nowait(text)


class Hub:
    """All sockets of this process, found by what they may see."""

    def __init__(self) -> None:
        self.seq = 0
        self._index: dict[tuple[int, str | None], set[tuple[Subscriber, Grant]]] = defaultdict(set)
        self._subscribers: set[Subscriber] = set()
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def join(self, subscriber: Subscriber) -> None:
        """From when this returns, nothing numbered is missed."""
        self._enter(subscriber)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await self._listening.wait()

    def leave(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        for grant in subscriber.audience.grants:
            for key in grant.places():
                self._index[key].discard((subscriber, grant))
                if not self._index[key]:
                    del self._index[key]

    def move(self, subscriber: Subscriber, audience: Audience) -> None:
        """The same socket, whose user may now see something else."""
        if audience != subscriber.audience:
            self.leave(subscriber)
            subscriber.audience = audience
            self._enter(subscriber)

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def _enter(self, subscriber: Subscriber) -> None:
        self._subscribers.add(subscriber)
        for grant in subscriber.audience.grants:
            for key in grant.places():
                self._index[key].add((subscriber, grant))

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                logger.warning("live: listening failed (%s); trying again", type(error).__name__)
                await asyncio.sleep(HEARTBEAT)

    async def _listen(self) -> None:
        layer = the_layer()
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        if not self._listening.is_set():
            self.seq = await database_sync_to_async(stream.head)()
            self._listening.set()
        # Cancelling a receive gives the channel up, so one stays pending over all heartbeats.
        pending = asyncio.ensure_future(layer.receive(channel))
        try:
            while True:
                await asyncio.wait([pending], timeout=HEARTBEAT)
                if pending.done():
                    message = pending.result()
                    pending = asyncio.ensure_future(layer.receive(channel))
                    await self._take(message)
                else:
                    await self._read_upto(await database_sync_to_async(stream.head)())
        finally:
            pending.cancel()

    async def _take(self, message: dict[str, Any]) -> None:
        if message["after"] > self.seq or "events" not in message:
            await self._read_upto(message["last"])
        elif message["last"] > self.seq:
            self._spread([event for event in message["events"] if event["seq"] > self.seq], message["last"])

    async def _read_upto(self, last: int) -> None:
        if last - self.seq > LAG:
            for subscriber in self._subscribers:
                subscriber.offer(frame([], self.seq, more=True), self.seq)
            self.seq = last
        while self.seq < last:
            upto = min(self.seq + INLINE, last)
            self._spread(await database_sync_to_async(_read)(self.seq, upto), upto)

    def _spread(self, events: list[dict[str, Any]], last: int) -> None:
        frames: dict[Subscriber, list[str]] = defaultdict(list)
        for event in events:
            merchant_id = event.pop("merchant_id")
            text = ""
            for subscriber in self._seeing(merchant_id, event):
                text = text or json.dumps(event | {"merchant": subscriber.audience.merchants[merchant_id]})
                frames[subscriber].append(text)
        self.seq = last
        for subscriber, texts in frames.items():
            subscriber.offer(frame(texts, last), last)

    def _seeing(self, merchant_id: int, event: dict[str, Any]) -> set[Subscriber]:
        keys = [(merchant_id, None), *((merchant_id, ref) for ref in event["concerns"])]
        found = (pair for key in keys for pair in self._index.get(key, ()))
        return {subscriber for subscriber, grant in found if grant.covers(event["kind"])}


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process; of this event loop, to be exact, for sockets and queues belong to one."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def _read(after: int, upto: int) -> list[dict[str, Any]]:
    batch: list[Event] = stream.read(after, INLINE, upto=upto)
    return [{"merchant_id": event.merchant_id} | public(event, "") for event in batch]
