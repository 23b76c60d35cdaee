"""Guides' phones with the page open, in a process of their own: when each order was named to one of them."""

import asyncio
import json
import multiprocessing
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from websockets.asyncio.client import connect

from merchants.models import User
from tests.stack.shape import Stack

Times = dict[str, float]


class Heard:
    """When each order was named to a phone; told by the phones' own process, on the machine's one clock."""

    def __init__(self, pipe: Connection) -> None:
        self._times: Times = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, args=(pipe,), daemon=True).start()

    def of(self, names: Iterable[str]) -> Times:
        """Of these, those that were heard of by now."""
        with self._lock:
            return {name: self._times[name] for name in names if name in self._times}

    def _listen(self, pipe: Connection) -> None:
        with suppress(EOFError):
            while True:
                told = pipe.recv()
                with self._lock:
                    self._times.update(told)


@contextmanager
def phones(stack: Stack, users: Iterable[User]) -> Iterator[Heard]:
    """Each of these signed in, with the page open."""
    cookies = []
    for user in users:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookies.append(f"{name}={client.cookies[name].value}")
    ours, theirs = multiprocessing.Pipe(duplex=False)
    listening = multiprocessing.get_context("fork").Process(
        target=_listening, args=(stack.live, stack.web[0], cookies, theirs), daemon=True
    )
    connection.close()  # a connection is not shared with a child
    listening.start()
    theirs.close()
    assert ours.recv() == {}, "the phones are open"
    try:
        yield Heard(ours)
    finally:
        listening.terminate()
        listening.join()


def _listening(live: str, web: str, cookies: list[str], pipe: Connection) -> None:
    asyncio.run(_all_phones(live, web, cookies, pipe))


async def _all_phones(live: str, web: str, cookies: list[str], pipe: Connection) -> None:
    opened = asyncio.Semaphore(0)
    open_phones = [asyncio.create_task(_phone(live, web, cookie, pipe, opened)) for cookie in cookies]
    for _phone_of_one in cookies:
        await opened.acquire()
    pipe.send({})
    await asyncio.gather(*open_phones)


async def _phone(live: str, web: str, cookie: str, pipe: Connection, opened: asyncio.Semaphore) -> None:
    seen = 0
    headers = {"Cookie": cookie, "Origin": web}
    async with connect(f"{live}/ws/live/", additional_headers=headers, proxy=None, max_size=None) as socket:
        opened.release()
        async for text in socket:
            page = json.loads(text)
            events = page["events"]
            while page["more"]:
                page = await asyncio.to_thread(_feed, web, cookie, seen)
                events, seen = events + page["events"], page["last"]
            seen = page["last"]
            if names := [name for event in events for name in _named(event)]:
                pipe.send(dict.fromkeys(names, time.monotonic()))


def _feed(web: str, cookie: str, after: int) -> dict[str, Any]:
    request = urllib.request.Request(f"{web}/feed?after={after}", headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def _named(event: dict[str, Any]) -> list[str]:
    """What this event puts on the phone: the orders whose shares have become payable, or the limit's bare event."""
    if event["kind"] == "bench.told":
        return [event["payload"]["name"]]
    return (
        [line["order"] for line in event["payload"]["lines"]] if event["kind"] == "commission.settled" else []
    )
