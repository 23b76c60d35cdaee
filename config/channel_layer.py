"""Channels' in-memory layer, usable from any thread of the one process of embedded mode."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from channels.layers import InMemoryChannelLayer


class OneProcessChannelLayer(InMemoryChannelLayer):
    """Its queues belong to the event loop that receives; what other threads send is run on that loop.

    Without this a message put by the relay's thread wakes nobody: asyncio's queues are not thread-safe.
    Before anybody has received there is no such loop, and nobody to wake.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.home: asyncio.AbstractEventLoop | None = None

    async def receive(self, channel: str) -> dict[str, Any]:
        self._settle()
        return await super().receive(channel)

    async def group_add(self, group: str, channel: str) -> None:
        self._settle()
        await super().group_add(group, channel)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._at_home(super().send(channel, message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._at_home(super().group_send(group, message))

    async def group_discard(self, group: str, channel: str) -> None:
        await self._at_home(super().group_discard(group, channel))

    def _settle(self) -> None:
        loop = asyncio.get_running_loop()
        if self.home is not loop:  # the first receiver, or a test's new loop
            self.home = loop

    async def _at_home(self, work: Coroutine[Any, Any, None]) -> None:
        home = self.home
        if home is None or home.is_closed() or home is asyncio.get_running_loop():
            await work
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, home))
