"""What is kept for WeChat Pay, what is asked back, and what is unfrozen."""

from datetime import timedelta

import pytest

from commissions.models import Payout, WechatOrder
from commissions.payouts.wechat import accounts, receivers, returning
from merchants.errors import Conflict, DomainError
from tests.commissions.earning import books_hold, stands
from tests.people import ONBOARDING
from tests.rails.sharing import BY, MOST, OPENID, QINGLANS, collect, now_of, orders_of, owe, pay, work
from tests.rails.signing import credentials

State, Order = Payout.State, WechatOrder.State
MINUTES = timedelta(minutes=1)


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
