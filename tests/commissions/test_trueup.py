"""A month of tiers: provisional while it runs, worked once more when it is over, once."""

import itertools
from datetime import timedelta

import pytest

from commissions import accruals, clawback, settlement, trueup
from commissions.models import RunningTotal, Share, TrueUp
from commissions.splitting import Term
from events.models import Event
from ledger import balances, proof
from merchants.errors import Conflict
from orders.facts import RefundLineFacts
from tests.commissions.tiered import (
    FIRST_OF_DECEMBER,
    NOVEMBER,
    TIERS,
    amounts,
    booked,
    published,
    total,
    trued_up,
)
from tests.people import LATER, NOON, renewed
from tests.selling import line, money_back, sold

GUIDE = Term(1, "guide", tiers=TIERS)


def refund(world, order, amount, *, no="R-1"):
    back = RefundLineFacts(number=1, amount=amount)
    kept, _is_new = money_back(world.hehe, back, order_no=order.external_no, no=no)
    clawback.claw(kept)


def settle(world, *orders):
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id for order in orders], at=LATER)


def lins(world, book=None):
    with world.inside(book or world.qinglan):
        return balances.of_party(book or world.qinglan, world.lin.party)


def books_hold(world):
    for merchant in (world.qinglan, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def test_a_tier_is_crossed_inside_a_line(world):
    published(world, GUIDE)
    first, second = booked(world, "T-1"), booked(world, "T-2", hours=1)
    assert amounts(world, first) == [597]
    assert amounts(world, second) == [303 + 490]  # 101.00 at 3 %, 98.00 at 5 %
    with world.inside(world.hehe):
        why = Share.party.get(split__order=second, role="guide").why
    assert why["slices"] == [[0, "10100", 30_000], [30_000, "9800", 50_000]]
    assert total(world) == (39_800, 597 + 793)


def test_the_lines_of_one_batch_see_each_other(world):
    published(world, GUIDE)
    order = sold(world.jingan, line(world.shirt), line(world.shirt), touches={"serving": "G101"})
    accruals.book(order)
    assert amounts(world, order) == [597, 793]


def test_a_plan_without_tiers_or_caps_keeps_no_totals(plans_published):
    world = plans_published
    order = booked(world, "T-1")
    with world.inside(world.qinglan):
        assert not RunningTotal.objects.exists()
    with world.inside(world.hehe):
        assert not Share.party.filter(split__order=order).exclude(running=None).exists()


def test_each_payee_has_a_total_of_its_own_month(world):
    published(world, GUIDE, Term(2, "store", tiers=TIERS))
    booked(world, "T-1")
    booked(world, "T-2", hours=-24 * 30)  # in October
    with world.inside(world.qinglan):
        rows = RunningTotal.objects.order_by("period", "role").values_list("role", "payee", "basis_ppm")
    lin, hehe = world.lin.party_id, world.hehe.party_id
    assert [(role, payee) for role, payee, _basis in rows] == [("guide", lin), ("store", hehe)] * 2
    assert {basis for _role, _payee, basis in rows} == {19_900_000_000}


def test_a_refund_lowers_the_months_total_and_claws_at_the_shares_own_rate(world):
    published(world, GUIDE)
    orders = [booked(world, f"T-{n}", hours=n) for n in range(3)]
    refund(world, orders[0], 19_900)
    assert total(world) == (39_800, 793 + 995)
    assert amounts(world, booked(world, "T-9", hours=4)) == [995]
    refund(world, orders[2], 9_950, no="R-2")
    assert total(world) == (59_700 - 9_950, 793 + 995 + 995 - 497)


def test_the_true_up_takes_back_what_the_month_was_not_worth(world):
    published(world, GUIDE)
    orders = [booked(world, "T-1"), booked(world, "T-2", hours=1)]
    settle(world, *orders)
    refund(world, orders[0], 19_900)
    assert lins(world) == {"due": 793}
    (row,) = trued_up(world)
    assert (row.total, row.entitled, row.booked, row.adjustment) == (19_900, 597, 793, -196)
    assert lins(world) == {"due": 597}
    books_hold(world)
    assert Event.objects.filter(kind="commission.trued_up").count() == 2  # Qinglan's, and Lin's employer's


def test_it_happens_once(world):
    published(world, GUIDE)
    orders = [booked(world, "T-1"), booked(world, "T-2", hours=1)]
    settle(world, *orders)
    refund(world, orders[0], 19_900)
    assert trued_up(world) == trued_up(world)
    with world.inside(world.qinglan):
        assert TrueUp.objects.count() == 1
    assert lins(world) == {"due": 597}
    with world.inside(world.qinglan):
        assert not RunningTotal.objects.filter(trued_up_at=None).exists()


def test_a_refund_after_it_claws_at_its_own_rate_and_reopens_nothing(world):
    published(world, GUIDE)
    orders = [booked(world, "T-1"), booked(world, "T-2", hours=1)]
    settle(world, *orders)
    assert trued_up(world)[0].adjustment == 0
    before = total(world)
    refund(world, orders[0], 19_900)
    assert lins(world) == {"due": 793}
    assert total(world) == before
    assert trued_up(world)[0].adjustment == 0


def test_a_month_that_still_runs_is_not_trued_up(world):
    published(world, GUIDE)
    booked(world, "T-1")
    with pytest.raises(Conflict, match=r"true_up\.period_open"):
        trued_up(world, at=NOON)
    assert trued_up(world, at=FIRST_OF_DECEMBER)


def test_a_months_time_comes_when_late_sales_have_had_theirs_and_all_is_settled(world):
    """A role that only a cap looks at has nothing to be trued up."""
    published(world, GUIDE, Term(2, "store", 10_000, period_cap=100))
    order = booked(world, "T-1")
    third = FIRST_OF_DECEMBER + timedelta(days=3)
    assert trueup.due_months(world.qinglan, now=third) == [], "a line of it waits to be settled"
    settle(world, order)
    assert trueup.due_months(world.qinglan, now=third - timedelta(days=1)) == []
    assert trueup.due_months(world.qinglan, now=third) == [NOVEMBER]
    (row,) = trueup.true_up_month(book=world.qinglan, month=NOVEMBER, at=third)
    assert row.role == "guide"
    assert trueup.due_months(world.qinglan, now=third) == []


def test_an_empty_purse_owes_the_difference(world):
    published(world, GUIDE)
    orders = [booked(world, "T-1"), booked(world, "T-2", hours=1)]
    refund(world, orders[0], 19_900)  # nothing is settled yet: nothing is due
    assert trued_up(world)[0].adjustment == -196
    assert lins(world) == {"pending": 793, "owed": -196}
    books_hold(world)


def test_sales_that_came_out_of_order_are_put_right_upwards(world):
    """The plan changed at LATER; the sale before it came after, and stood in the tier of the one behind it."""
    published(world, GUIDE)
    steep = Term(1, "guide", tiers=((0, 10_000), (30_000, 90_000)))
    published(world, steep, effective_from=LATER, at=NOON)
    late = booked(world, "T-2", hours=2)
    early = booked(world, "T-1", hours=0)
    assert (amounts(world, late), amounts(world, early)) == ([199], [793])
    (row,) = trued_up(world)
    assert row.entitled == 597 + 101 + 882
    assert lins(world) == {"pending": 992, "due": row.adjustment} == {"pending": 992, "due": 588}
    books_hold(world)


@pytest.mark.parametrize("up", [True, False])
def test_who_is_paid_through_the_employer_is_trued_up_through_the_employer(world, up):
    renewed(world.qinglan_at_jingan, guide_pay="employer")
    published(world, GUIDE)
    if up:
        published(
            world, Term(1, "guide", tiers=((0, 10_000), (30_000, 90_000))), effective_from=LATER, at=NOON
        )
    orders = [booked(world, "T-2", hours=2), booked(world, "T-1", hours=0)]
    settle(world, *orders)
    if not up:
        refund(world, orders[0], 19_900)
    before = lins(world, world.hehe).get("due", 0)
    (row,) = trued_up(world)
    assert (row.adjustment > 0) == up and row.adjustment
    assert lins(world) == {}
    assert lins(world, world.hehe) == {"due": before + row.adjustment}
    books_hold(world)


def test_a_merchants_tiers_are_trued_up_on_both_sides(world):
    published(world, Term(1, "store", tiers=TIERS))
    orders = [booked(world, "T-1"), booked(world, "T-2", hours=1)]
    settle(world, *orders)
    refund(world, orders[0], 19_900)
    (row,) = trued_up(world, payee=world.hehe.party)
    assert row.adjustment == -196
    books_hold(world)
    with world.inside(world.hehe):
        adjusted = {b.account.code: b.amount for b in balances.of_book(world.hehe)}["own:adjust"]
    assert adjusted == -196


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_whatever_order_they_came_the_month_comes_to_the_same(world, order):
    published(world, GUIDE)
    orders = {n: booked(world, f"T-{n}", hours=n) for n in order}
    refund(world, orders[order[1]], 19_900)
    refund(world, orders[order[0]], 5_000, no="R-2")
    (row,) = trued_up(world)
    assert row.entitled == 900 + (59_700 - 24_900 - 30_000) // 20
    with world.inside(world.qinglan):
        standing = sum(balances.of_party(world.qinglan, world.lin.party).values())
    assert standing == row.entitled
