"""From commit to the open page, through the relay, the channel layer, the hub and a socket."""

import asyncio
import json
import threading
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.test import Client

from config.sockets import websockets
from events import relay
from events.record import record
from notifications import consumers, live
from tests.notifications.conftest import TILL, TOLD
from tests.people import make_world

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def everybody(transactional_db):
    with transaction.atomic():
        world = make_world()
    relay.number_now()
    return world


@pytest.fixture(autouse=True)
async def hub():
    """This test's event loop has a hub of its own, and the layer forgets the sockets of the last one."""
    await get_channel_layer().flush()
    yield
    await live.hub().close()


@pytest.fixture
def relaying():
    stop = threading.Event()

    def run():
        with live.publishing() as publish:
            relay.run(stop, [publish])

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join(10)


def sign_in(user):
    client = Client()
    client.force_login(user)
    return client


class Page(ApplicationCommunicator):
    """An open page's socket. (Channels' own communicator wants a server we do not use.)"""

    accepted = False

    async def open(self):
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout=5)
        self.accepted = answer["type"] == "websocket.accept"

    async def hear(self, timeout=3):
        return json.loads((await self.receive_output(timeout))["text"])

    async def subjects(self, count):
        """Of the next so many events, in the order they came."""
        got = []
        while len(got) < count:
            got += (await self.hear())["events"]
        return [event["subject"] for event in got]

    async def close(self):
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(timeout=5)


@asynccontextmanager
async def page(client, *, origin="http://localhost", path="/ws/live/"):
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = [(b"origin", origin.encode()), (b"cookie", cookies.encode())]
    socket = Page(websockets, {"type": "websocket", "path": path, "query_string": b"", "headers": headers})
    await socket.open()
    yield socket
    await socket.close()


def tell(merchant, subject, *concerns):
    with transaction.atomic():
        record(
            "order.paid", merchant_id=merchant.pk, subject=subject, payload=TOLD, concerns=concerns, by=TILL
        )
    connection.close()


async def test_a_committed_event_reaches_the_open_pages_of_its_merchant_and_no_other(everybody, relaying):
    clients = [await sync_to_async(sign_in)(user) for user in (everybody.gu, everybody.gu, everybody.wei)]
    async with page(clients[0]) as desktop, page(clients[1]) as phone, page(clients[2]) as stranger:
        for number in range(20):
            await sync_to_async(tell)(everybody.qinglan, f"ord_{number}")
        expected = [f"ord_{number}" for number in range(20)]
        assert await desktop.subjects(20) == await phone.subjects(20) == expected
        assert await stranger.receive_nothing(timeout=0.2)


async def test_a_guide_hears_of_what_concerns_that_guide_only(everybody, relaying):
    client = await sync_to_async(sign_in)(everybody.lin.user)
    async with page(client) as phone:
        await sync_to_async(tell)(everybody.hehe, "ord_colleague", "gui_colleague")
        await sync_to_async(tell)(everybody.hehe, "ord_lin", everybody.lin.ref)
        assert await phone.subjects(1) == ["ord_lin"]


async def test_nobody_without_a_sign_in_and_no_foreign_page_gets_a_socket(everybody):
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(Client()) as anonymous:
        assert not anonymous.accepted
    async with page(client, origin="https://elsewhere.example") as foreign:
        assert not foreign.accepted
    async with page(client, path="/ws/shop/qinglan/") as staff_as_shopper:
        assert not staff_as_shopper.accepted


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/live", "/ws/shop/no slug/", "/ws/live/more/"])
async def test_a_socket_at_no_address_is_closed_without_a_fault(everybody, path):
    client = await sync_to_async(sign_in)(everybody.gu)
    headers = [(b"origin", b"http://localhost"), (b"cookie", client.cookies.output(header="").encode())]
    socket = Page(websockets, {"type": "websocket", "path": path, "query_string": b"", "headers": headers})
    await socket.send_input({"type": "websocket.connect"})
    assert await socket.receive_output(timeout=5) == {"type": "websocket.close", "code": 4404}
    await socket.wait(timeout=5)


async def test_messages_lost_on_the_way_are_read_from_the_stream(everybody, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(client) as desktop:
        await sync_to_async(tell)(everybody.qinglan, "ord_silent")
        await sync_to_async(relay.number_now)()
        assert await desktop.subjects(1) == ["ord_silent"]


async def test_a_message_behind_a_gap_brings_what_is_missing_first_and_nothing_twice(everybody):
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(client) as desktop:
        at = live.hub().seq
        for number in (1, 2, 3):
            await sync_to_async(tell)(everybody.qinglan, f"ord_{number}")
        await sync_to_async(relay.number_now)()
        third = await sync_to_async(live._read)(at + 2, at + 3)
        message = {"type": "live.numbered", "after": at + 2, "last": at + 3, "events": third}
        for _ in range(2):
            await get_channel_layer().group_send(live.GROUP, message)
        assert await desktop.subjects(3) == ["ord_1", "ord_2", "ord_3"]
        assert await desktop.receive_nothing(timeout=0.2)


async def test_a_hub_far_behind_tells_the_pages_to_ask_the_feed(everybody, monkeypatch):
    monkeypatch.setattr(live, "LAG", 2)
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(client) as desktop:
        for number in range(4):
            await sync_to_async(tell)(everybody.qinglan, f"ord_{number}")
        await sync_to_async(relay.number_now)()
        message = await desktop.hear()
        assert (message["events"], message["more"]) == ([], True)


async def test_a_socket_too_slow_is_told_to_ask_the_feed_and_costs_no_memory():
    subscriber = live.Subscriber(live.Audience())
    for number in range(live.ROOM + 1):
        subscriber.offer(f"frame {number}", number)
    assert subscriber.frames.qsize() == 1
    assert subscriber.frames.get_nowait() == '{"events":[],"last":256,"more":true}'


async def test_a_session_that_ended_ends_the_push(everybody, monkeypatch):
    monkeypatch.setattr(consumers, "RENEWAL", 0.1)
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(client) as desktop:
        alive = await desktop.hear()
        assert (alive["events"], alive["more"]) == ([], False)
        await sync_to_async(client.logout)()
        async with asyncio.timeout(5):
            while (message := await desktop.receive_output())["type"] != "websocket.close":
                pass
        assert message["code"] == consumers.SIGNED_OUT


async def test_the_hub_forgets_a_page_that_closed(everybody):
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(client):
        assert live.hub()._index
    assert not live.hub()._index
    assert not live.hub()._subscribers


async def test_a_layer_that_is_away_costs_the_relay_nothing(everybody, relaying, monkeypatch, caplog):
    monkeypatch.setattr(live, "HEARTBEAT", 0.3)

    async def away(*message):
        raise ConnectionError

    monkeypatch.setattr(get_channel_layer(), "group_send", away)
    client = await sync_to_async(sign_in)(everybody.gu)
    async with page(client) as desktop:
        await sync_to_async(tell)(everybody.qinglan, "ord_unsent")
        assert await desktop.subjects(1) == ["ord_unsent"], "the hub found it by itself"
    assert "a push was not sent (ConnectionError)" in caplog.text
