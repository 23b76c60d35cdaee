"""Who waits for another tab reads the clock after the wait: else the binding made meanwhile lies in the future."""

import threading
import time
from concurrent.futures import Future

import pytest
from django.db import connection, transaction
from django.utils import timezone

from flows.enrolling import enrol
from flows.joining import join_brand
from members.identity import hold, person_for
from merchants.errors import DomainError
from tests.selling import FANG, TILL

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(client) -> Future:
    """Start the client in a tab of its own, and come back when it stands in the queue."""
    future: Future = Future()

    def run() -> None:
        try:
            future.set_result(client())
        except Exception as error:
            future.set_exception(error)
        finally:
            connection.close()

    threading.Thread(target=run, daemon=True).start()
    time.sleep(0.5)
    assert not future.done(), "the person was not held"
    return future


def tab(world, **clock):
    return join_brand(
        brand=world.qinglan_brand,
        store=world.jingan,
        phone=FANG,
        name="方女士",
        consents={"membership": True, "store": True},
        guide=world.lin,
        by=TILL,
        **clock,
    )


def test_with_the_clock_read_before_the_wait_the_second_tab_is_refused(world):
    with transaction.atomic():
        hold(person_for(phone=FANG))
        second = waiting(lambda: tab(world, at=timezone.now()))
        tab(world)
    with pytest.raises(DomainError) as refusal:
        second.result(10)
    assert refusal.value.code == "binding.exists"


def test_a_tab_that_waited_finds_the_guide_of_the_one_before(world):
    with transaction.atomic():
        hold(person_for(phone=FANG))
        second = waiting(lambda: tab(world))
        first = tab(world)
    later = second.result(10)
    assert (first.is_new, later.is_new) == (True, False)
    assert later.binding == first.binding


def test_so_does_a_system_that_tells_of_the_same_member_twice(world):
    def told():
        with world.inside(world.hehe):
            return enrol(merchant=world.hehe, phone=FANG, name="方女士", guide=world.lin, by=TILL)

    with transaction.atomic():
        hold(person_for(phone=FANG))
        second = waiting(told)
        first = told()
    assert (first[1], second.result(10)) == (True, (first[0], False))
