"""Followers act in their merchant's scope, once the bell rings; a bell may be lost and a broker absent."""

import threading
import time

import pytest
from django_scopes import get_scope

from events.record import Actor, record
from events.relay import Numbered
from flows import bell, following, tasks
from tests.streaming import flow


@pytest.fixture
def follow(monkeypatch):
    monkeypatch.setattr(following, "_followers", {})
    return following.follow


def test_a_follower_acts_inside_the_scope_of_the_events_merchant(world, follow):
    acted = []

    def act(events):
        acted.append((get_scope()["merchant"], [event.subject for event in events]))

    follow("clerk", kinds={"order.paid"}, handler=act)
    for merchant in (world.hehe, world.qinglan, world.hehe):
        record(
            "order.paid",
            merchant_id=merchant.pk,
            subject=f"ord_{merchant.pk}",
            payload={},
            concerns=[],
            by=Actor.system("till"),
        )
    flow()
    told = [(world.hehe, [f"ord_{world.hehe.pk}"] * 2), (world.qinglan, [f"ord_{world.qinglan.pk}"])]
    assert acted == sorted(told, key=lambda one: one[0].pk)


def test_two_followers_cannot_share_a_place_in_the_stream(follow):
    follow("clerk", kinds={"order.paid"}, handler=print)
    with pytest.raises(ValueError, match="clerk"):
        follow("clerk", kinds={"order.refunded"}, handler=print)


@pytest.fixture
def rung(monkeypatch, follow):
    """Whom the bell woke, in order."""
    woken = []
    follow("splitting", kinds={"order.paid", "order.refunded"}, handler=print)
    follow("greeting", kinds={"member.joined"}, handler=print)
    monkeypatch.setattr(tasks.follow, "apply_async", lambda args, **how: woken.append(args[0]))
    return woken


def soon(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_the_bell_wakes_those_who_act_on_what_happened_and_nobody_else(rung):
    with bell.ringing() as ring:
        ring(Numbered(1, 1, frozenset({"order.paid"})))
        assert soon(lambda: rung == ["splitting"])
        ring(Numbered(2, 2, frozenset({"coupon.issued"})))
        ring(Numbered(3, 3, frozenset({"member.joined"})))
        assert soon(lambda: rung == ["splitting", "greeting"])


def test_a_burst_rings_each_follower_few_times_and_once_after_its_end(rung):
    with bell.ringing() as ring:
        for seq in range(1, 201):
            ring(Numbered(seq, seq, frozenset({"order.paid"})))
        assert soon(lambda: rung)
        time.sleep(3 * bell.PAUSE)
    assert 1 <= len(rung) <= 3


def test_a_broker_that_is_away_is_rung_again_and_holds_nobody_up(rung, monkeypatch, caplog):
    monkeypatch.setattr(bell, "UNREACHABLE", 0.05)
    wake, away = tasks.follow.apply_async, threading.Event()
    away.set()

    def unreliable(args, **how):
        if away.is_set():
            raise ConnectionError
        wake(args, **how)

    monkeypatch.setattr(tasks.follow, "apply_async", unreliable)
    with bell.ringing() as ring:
        before = time.monotonic()
        ring(Numbered(1, 1, frozenset({"order.paid"})))
        assert time.monotonic() - before < 0.05
        assert soon(lambda: "not reached" in caplog.text)
        away.clear()
        assert soon(lambda: rung == ["splitting"])


def test_the_clock_rings_everyone(rung, monkeypatch):
    monkeypatch.setattr(tasks.follow, "delay", rung.append)
    tasks.ring_everyone()
    assert rung == ["splitting", "greeting"]
