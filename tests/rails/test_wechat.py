"""Shares go by WeChat Pay once, within the rail's rules; what is not known is asked, never sent again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions.models import Payout, WechatOrder
from commissions.payouts.wechat import accounts, orders, payments, receivers, returning
from merchants.errors import Conflict, DomainError
from orders.facts import RefundLineFacts
from tests.commissions.earning import books_hold, stands
from tests.people import ONBOARDING
from tests.rails.sharing import (
    BY,
    MOST,
    OPENID,
    QINGLANS,
    collect,
    now_of,
    orders_of,
    owe,
    pay,
    payments_of,
    work,
)
from tests.rails.wechat_pay import Refusal, credentials
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


def test_what_was_shared_to_a_merchant_comes_back_when_asked(world, fake):
    collect(world, fake, "1", "2", "3", shirts=3)
    payout = pay(world, world.qinglan.party, amount=20_000)
    work(world)
    payout = now_of(world, payout)
    assert (payout.state, fake.receivers[QINGLANS]) == (State.SUCCEEDED, "青岚服饰有限公司")
    before = stands(world, world.hehe, world.qinglan.party)["due"]
    made = returning.ask_back(payout, **BY)
    assert [order.amount for order in made] == [3 * MOST, 20_000 - 3 * MOST]
    with pytest.raises(Conflict, match="wechat.nothing_to_ask_back"):
        returning.ask_back(payout, **BY)
    fake.lose = 1
    work(world)
    assert now_of(world, payout).state == State.SUCCEEDED  # half of it is back, of half nothing is known
    fake.finish()
    work(world, later=2 * MINUTES)
    assert now_of(world, payout).state == State.RETURNED
    assert stands(world, world.hehe, world.qinglan.party)["due"] == before + 20_000
    books_hold(world)
    assert set(fake.posted.values()) == {1}


def test_what_was_shared_to_a_person_is_not_asked_back(world, fake):
    collect(world, fake, "1")
    owe(world, world.lin.party, 100)
    payout = pay(world)
    work(world)
    with pytest.raises(DomainError, match="wechat.person_keeps"):
        returning.ask_back(now_of(world, payout), **BY)


def test_what_was_not_split_is_unfrozen_after_the_merchants_days_and_then_left_alone(world, fake):
    collect(world, fake, "1")
    work(world)
    assert not fake.payments["42000000001"].unfrozen
    work(world, later=timedelta(days=30))
    (unfreeze,) = orders_of(world)
    assert (unfreeze.kind, unfreeze.state) == ("unfreeze", Order.SUCCEEDED)
    assert fake.payments["42000000001"].unfrozen
    owe(world, world.lin.party, 100)
    payout = pay(world)
    work(world)
    assert (now_of(world, payout).state, len(fake.numbers)) == (State.CREATED, 1)


def test_a_merchant_that_signs_for_itself_has_no_cap_to_ask_and_keeps_the_standard_one(world, fake):
    with world.inside(world.hehe):
        accounts.WechatAccount.objects.all().delete()
    accounts.keep(merchant=world.hehe, credentials=credentials(sub_mchid=""), **BY)
    collect(world, fake, "1")
    owe(world, world.lin.party, MOST)
    payout = pay(world)
    work(world)
    assert now_of(world, payout).state == State.SUCCEEDED
    assert not [call for call in fake.calls if "merchant-configs" in call]
    assert "sub_mchid" not in fake.numbers[f"{payout.number}-1"].body


class TestWhatIsKept:
    def test_the_keys_are_sealed_and_stand_in_no_text(self, world):
        account, mine = accounts.account_of(world.hehe), credentials()
        for name in ("private_key", "apiv3_key"):
            assert getattr(mine, name).encode() not in bytes(getattr(account, f"{name}_sealed"))
            assert getattr(mine, name) not in repr(mine)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"mchid": "12"},
            {"apiv3_key": "short"},
            {"private_key": "no key"},
            {"public_key": "none"},
            {"serial": "not hex"},
            {"public_key_id": "x"},
            {"appid": ""},
        ],
    )
    def test_what_is_no_key_is_refused_with_its_field(self, world, wrong):
        with pytest.raises(DomainError, match="wechat_account.invalid") as refusal:
            accounts.keep(merchant=world.hehe, credentials=credentials(**wrong), **BY)
        assert refusal.value.field == next(iter(wrong))

    def test_the_number_stays_once_shares_were_sent_under_it(self, world, fake):
        collect(world, fake, "1")
        owe(world, world.lin.party, 100)
        pay(world)
        work(world)
        accounts.keep(merchant=world.hehe, credentials=credentials(appid="wx1234567890"), **BY)
        with pytest.raises(DomainError, match="wechat_account.in_use"):
            accounts.keep(merchant=world.hehe, credentials=credentials(sub_mchid="1900000110"), **BY)

    def test_a_guide_needs_an_openid_and_a_merchant_its_number(self, world):
        lin, qinglan = world.lin.party, world.qinglan.party
        good = {"payer": world.hehe, "name": "林小雨", "by": ONBOARDING}
        for party, kind, account in [
            (lin, "MERCHANT_ID", "1900000777"),
            (qinglan, "PERSONAL_OPENID", OPENID),
            (lin, "PERSONAL_OPENID", "short"),
            (qinglan, "MERCHANT_ID", "19000007x7"),
            (lin, "PERSONAL_SUB_OPENID", OPENID),
        ]:
            with pytest.raises(DomainError, match="wechat_receiver.invalid"):
                receivers.keep(party=party, kind=kind, account=account, **good)
