"""A websocket that sends one audience its events, and takes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from notifications import live
from notifications.audience import Audience
from notifications.feed import frame

RENEWAL = 30.0  # seconds between two looks whether this is still somebody, and between two signs of life
SIGNED_OUT, NOT_FOUND = 4401, 4404

Scope = dict[str, Any]


class LiveSocket:
    """An ASGI application. `audience_of(scope)` says who connects, None for a stranger, and is asked again
    and again, so that an ended session or appointment ends the push as well.

    Plain ASGI, because a Channels consumer would bring a channel of its own for every socket.
    """

    def __init__(self, audience_of: Callable[[Scope], Awaitable[Audience | None]]) -> None:
        self.audience_of = audience_of

    async def __call__(self, scope: Scope, receive: Callable, send: Callable) -> None:
        await receive()  # websocket.connect
        audience = await self.audience_of(scope)
        if audience is None:
            await send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        push = asyncio.create_task(self._push(scope, audience, send))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait([push, gone], return_when=asyncio.FIRST_COMPLETED)
            if push.done():
                push.result()
        finally:
            push.cancel()
            gone.cancel()
            await asyncio.wait([push, gone])

    async def _push(self, scope: Scope, audience: Audience, send: Callable) -> None:
        loop, hub = asyncio.get_running_loop(), live.hub()
        subscriber = live.Subscriber(audience)
        try:
            await hub.join(subscriber)  # and only then tell the client, who now asks the feed: no gap
            await send({"type": "websocket.accept"})
            renewal = loop.time() + RENEWAL
            while True:
                try:
                    text = await asyncio.wait_for(subscriber.frames.get(), renewal - loop.time())
                except TimeoutError:
                    audience_now = await self.audience_of(scope)
                    if audience_now is None:
                        await send({"type": "websocket.close", "code": SIGNED_OUT})
                        return
                    hub.move(subscriber, audience_now)
                    renewal = loop.time() + RENEWAL
                    if not subscriber.frames.empty():
                        continue  # `last` of a sign of life must not pass what still waits
                    text = frame([], hub.seq)
                await send({"type": "websocket.send", "text": text})
        finally:
            hub.leave(subscriber)


async def nowhere(scope: Scope, receive: Callable, send: Callable) -> None:
    """The socket at any other address: closed without a fault of ours."""
    await receive()  # websocket.connect
    await send({"type": "websocket.close", "code": NOT_FOUND})


async def _until_gone(receive: Callable) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass
