"""One appeal, several who answer it, take it back or refund the line: it ends once, and the books are true."""

import time

import pytest
from django.db import IntegrityError

from commissions import accruals, appeal_cases, appeals, clawback, settlement
from commissions.models import Appeal, Share
from ledger import balances, proof
from merchants.errors import Conflict
from orders.facts import RefundLineFacts
from tests.people import NOON, ONBOARDING, make_guide
from tests.plans import publish_plans
from tests.races.together import together
from tests.selling import line, money_back, sold

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4
BY = {"by": ONBOARDING, "at": NOON}


@pytest.fixture
def world(transactional_db, world):
    return publish_plans(world)


@pytest.fixture
def zhou(world):
    with world.inside(world.hehe):
        return make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102")


@pytest.fixture
def appeal(world, zhou):
    """Of Lin's 9.95, which is settled."""
    order = sold(world.jingan, line(world.shirt), touches={"serving": "G101"})
    accruals.book(order)
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id], at=NOON)
        sold_line = order.lines.get()
    return appeals.appeal(line=sold_line, guide=zhou, reason="served", **BY)


def books_hold(world):
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def failures(results):
    return [result for result in results if isinstance(result, Exception)]


def purse(world, guide):
    with world.inside(world.qinglan):
        return balances.of_party(world.qinglan, guide.party)


def unguarded(monkeypatch):
    """Nobody holds the line, and everybody takes a while to move."""
    real = appeals.moving.move

    def slowly(*given, **named):
        time.sleep(0.2)
        return real(*given, **named)

    monkeypatch.setattr(appeal_cases, "lock", lambda splits: None)
    monkeypatch.setattr(appeals.moving, "move", slowly)


def decided_at_once(world, zhou, appeal):
    """Upheld by four managers together."""
    results = together(*[lambda: appeals.decide(appeal=appeal, uphold=True, amount=400, **BY)] * WORKERS)
    with world.inside(world.qinglan):
        assert Share.objects.filter(guide=zhou).count() == 1
    assert purse(world, zhou) == {"due": 400}
    books_hold(world)
    return failures(results)


def test_without_the_splits_lock_only_the_constraint_saves_the_appeal(world, zhou, appeal, monkeypatch):
    unguarded(monkeypatch)
    failed = decided_at_once(world, zhou, appeal)
    assert len(failed) == WORKERS - 1
    assert all(isinstance(failure, IntegrityError) for failure in failed)


def test_an_appeal_decided_by_many_at_once_is_decided_once(world, zhou, appeal):
    failed = decided_at_once(world, zhou, appeal)
    assert [failure.code for failure in failed] == ["appeal.decided"] * (WORKERS - 1)


def answered_while_taken_back(world, zhou, appeal):
    """(how it ended, what went wrong)"""

    def withdraw():
        time.sleep(0.1)  # headquarters has read it by now
        return appeals.withdraw(appeal=appeal, guide=zhou, **BY)

    results = together(lambda: appeals.decide(appeal=appeal, uphold=True, **BY), withdraw)
    books_hold(world)
    with world.inside(world.qinglan):
        return Appeal.objects.get().state, failures(results)


def test_without_the_splits_lock_the_database_refuses_to_end_it_twice(world, zhou, appeal, monkeypatch):
    unguarded(monkeypatch)
    state, failed = answered_while_taken_back(world, zhou, appeal)
    assert [type(failure) for failure in failed] == [IntegrityError]
    assert state == "withdrawn" and purse(world, zhou) == {}


def test_taken_back_while_it_is_answered_it_ends_as_who_came_first_said(world, zhou, appeal):
    state, failed = answered_while_taken_back(world, zhou, appeal)
    assert [type(failure) for failure in failed] == [Conflict]
    assert purse(world, zhou) == ({"due": 995} if state == "upheld" else {})


def test_a_refund_racing_the_decision_leaves_true_books(world, zhou, appeal):
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=9950))
    results = together(
        lambda: appeals.decide(appeal=appeal, uphold=True, **BY), lambda: clawback.claw(refund)
    )
    assert not failures(results)
    assert purse(world, world.lin) == {}
    assert purse(world, zhou) in ({"due": 497}, {"due": 498})
    books_hold(world)


def test_two_appeals_of_one_share_upheld_together_give_no_more_than_was_held(world, zhou, appeal):
    with world.inside(world.hehe):
        sun = make_guide(world.jingan, code="G103", name="孙敏", phone="+8613900000103")
    second = appeals.appeal(line=appeal.split.line, guide=sun, reason="served", **BY)
    results = together(
        *[
            lambda row=row: appeals.decide(appeal=row, uphold=True, amount=600, **BY)
            for row in (appeal, second)
        ]
    )
    assert [failure.code for failure in failures(results)] == ["appeal.more_than_held"]
    assert sorted([purse(world, zhou).get("due", 0), purse(world, sun).get("due", 0)]) == [0, 600]
    assert purse(world, world.lin) == {"due": 395}
    books_hold(world)
