"""From a sale told over the API to a guide paid; what the database keeps; what the clock rings."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from commissions.models import Payout
from commissions.payouts.wechat import accounts, orders, payments, rail, receivers
from flows import rails
from merchants.errors import DomainError
from orders.facts import TenderFacts
from tests.faces.merchant_system import MerchantSystem
from tests.rails.sharing import OPENID, SHIRT, collect, now_of, orders_of, owe, pay, payments_of, work
from tests.rails.signing import credentials
from tests.selling import line, sold

State = Payout.State


def told(world, **changed):
    """A shirt, sold at Jing'an an hour ago and paid by WeChat Pay, as a till tells it."""
    tender = {"place": "psp", "amount": SHIRT, "transaction": "4200009001"} | changed
    return {
        "store": world.jingan.ref,
        "channel": "pos",
        "external_no": "A-1",
        "paid_at": (timezone.now() - timedelta(hours=1)).isoformat(),
        "lines": [{"sku": world.shirt.ref, "quantity": 1}],
        "tenders": [tender],
    }


def test_a_sale_told_with_its_transaction_is_what_a_guide_is_paid_from(world, fake):
    till = MerchantSystem(world.hehe)
    answer = till.post("/orders", told(world))
    assert answer.status_code == 201, answer.json()
    assert answer.json()["tenders"][0]["transaction"] == "4200009001"
    fake.pays("4200009001", SHIRT)
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    work(world)
    assert now_of(world, payout).state == State.SUCCEEDED
    assert fake.payments["4200009001"].left == SHIRT - 1000


@pytest.mark.parametrize(
    "wrong",
    [{"place": "cash"}, {"transaction": "4200 0090"}, {"transaction": "4" * 33}, {"transaction": "四二"}],
)
def test_a_transaction_that_cannot_be_one_is_refused(world, wrong):
    tender = TenderFacts(**{"place": "psp", "amount": SHIRT, "transaction": "4200009001"} | wrong)
    with pytest.raises(DomainError, match="order.tender_invalid"):
        sold(world.jingan, line(world.shirt), tenders=(tender,))


def test_a_payment_told_by_two_sales_is_taken_in_once(world, fake):
    collect(world, fake, "1")
    again = TenderFacts(place="psp", amount=SHIRT, transaction="42000000001")
    sold(world.jingan, line(world.shirt), no="W-1 again", tenders=(again,))
    assert (payments.take_in(world.hehe), payments.take_in(world.hehe)) == (1, 0)
    assert [payment.amount for payment in payments_of(world)] == [SHIRT]


def test_a_payment_in_two_parts_of_one_sale_is_one_payment(world, fake):
    parts = tuple(TenderFacts(place="psp", amount=n, transaction="42X") for n in (SHIRT - 900, 900))
    sold(world.jingan, line(world.shirt), tenders=parts)
    payments.take_in(world.hehe)
    assert [payment.amount for payment in payments_of(world)] == [SHIRT]


def test_the_clock_rings_for_who_has_an_account_and_a_task_carries_ids_only(world, fake, monkeypatch):
    rung = []
    monkeypatch.setattr(rails.work_rail, "delay", lambda **given: rung.append(given))
    assert rails.ring_rails() == 1
    assert rung == [{"rail": "wechat", "merchant_id": world.hehe.pk}]
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    payout = pay(world)
    assert rails.work_rail(**rung[0]) == 1
    assert now_of(world, payout).state == State.SUCCEEDED


def test_one_payout_that_cannot_be_worked_stops_none_of_the_others(world, fake, monkeypatch):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    owe(world, world.qinglan.party, 1000)
    broken, whole = pay(world), pay(world, world.qinglan.party, amount=1000)
    real = orders._call

    def call(order, client):
        if order.payout_id == broken.pk:
            raise RuntimeError("its receiver was tampered with")
        return real(order, client)

    monkeypatch.setattr(orders, "_call", call)
    work(world)
    assert now_of(world, whole).state == State.SUCCEEDED
    assert now_of(world, broken).state == State.SUBMITTED  # claimed: asked about from now on


def test_a_rail_that_is_down_holds_the_worker_for_three_calls(world, fake):
    collect(world, fake, *"123456")
    payout = pay(world, world.qinglan.party, amount=30_000)  # six parts
    known = receivers.receiver_of(world.qinglan.party, payer=world.hehe)
    receivers.add(known, client=accounts.client_of(accounts.account_of(world.hehe)))
    fake.never_hear = 100
    for round_ in (1, 2):
        before = len(fake.calls)
        work(world, later=timedelta(seconds=round_))
        assert len([call for call in fake.calls[before:] if "/orders" in call]) == rail.SILENT
    assert {order.state for order in orders_of(world, payout)} == {"unknown"}
    assert now_of(world, payout).state == State.UNKNOWN


def test_no_log_tells_a_key_an_openid_or_a_name(world, fake, caplog):
    caplog.set_level(logging.DEBUG)
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    pay(world)
    fake.lose = 2
    for minutes in range(0, 8, 2):
        work(world, later=timedelta(minutes=minutes))
    assert "/v3/profitsharing/orders" in caplog.text
    mine = credentials()
    told = [OPENID, "林小雨", mine.apiv3_key, *mine.private_key.splitlines()[1:-1], "signature="]
    assert [secret for secret in told if secret in caplog.text] == []


STATEMENTS = [
    "UPDATE commissions_wechatorder SET state = 'ready'",
    "UPDATE commissions_wechatorder SET amount = amount + 1",
    "UPDATE commissions_wechatorder SET number = 'other'",
    "DELETE FROM commissions_wechatorder",
    "UPDATE commissions_wechatpayment SET transaction_id = 'other'",
    "UPDATE commissions_wechatpayment SET amount = 1",
    "UPDATE commissions_wechatpayment SET split = amount + 1",
    "UPDATE commissions_wechatpayment SET requests = 0",
    "DELETE FROM commissions_wechatpayment",
    "UPDATE commissions_wechatreceiver SET account_hash = 'other'",
    "UPDATE commissions_wechatreceiver SET added_at = NULL",
    "DELETE FROM commissions_wechatreceiver",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_was_sent_and_where_stands_in_the_database(world, fake, statement):
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    pay(world)
    work(world)
    assert len(orders_of(world)) == 1
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
