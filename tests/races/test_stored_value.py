"""64 clients, one programme, stored value for one of them: never below zero."""

import time

import pytest
from django.db import IntegrityError

from members import programmes
from members.models import Programme
from orders.facts import TenderFacts
from orders.models import Order
from tests.people import NOON
from tests.races.together import codes, together
from tests.selling import TILL, line, sold

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 64
PRICE = 4_900  # of the tote


@pytest.fixture
def card(transactional_db, world):
    card = programmes.register(merchant=world.hehe, code="card", name="和合储值卡", by=TILL)
    programmes.top_up(programme=card, external_no="U-1", paid=PRICE, place="cash", by=TILL, at=NOON)
    return card


def spent_at_once(world, clients):
    tender = TenderFacts(place="stored", amount=PRICE, programme="card")

    def buy(number):
        return lambda: sold(world.jingan, line(world.tote), no=f"T-{number}", tenders=(tender,))

    results = together(*[buy(number) for number in range(clients)])
    with world.inside(world.hehe):
        return results, Programme.objects.get().outstanding, Order.objects.count()


def without_the_lock(monkeypatch):
    def unlocked(wanted):
        found = dict(Programme.objects.filter(code__in=list(wanted)).values_list("code", "outstanding"))
        time.sleep(0.5)
        return found

    monkeypatch.setattr(programmes, "hold", unlocked)


def test_without_lock_and_check_more_is_spent_than_there_was(world, card, owner, monkeypatch):
    without_the_lock(monkeypatch)
    check, cursor = (
        "ALTER TABLE members_programme {} CONSTRAINT programme_never_below_zero {}",
        owner.cursor(),
    )
    cursor.execute(check.format("DROP", ""))
    try:
        _results, left, sales = spent_at_once(world, 4)
        assert (left, sales) == (-3 * PRICE, 4)
    finally:
        cursor.execute("UPDATE members_programme SET outstanding = 0")
        cursor.execute(check.format("ADD", "CHECK (outstanding >= 0)"))


def test_without_the_lock_the_check_alone_holds(world, card, monkeypatch):
    without_the_lock(monkeypatch)
    results, left, sales = spent_at_once(world, 4)
    failed = [result for result in results if isinstance(result, Exception)]
    assert (left, sales, len(failed)) == (0, 1, 3)
    assert all(isinstance(failure, IntegrityError) for failure in failed)


def test_of_64_clients_one_spends_the_last_fen(world, card):
    results, left, sales = spent_at_once(world, CLIENTS)
    assert (left, sales) == (0, 1)
    assert codes(results) == ["order.stored_value_short"] * (CLIENTS - 1)
