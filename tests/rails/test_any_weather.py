"""Whatever the rail does, in whatever order: what arrived there is what the books say, and no number goes twice."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from commissions.models import Payout, WechatAccount, WechatOrder
from commissions.payouts.wechat import receivers
from tests.people import ONBOARDING
from tests.rails.sharing import OPENID, QINGLANS, collect, owe, pay, payments_of, stands_in_all, work
from tests.rails.wechat_pay import Refusal, WeChatPay

State = Payout.State
CHENS = "oUpF8uChenYiNuo_abcdefg12345"
ROUNDS = 10


def weather(fake: WeChatPay, dice: random.Random) -> None:
    """What the rail will do to the next calls."""
    fake.lose, fake.never_hear, fake.refuse, fake.pending = 0, 0, [], dice.random() < 0.3
    fake.signs_as, fake.fail_reason = "wechat", ""
    match dice.choice(["fair", "lose", "never", "fast", "refuse", "forged", "strange", "closed", "less"]):
        case "lose":
            fake.lose = dice.randint(1, 4)
        case "never":
            fake.never_hear = dice.randint(1, 4)
        case "fast":
            fake.refuse = [Refusal(429, "FREQUENCY_LIMITED")] * 2
        case "refuse":
            fake.refuse = [Refusal(403, "NOT_ENOUGH"), Refusal(403, "RULE_LIMIT")]
        case "forged":
            fake.refuse = [Refusal(403, "NOT_ENOUGH", signed=False)]
        case "strange":
            fake.signs_as = "somebody else"
        case "closed":
            fake.fail_reason = "ACCOUNT_ABNORMAL"
        case "less":
            payment = dice.choice([*fake.payments.values()])
            payment.left = min(payment.left, dice.randint(0, 2000))


def at_once(world) -> None:
    """Nobody waits five seconds for the fake's 429."""
    with world.inside(world.hehe):
        WechatAccount.objects.update(next_call_at=timezone.now())


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_weather_what_arrived_there_is_what_the_books_say(world, fake, seed):
    dice, minutes = random.Random(seed), 0
    chen = {"kind": "PERSONAL_OPENID", "account": CHENS, "name": "陈一诺"}
    receivers.keep(payer=world.hehe, party=world.chen.party, by=ONBOARDING, **chen)
    payees = {OPENID: world.lin.party, CHENS: world.chen.party, QINGLANS: world.qinglan.party}
    collect(world, fake, *"12345678")
    sent_anew: list[str] = []
    for round_ in range(ROUNDS):
        weather(fake, dice)
        too_fast = any(refusal.status == 429 for refusal in fake.refuse)
        before = dict(fake.posted)
        for account, party in payees.items():
            if dice.random() < 0.5 and not open_of(world, party):
                owe(world, party, dice.randint(1, 9000), source=f"{round_}{account[:8]}")
                pay(world, party)
        work(world, later=timedelta(minutes=minutes))
        at_once(world)
        if too_fast:  # only what was signed as too fast may go again
            sent_anew += [number for number, n in fake.posted.items() if n > before.get(number, 0)]
        minutes += dice.choice([1, 2, 5, 12])
    clears(fake)
    for _ in range(8):
        minutes += 65
        work(world, later=timedelta(minutes=minutes))
        at_once(world)
    assert {number for number, n in fake.posted.items() if n > 1} <= set(sent_anew)
    with world.inside(world.hehe):
        payouts = list(Payout.objects.filter(rail="wechat"))
        orders = list(WechatOrder.objects.exclude(payout=None))
    assert len(payouts) >= 3
    for payout in payouts:
        there = sum(arrived(fake, order.number) for order in orders if order.payout_id == payout.pk)
        if payout.state == State.SUCCEEDED:
            assert there == payout.net
        elif payout.state in (State.FAILED, State.CREATED):
            assert there == 0
        else:  # part of it arrived, and no payment bears the rest
            assert 0 < there < payout.net and payout.state in (State.SUBMITTED, State.UNKNOWN)
    for payment in payments_of(world):
        shared = fake.payments[payment.transaction_id].shared
        assert shared <= payment.split <= payment.amount * 30 // 100
    assert stands_in_all(world)
    assert fake.faults == []


def open_of(world, party) -> bool:
    with world.inside(world.hehe):
        return Payout.objects.filter(payee=party, state__in=Payout.OPEN).exists()


def clears(fake: WeChatPay) -> None:
    fake.lose, fake.never_hear, fake.refuse, fake.signs_as, fake.fail_reason = 0, 0, [], "wechat", ""
    fake.finish()


def arrived(fake: WeChatPay, number: str) -> int:
    known = fake.numbers.get(number)
    parts = known.answer["receivers"] if known else []
    return sum(part["amount"] for part in parts if part["result"] == "SUCCESS")
