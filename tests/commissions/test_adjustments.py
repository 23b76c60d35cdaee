"""Goodwill and write-offs by hand: told once, on the book's own account, mirrored between merchants."""

import pytest

from commissions import adjustments, clawback, settlement
from commissions.models import Adjustment
from events.models import Event
from ledger import balances, proof
from merchants.errors import Conflict, DomainError
from orders.facts import RefundLineFacts
from tests.commissions.tiered import booked
from tests.people import LATER, ONBOARDING
from tests.selling import money_back


@pytest.fixture
def world(plans_published):
    return plans_published


def adjust(world, amount, *, payee=None, kind="goodwill", key="A-1", book=None):
    return adjustments.adjust(
        book=book or world.qinglan,
        payee=payee or world.lin,
        amount=amount,
        kind=kind,
        key=key,
        by=ONBOARDING,
        at=LATER,
    )


def lins(world):
    with world.inside(world.qinglan):
        return balances.of_party(world.qinglan, world.lin.party)


def books_hold(world):
    for merchant in (world.qinglan, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def owing(world):
    """Lin was paid for a shirt that came back: she owes 995."""
    order = booked(world, "T-1")
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id], at=LATER)
    adjust(world, -995, key="A-paid")  # her purse is empty
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=19_900))
    clawback.claw(refund)
    assert lins(world) == {"owed": -995}


def test_goodwill_is_due_at_once_and_told_once(world):
    assert adjust(world, 500) == adjust(world, 500)
    assert lins(world) == {"due": 500}
    books_hold(world)
    assert Event.objects.filter(kind="commission.adjusted").count() == 1
    with world.inside(world.qinglan):
        assert Adjustment.objects.count() == 1
    with pytest.raises(Conflict, match="key_reused"):
        adjust(world, 501)


def test_goodwill_taken_back_empties_the_purse_and_the_rest_is_owed(world):
    adjust(world, 500)
    adjust(world, -700, key="A-2")
    assert lins(world) == {"owed": -200}
    books_hold(world)


def test_goodwill_to_a_merchant_is_mirrored(world):
    adjust(world, 500, payee=world.hehe)
    adjust(world, -700, payee=world.hehe, key="A-2")
    with world.inside(world.qinglan):
        assert balances.of_party(world.qinglan, world.hehe.party) == {"due": -200}
    with world.inside(world.hehe):
        assert balances.of_party(world.hehe, world.qinglan.party) == {"due": 200}
    books_hold(world)


def test_what_is_owed_may_be_given_up_but_no_more(world):
    owing(world)
    adjust(world, 900, kind="write_off")
    assert lins(world) == {"owed": -95}
    with pytest.raises(DomainError, match="not_owed") as refusal:
        adjust(world, 96, kind="write_off", key="A-2")
    assert refusal.value.extra == {"owed": 95}
    with pytest.raises(DomainError, match="not_owed"):
        adjust(world, 1, payee=world.hehe, kind="write_off", key="A-3")
    books_hold(world)


def test_an_adjustment_moves_something_to_somebody_else(world):
    for given in ({"amount": 0}, {"amount": -5, "kind": "write_off"}, {"amount": 5, "payee": world.qinglan}):
        with pytest.raises(DomainError, match="nothing"):
            adjust(world, **given)
    with world.inside(world.qinglan):
        assert not Adjustment.objects.exists()
