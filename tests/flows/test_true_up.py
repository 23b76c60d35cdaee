"""A month of tiers is trued up by itself, once its last day has closed and everything of it is settled."""

from datetime import UTC, date, datetime, timedelta

import pytest

from commissions import accruals, clawback, plans, settlement, trueup
from commissions.models import TrueUp
from commissions.splitting import Term
from flows.settlement import close_day
from ledger import proof
from merchants.errors import Conflict
from orders.facts import RefundLineFacts
from tests.people import LONG_AGO, NOON, ONBOARDING
from tests.selling import line, money_back, sold

NOVEMBER = date(2026, 11, 1)
TIERS = [Term(1, "guide", tiers=((0, 30_000), (20_000, 100_000))), Term(99, "residual", None)]
CAPPED = [Term(1, "guide", 50_000, period_cap=10_000), Term(99, "residual", None)]


def on_december(day: int) -> datetime:
    return datetime(2026, 12, day, 4, tzinfo=UTC)


def traded(world, rules=TIERS, *, settle=True):
    """Two shirts, the first of which came back: the second had stood in the dear tier, and now does not."""
    plans.publish(
        brand=world.qinglan_brand,
        mode="central",
        rules=rules,
        effective_from=LONG_AGO,
        at=LONG_AGO,
        by=ONBOARDING,
    )
    for n in (1, 2):
        order = sold(
            world.jingan,
            line(world.shirt),
            no=f"T-{n}",
            touches={"serving": "G101"},
            paid_at=NOON + timedelta(hours=n),
        )
        accruals.book(order)
        if settle:
            with world.inside(world.hehe):
                settlement.settle_t0(orders=[order.id], at=NOON)
    back = RefundLineFacts(number=1, amount=19900)
    refund, _new = money_back(world.hehe, back, order_no="T-1", refunded_at=NOON + timedelta(hours=5))
    clawback.claw(refund)


def rows(world):
    with world.inside(world.qinglan):
        return list(TrueUp.objects.all())


def test_closing_days_trues_the_month_up_some_days_after_its_end_once(world):
    traded(world)
    for day in (1, 3):
        close_day(world.qinglan, now=on_december(day))
        assert rows(world) == []
    close_day(world.qinglan, now=on_december(4))
    [row] = rows(world)
    assert (row.period, row.total, row.entitled) == (NOVEMBER, 19900, 597)
    assert row.booked == 100 * 3 // 100 + 19800 * 10 // 100 and row.adjustment < 0
    close_day(world.qinglan, now=on_december(5))
    assert rows(world) == [row]
    with world.inside(world.qinglan):
        assert proof.trial_balance(world.qinglan).holds


def test_a_month_waits_for_its_last_line_to_be_settled(world):
    traded(world, settle=False)
    assert trueup.due_months(world.qinglan, now=on_december(10)) == []
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[split.order_id for split in _splits(world)], at=NOON)
    assert trueup.due_months(world.qinglan, now=on_december(10)) == [NOVEMBER]


def test_a_month_of_caps_alone_is_never_due(world):
    traded(world, CAPPED)
    assert trueup.due_months(world.qinglan, now=on_december(10)) == []
    close_day(world.qinglan, now=on_december(10))
    assert rows(world) == []


def test_a_month_that_runs_is_not_trued_up(world):
    traded(world)
    with pytest.raises(Conflict, match="period_open"):
        trueup.true_up_month(book=world.qinglan, month=NOVEMBER, at=NOON)


def _splits(world):
    with world.inside(world.qinglan):
        return list(trueup.Split.objects.all())
