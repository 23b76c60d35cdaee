import threading
import time
from contextlib import contextmanager

import psycopg2
import pytest
from django.db import connection

from events import relay
from events.models import Event, Position
from events.record import Actor, record

TILL = Actor.system("till")


def paid(number, *, merchant_id=7, kind="order.paid", concerns=()):
    """One sale, told to the stream; inside the caller's transaction."""
    return record(
        kind,
        merchant_id=merchant_id,
        subject=f"ord_{number}",
        payload={"paid": 19900},
        concerns=concerns,
        by=TILL,
    )


def stream_of_subjects():
    return [event.subject for event in Event.objects.after(0)]


def soon(condition, *, within=5.0):
    """Whether it comes true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@contextmanager
def running_relay(*hooks):
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=(stop, hooks), name="relay under test")
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def another_session():
    """A second connection of the application's, in a transaction; undone unless the test commits it."""
    session = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    try:
        yield session
    finally:
        session.close()


INSERT = """
INSERT INTO events_event (merchant_id, kind, subject, actor_kind, actor_ref, payload, concerns, at)
VALUES (7, 'order.paid', %s, 'system', 'till', '{}', '{}', now())
"""


@pytest.fixture
def no_gap(transactional_db):
    """After the test: numbers from one up, each event once."""
    yield
    numbers = list(Position.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
