"""Shares go by WeChat Pay once, within the rail's rules; what is not known is asked, never sent again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions.models import Payout, WechatOrder
from commissions.payouts.wechat import accounts, orders, payments, receivers
from orders.facts import RefundLineFacts
from tests.commissions.earning import stands
from tests.rails.sharing import (
    MOST,
    OPENID,
    collect,
    now_of,
    orders_of,
    owe,
    pay,
    payments_of,
    work,
)
from tests.rails.wechat_pay import Refusal
from tests.selling import money_back

State, Order = Payout.State, WechatOrder.State
MINUTES = timedelta(minutes=1)


def test_a_guide_is_paid_from_what_shoppers_paid_and_the_rail_knows_her_by_her_sealed_name(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    assert work(world) == 1
    payout = now_of(world, payout)
    assert (payout.state, payout.net) == (State.SUCCEEDED, 1000)
    assert fake.receivers == {OPENID: "林小雨"}
    (part,) = orders_of(world, payout)
    assert (part.number, part.amount, part.state) == (f"{payout.number}-1", 1000, Order.SUCCEEDED)
    assert fake.numbers[part.number].answer["order_id"] == part.rail_number
    assert stands(world, world.hehe, world.lin.party) == {}
    assert stands(world, world.hehe)["held:psp"] == -19900 - 1000 + 1000
    assert fake.faults == []


def test_a_payout_larger_than_the_cap_of_one_payment_is_laid_over_several_the_oldest_first(world, fake):
    collect(world, fake, "1", "2", "3")
    owe(world, world.lin.party, 2 * MOST + 1)
    payout = pay(world)
    work(world)
    assert now_of(world, payout).state == State.SUCCEEDED
    parts = [(part.payment.transaction_id, part.amount) for part in orders_of(world, payout)]
    assert parts == [("42000000001", MOST), ("42000000002", MOST), ("42000000003", 1)]
    assert [payment.split for payment in payments_of(world)] == [MOST, MOST, 1]


def test_the_cap_is_asked_of_the_rail_and_what_does_not_fit_under_it_waits_unsent(world, fake):
    fake.cap = 500
    collect(world, fake, "1")
    owe(world, world.lin.party, 996)
    payout = pay(world)
    work(world)
    assert now_of(world, payout).state == State.CREATED
    assert fake.posted == {}
    assert accounts.account_of(world.hehe).cap_ppm == 50_000
    fake.cap = 501
    work(world, later=timedelta(hours=2))
    assert now_of(world, payout).state == State.SUCCEEDED


def test_without_a_known_cap_nothing_is_sent(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 100)
    payout = pay(world)
    fake.signs_as = "somebody else"
    work(world)
    assert (now_of(world, payout).state, fake.posted) == (State.CREATED, {})


def test_what_a_shopper_got_back_is_not_split(world, fake):
    collect(world, fake, "1")
    back = RefundLineFacts(number=1, amount=10_000)
    money_back(world.hehe, back, order_no="W-1", no="R-1", refunded_at=timezone.now())
    account, thirty_percent = accounts.account_of(world.hehe), 2970  # of 99.00
    work(world)
    assert payments.room_of(account) == thirty_percent
    owe(world, world.lin.party, thirty_percent + 1)
    payout = pay(world)
    work(world)
    assert (now_of(world, payout).state, orders_of(world)) == (State.CREATED, [])


@pytest.mark.parametrize("lost", ["lose", "never_hear"])
def test_an_answer_that_is_lost_is_asked_for_by_the_same_number_and_nothing_is_sent_again(world, fake, lost):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    receivers.add(receivers.receiver_of(world.lin.party, payer=world.hehe), client=client_of(world))
    setattr(fake, lost, 1)
    work(world)
    assert now_of(world, payout).state == State.UNKNOWN
    assert stands(world, world.hehe, world.lin.party) == {"transit": 1000}
    work(world)  # too early to ask
    work(world, later=2 * MINUTES)
    if lost == "lose":
        assert now_of(world, payout).state == State.SUCCEEDED
    else:
        assert now_of(world, payout).state == State.UNKNOWN  # it may still be on its way
        work(world, later=12 * MINUTES)
        failed = now_of(world, payout)
        assert (failed.state, failed.reason) == (State.FAILED, "RESOURCE_NOT_EXISTS 记录不存在")
        assert stands(world, world.hehe, world.lin.party) == {"due": 1000}
        assert [payment.split for payment in payments_of(world)] == [0]
    assert sum(fake.posted.values()) == (lost == "lose")


def client_of(world):
    return accounts.client_of(accounts.account_of(world.hehe))


def test_a_worker_that_died_after_its_claim_left_a_number_to_ask_about(world, fake, monkeypatch):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)

    def dies(order, client):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(orders, "_call", dies)
        work(world)
    (part,) = orders_of(world, payout)
    assert (part.state, now_of(world, payout).state) == (Order.SENT, State.SUBMITTED)
    work(world)
    work(world, later=2 * MINUTES)
    assert (fake.posted, now_of(world, payout).state) == ({}, State.UNKNOWN)
    work(world, later=12 * MINUTES)
    assert (fake.posted, now_of(world, payout).state) == ({}, State.FAILED)


def test_a_turn_that_comes_too_late_is_not_taken(world, fake, monkeypatch):
    """Else a number that was given up could still arrive."""
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    monkeypatch.setattr(orders, "SIGNED_WITHIN", -1)
    work(world)
    assert (fake.posted, now_of(world, payout).state) == ({}, State.UNKNOWN)


def test_a_share_that_is_worked_on_waits_for_its_end(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    fake.pending = True
    work(world)
    assert now_of(world, payout).state == State.SUBMITTED
    work(world, later=2 * MINUTES)
    assert now_of(world, payout).state == State.SUBMITTED
    fake.finish()
    work(world, later=4 * MINUTES)
    assert now_of(world, payout).state == State.SUCCEEDED
    assert set(fake.posted.values()) == {1}


@pytest.mark.parametrize(
    "refusal", [Refusal(403, "RULE_LIMIT", "分账比例超限"), Refusal(403, "NOT_ENOUGH", "分账金额不足")]
)
def test_a_refusal_makes_it_due_again_with_the_rails_words(world, fake, refusal):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    client_adds(world)
    fake.refuse = [refusal]
    work(world)
    failed = now_of(world, payout)
    assert (failed.state, failed.reason) == (State.FAILED, f"{refusal.code} {refusal.message}")
    assert stands(world, world.hehe, world.lin.party) == {"due": 1000}
    (payment,) = payments_of(world)
    assert (payment.split, payment.finished_at is not None) == (0, refusal.code == "NOT_ENOUGH")


def client_adds(world):
    assert (
        receivers.add(receivers.receiver_of(world.lin.party, payer=world.hehe), client=client_of(world))
        is None
    )


def test_a_refusal_that_nobody_signed_is_no_refusal(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    client_adds(world)
    fake.refuse = [Refusal(403, "NOT_ENOUGH", "forged", signed=False)]
    work(world)
    assert now_of(world, payout).state == State.UNKNOWN


@pytest.mark.parametrize("knob", [{"signs_as": "somebody else"}, {"ages": 301}, {"ages": -301}])
def test_an_answer_signed_by_another_or_too_old_is_no_answer(world, fake, knob):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    client_adds(world)
    work(world, later=-timedelta(days=2))  # the cap is known; the shopper had not paid
    for name, value in knob.items():
        setattr(fake, name, value)
    work(world)
    assert now_of(world, payout).state == State.UNKNOWN
    for name in knob:
        setattr(fake, name, "wechat" if name == "signs_as" else 0)
    work(world, later=2 * MINUTES)
    assert now_of(world, payout).state == State.SUCCEEDED
    assert set(fake.posted.values()) == {1}


def test_a_receiver_that_the_rail_refuses_fails_the_payout_before_anything_is_shared(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    fake.refuse = [Refusal(400, "INVALID_REQUEST", "姓名与账号不符")]
    work(world)
    failed = now_of(world, payout)
    assert (failed.state, failed.reason) == (State.FAILED, "INVALID_REQUEST 姓名与账号不符")
    assert failed.submitted_at is None and fake.posted == {}


def test_the_part_that_was_refused_is_laid_again_elsewhere_under_another_number(world, fake):
    collect(world, fake, "1", "2")
    owe(world, world.lin.party, MOST + 30)
    payout = pay(world)
    client_adds(world)
    fake.payments["42000000001"].left = 10  # the shopper was given money back at the rail
    work(world)
    assert now_of(world, payout).state == State.SUBMITTED
    parts = [(part.number[-2:], part.amount, part.state) for part in orders_of(world, payout)]
    assert parts == [("-1", MOST, Order.CLOSED), ("-2", 30, Order.SUCCEEDED)]
    work(world)  # nothing else bears it: it waits, and does not fail, for a person keeps what arrived
    assert now_of(world, payout).state == State.SUBMITTED
    collect(world, fake, "3")
    work(world)
    work(world)
    assert now_of(world, payout).state == State.SUCCEEDED
    assert sum(part.amount for part in orders_of(world, payout, state="succeeded")) == MOST + 30
    assert set(fake.posted.values()) == {1}


def test_too_fast_is_not_refused_the_same_number_goes_when_its_turn_comes(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    client_adds(world)
    fake.refuse = [Refusal(429, "FREQUENCY_LIMITED", "频率超限")]
    work(world)
    (part,) = orders_of(world, payout)
    assert (part.state, now_of(world, payout).state) == (Order.READY, State.SUBMITTED)
    assert accounts.account_of(world.hehe).next_call_at > timezone.now() + timedelta(seconds=3)
    with world.inside(world.hehe):
        accounts.WechatAccount.objects.update(next_call_at=timezone.now())
    work(world)
    assert now_of(world, payout).state == State.SUCCEEDED


def test_no_merchant_is_asked_more_than_thirty_times_a_second(world, fake):
    client, account = client_of(world), accounts.account_of(world.hehe)
    fake.a_second = 31
    for _ in range(45):
        assert client.cap().status == 200
    took = fake.moments[-1] - fake.moments[0]
    assert took >= 44 / accounts.A_SECOND - 0.05
    assert account.next_call_at <= timezone.now()
