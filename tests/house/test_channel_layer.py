"""In embedded mode the relay's thread pushes to sockets that another thread's event loop serves."""

import asyncio
import threading
import time

from channels.layers import InMemoryChannelLayer

from config.channel_layer import OneProcessChannelLayer

ASLEEP = 0.2  # seconds in which the receiving loop surely has nothing left to do
PATIENCE = 1.0  # seconds after which a timer wakes the loop in any case
LONGEST = 60  # seconds for the busiest machine; nothing here waits longer


async def seconds_until_woken(layer: InMemoryChannelLayer) -> float:
    """How long a waiting receiver takes to notice what another thread sends to its group."""
    channel = await layer.new_channel()
    await layer.group_add("live", channel)
    waiting = asyncio.create_task(layer.receive(channel))
    await asyncio.sleep(0.05)

    def send() -> None:
        time.sleep(ASLEEP)
        asyncio.run(layer.group_send("live", {"type": "live.numbered"}))

    sender = threading.Thread(target=send, daemon=True)
    began = time.monotonic()
    sender.start()
    await asyncio.wait([waiting], timeout=PATIENCE)
    waited = time.monotonic() - began
    waiting.cancel()
    await asyncio.to_thread(sender.join, LONGEST)  # what it sent is run on this loop, so do not block it
    return waited


async def test_a_message_from_another_thread_wakes_the_receiver():
    assert await seconds_until_woken(OneProcessChannelLayer()) < PATIENCE / 2


async def test_with_channels_own_layer_it_sleeps_until_something_else_wakes_the_loop():
    assert await seconds_until_woken(InMemoryChannelLayer()) >= PATIENCE


async def test_many_threads_at_once_lose_nothing():
    layer = OneProcessChannelLayer(capacity=1000)
    channel = await layer.new_channel()
    await layer.group_add("live", channel)
    waiting = asyncio.create_task(layer.receive(channel))
    await asyncio.sleep(0)

    def send(start: int) -> None:
        async def burst() -> None:
            for number in range(start, start + 50):
                await layer.group_send("live", {"type": "live.numbered", "number": number})

        asyncio.run(burst())

    # Daemons: one whose message this loop never takes would keep the interpreter from ending.
    senders = [threading.Thread(target=send, args=(first,), daemon=True) for first in range(0, 400, 50)]
    for sender in senders:
        sender.start()
    async with asyncio.timeout(LONGEST):
        numbers = [(await waiting)["number"]]
        while len(numbers) < 400:
            numbers.append((await layer.receive(channel))["number"])
    for sender in senders:  # the last word of each is said on this loop
        await asyncio.to_thread(sender.join, LONGEST)
    assert sorted(numbers) == list(range(400))
