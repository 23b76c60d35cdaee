"""Two workers, one order to the rail; two workers, one payout; two notices: shared once."""

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet

from commissions.models import Payout, WechatOrder, WechatPayment
from commissions.payouts import answers
from commissions.payouts.wechat import orders, payments, rail
from ledger import accounts
from tests.plans import publish_plans
from tests.races.together import codes, together
from tests.rails.sharing import MOST, collect, now_of, orders_of, owe, pay, payments_of, stand, work
from tests.rails.test_notices import number, tell
from tests.rails.wechat_pay import serving

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


@pytest.fixture
def fake(settings):
    with serving() as fake:
        settings.WECHAT_PAY_URL = fake.url
        yield fake


@pytest.fixture
def world(transactional_db, world, fake):
    world = publish_plans(world)
    stand(world)
    collect(world, fake, "1", "2")
    owe(world, world.lin.party, 1000)
    return world


@pytest.fixture
def unclaimed(monkeypatch):
    """Each looks whether it is ready, and then writes that it is sent."""

    def looks_first(order, *, at):
        ready = WechatOrder.objects.filter(pk=order.pk, state="ready").exists()
        time.sleep(0.3)
        WechatOrder.objects.filter(pk=order.pk).update(state="sent", sent_at=at)
        return ready

    def claim(order, *, at):
        with orders.acting_for(order.merchant):
            return looks_first(order, at=at)

    monkeypatch.setattr(orders, "claim", claim)


def sent_at_once(world, fake):
    """The payout is laid; then everybody works."""
    payout = pay(world)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(orders, "send", lambda order, **given: None)
        work(world)
    fake.delay = 0.3
    assert codes(together(*[lambda: work(world)] * WORKERS)) == []
    return now_of(world, payout)


def test_without_the_claim_one_number_is_sent_by_several(world, fake, unclaimed):
    payout = sent_at_once(world, fake)
    assert fake.posted[number(payout)] > 1


def test_a_number_is_sent_once_however_many_work(world, fake):
    payout = sent_at_once(world, fake)
    assert fake.posted == {number(payout): 1}
    assert payout.state == Payout.State.SUCCEEDED


def begun_at_once(world):
    payout = pay(world)
    assert codes(together(*[lambda: work(world)] * WORKERS)) == []
    return now_of(world, payout)


@pytest.fixture
def slow_lay(monkeypatch):
    real = payments.lay

    def slowly(payout, **given):
        time.sleep(0.3)
        return real(payout, **given)

    monkeypatch.setattr(payments, "lay", slowly)


@pytest.fixture
def unlocked(monkeypatch):
    """Nobody holds the payout's purse or row while it is submitted and laid."""

    def row_of(payout):
        row = Payout.objects.select_related(*answers.NAMED).get(pk=payout.pk)
        time.sleep(0.3)
        return row

    monkeypatch.setattr(accounts, "lock", lambda account_ids: None)
    monkeypatch.setattr(answers, "_locked", row_of)


def test_without_the_payouts_lock_only_the_database_keeps_it_from_being_laid_twice(
    world, fake, unlocked, monkeypatch
):
    monkeypatch.setattr(rail, "_through", lambda step: step())  # it would log what failed
    payout = pay(world)
    results = together(*[lambda: work(world)] * WORKERS)
    assert [type(result) for result in results if isinstance(result, Exception)] == [IntegrityError] * 3
    assert [order.amount for order in orders_of(world, payout)] == [1000]


def test_a_payout_is_laid_once_however_many_begin(world, fake, slow_lay):
    payout = begun_at_once(world)
    assert [order.amount for order in orders_of(world, payout)] == [1000]
    assert [payment.split for payment in payments_of(world)] == [1000, 0]
    assert payout.state == Payout.State.SUCCEEDED


def two_for_one_room(world, monkeypatch):
    """Two payouts, each of which would fill what both payments bear, laid by two workers at the same moment."""
    owe(world, world.qinglan.party, 2 * MOST, source="more")
    first = pay(world, amount=1000)
    second = pay(world, world.qinglan.party, amount=2 * MOST - 500)
    mine = iter([first, second])
    real = rail._payouts

    def one_each(sender, *states, **given):
        return [next(mine)] if states == (Payout.State.CREATED,) else real(sender, *states, **given)

    monkeypatch.setattr(rail, "_payouts", one_each)
    together(lambda: work(world), lambda: work(world))
    return [now_of(world, payout).state for payout in (first, second)]


def test_without_the_payments_lock_more_is_split_than_the_cap_lets(world, fake, monkeypatch, slow_lay):
    real = WechatPayment.save

    def slowly(payment, **given):
        time.sleep(0.6)
        real(payment, **given)

    with monkeypatch.context() as patched:
        patched.setattr(QuerySet, "select_for_update", lambda rows, **given: rows)
        patched.setattr(WechatPayment, "save", slowly)
        two_for_one_room(world, patched)
    with world.inside(world.hehe):
        laid = sum(WechatOrder.objects.values_list("amount", flat=True))
    assert laid == 1000 + 2 * MOST - 500


def test_the_room_of_payments_is_given_once(world, fake, monkeypatch, slow_lay):
    assert sorted(two_for_one_room(world, monkeypatch)) == ["created", "succeeded"]
    assert all(payment.split <= MOST for payment in payments_of(world))
    assert all(shared.shared <= MOST for shared in fake.payments.values())
    assert set(fake.posted.values()) == {1}


def test_the_notice_and_the_answer_end_it_once(world, fake):
    payout = pay(world)
    fake.pending = True
    work(world)
    told = [fake.notice(number(payout), notice_id="N-1") for _ in range(2)]
    fake.finish()
    later = timedelta(minutes=2)
    results = together(
        lambda: tell(world, *told[0]), lambda: tell(world, *told[1]), lambda: work(world, later=later)
    )
    assert [result.status_code for result in results[:2]] == [204, 204]
    assert now_of(world, payout).state == Payout.State.SUCCEEDED
