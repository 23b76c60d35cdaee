"""The money follows the sale by the stream: once, whatever is lost, repeated or killed in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from commissions import accruals, batches, settlement
from commissions.models import Settlement, SettlementItem, Share, Split
from commissions.reconciliation import looking
from events.models import Event
from flows import following
from flows import settlement as flow_settlement
from ledger import balances, proof
from merchants.models import Merchant
from orders.facts import RefundLineFacts
from tests.commissions.closing import booked, carried, chens
from tests.plans import publish_plans
from tests.selling import line, money_back, sold
from tests.streaming import flow

SERVED = {"serving": "G101"}


@pytest.fixture
def world(world):
    return publish_plans(world)


def standing(world):
    """Every account of the three books; and that they hold."""
    found = {}
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds
            found[merchant.name] = {str(b.account): b.amount for b in balances.of_book(merchant) if b.amount}
    return found


def test_a_sale_is_in_the_guides_purse_once_the_stream_has_flowed(world):
    sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED)
    flow()
    with world.inside(world.hehe):
        assert balances.of_party(world.hehe, world.lin.party) == {"due": 384}
    with world.inside(world.qinglan):
        assert balances.of_party(world.qinglan, world.lin.party) == {"due": 995}
    kinds = set(Event.objects.filter(subject=world.lin.ref).values_list("kind", flat=True))
    assert {"commission.booked", "commission.settled"} <= kinds


def test_a_refund_mirrors_the_shares(world):
    sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED)
    flow()
    money_back(world.hehe, RefundLineFacts(number=1, amount=19900), RefundLineFacts(number=2, amount=12800))
    flow()
    assert all(not accounts for accounts in standing(world).values())


def test_reading_the_whole_stream_again_changes_nothing(world):
    for n in range(3):
        sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED, no=f"T-{n}")
    money_back(world.hehe, RefundLineFacts(number=1, amount=500), order_no="T-1")
    flow()
    before, items = standing(world), count(world)
    for follower in map(following.named, following.everyone()):
        again = replace(follower, lane=replace(follower.lane, reader=f"{follower.lane.reader}, again"))
        assert again.catch_up() or follower.lane.of > 1
    assert (standing(world), count(world)) == (before, items)


def count(world):
    with world.inside(world.hehe):
        return Split.party.count(), Share.party.count(), SettlementItem.objects.count()


def test_a_worker_that_died_after_booking_has_left_the_settling_to_the_next(world):
    order = sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED)
    accruals.book(order)
    flow()
    with world.inside(world.hehe):
        assert not Split.party.open().exists()
        assert settlement.settle_t0(orders=[order.id]) == []
    standing(world)


def test_the_sweeper_finds_what_the_stream_never_told(world, monkeypatch):
    order = sold(world.jingan, line(world.shirt), touches=SERVED)
    booked = sold(world.jingan, line(world.tea), touches=SERVED, no="T-2")
    accruals.book(booked)
    money_back(world.hehe, RefundLineFacts(number=1, amount=100))
    assert flow_settlement.sweep() == 0  # the stream gets its time first
    monkeypatch.setattr(flow_settlement, "PATIENCE", timedelta(minutes=-1))
    assert flow_settlement.sweep() == 3
    assert flow_settlement.sweep() == 0
    with world.inside(world.hehe):
        assert not Split.party.open().exists()
        assert sum(Share.party.filter(split__order=order).values_list("clawed", flat=True)) == 100
    standing(world)


def test_what_somebody_booked_and_left_is_settled_with_what_is_booked_now(world):
    left, fresh = (sold(world.jingan, line(world.shirt), touches=SERVED, no=f"T-{n}") for n in range(2))
    accruals.book(left)
    with world.inside(world.hehe):
        flow_settlement.book_and_settle([left.id, fresh.id], seller=world.hehe)
        assert not Split.party.open().exists()
    with world.inside(world.qinglan):
        assert [settled.lines for settled in Settlement.objects.all()] == [2]
    standing(world)


def test_one_order_that_fails_does_not_stop_the_sweep(world, monkeypatch, caplog):
    bad, _good = (sold(world.jingan, line(world.shirt), no=f"T-{n}", touches=SERVED) for n in range(2))
    monkeypatch.setattr(flow_settlement, "PATIENCE", timedelta(minutes=-1))
    real = accruals.book_all

    def book_all(order_ids, **given):
        if order_ids == [bad.id]:
            raise ValueError("a line nobody foresaw")
        return real(order_ids, **given)

    monkeypatch.setattr(accruals, "book_all", book_all)
    assert flow_settlement.sweep() == 1
    assert "ValueError" in caplog.text and "foresaw" not in caplog.text
    standing(world)


def test_the_clock_looks_at_bills_and_one_book_that_fails_keeps_no_other_from_it(world, monkeypatch):
    entry = settings.CELERY_BEAT_SCHEDULE["look-at-bills"]
    assert entry["task"] == flow_settlement.look_at_bills.name
    real = looking.look_again
    seen = []

    def look(*, merchant, by):
        if merchant == world.mubai:
            raise RuntimeError
        seen.append((merchant, by.kind))
        return real(merchant=merchant, by=by)

    monkeypatch.setattr(looking, "look_again", look)
    assert flow_settlement.look_at_bills() == Merchant.objects.count() - 1
    assert (world.qinglan, "system") in seen


def test_the_clock_rings_the_sweeper():
    entry = settings.CELERY_BEAT_SCHEDULE["sweep-commissions"]
    assert entry["task"] == flow_settlement.sweep.name


def test_the_beat_closes_every_books_day_and_one_that_cannot_close_keeps_no_other_from_it(world, monkeypatch):
    carried(world)
    booked(world, "T-1", at=timezone.now() - timedelta(days=2))
    real = batches.close

    def close(book, **given):
        if book == world.hehe:
            raise ValueError("hehe cannot close")
        return real(book, **given)

    monkeypatch.setattr(batches, "close", close)
    assert flow_settlement.close_days() == Merchant.objects.count() - 1
    assert chens(world) == {"due": 640}
    monkeypatch.undo()
    assert flow_settlement.close_days() == Merchant.objects.count()
    assert chens(world) == {"due": 640}


def test_large_sales_are_booked_a_few_at_a_time(world, monkeypatch):
    """Two lines each, paid at once: three of them are more than one go takes."""
    monkeypatch.setattr(flow_settlement, "PARTS", 4)
    orders = [sold(world.jingan, line(world.shirt), line(world.tea), no=f"T-{n}") for n in range(3)]
    with world.inside(world.hehe):
        gone = list(flow_settlement._in_batches([order.id for order in orders]))
        assert gone == [[orders[0].id, orders[1].id], [orders[2].id]]
        flow_settlement.book_and_settle([order.id for order in orders], seller=world.hehe)
        assert Split.party.count() == 6
    standing(world)
