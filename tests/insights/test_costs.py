"""What sales cost and brought, from each side of a collection store, to the fen."""

import csv
import io

import pytest

from commissions import accruals, clawback
from insights import costs
from insights.costs import Costs
from insights.period import period_of
from merchants.scoping import seats
from orders.facts import RefundLineFacts, TenderFacts
from tests.people import NOON
from tests.plans import publish_plans
from tests.selling import FANG, campaign_of, coupon_for, joined, line, money_back, sold


@pytest.fixture
def receipt(world):
    """Hehe sold Qinglan's coat (899.00, less 30.00 borne 70 : 30), Mubai's tea (128.00) and its own tote (49.00); Lin
    served. Of the coat 86.90 came back."""
    publish_plans(world)
    one = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), one.member, guide=world.lin)
    order = sold(
        world.jingan, line(world.coat), line(world.tea), line(world.tote), phone=FANG, coupons=(code,),
        touches={"serving": "G101"}, tenders=(TenderFacts(place="acquirer", amount=104_600, fee=7),),
    )  # fmt: skip
    accruals.book(order)
    clawback.claw(money_back(world.hehe, RefundLineFacts(amount=8690, number=1))[0])
    return order


def told(world, user, kind) -> tuple[dict[str, Costs], Costs]:
    (seat,) = seats(user)
    period = period_of("today", merchant=seat.merchant, now=NOON)
    with world.inside(seat.merchant):
        report = costs.report(seat, period, kind=kind)
    return {row.name: row.costs for row in report.rows}, report.total


def test_the_store_s_side(world, receipt):
    """The coat: Qinglan's book. Paid 86900, 8690 back, Hehe bears 900, a tenth of it back: base 87800, of which the
    store has 20 % of 86900 and Lin 5 %; a tenth taken back. The tea: Hehe's own book."""
    rows, total = told(world, world.he, "store")
    assert list(rows) == [world.jingan.name]
    tea = Costs(sales=12800, kept=12800 - 7680 - 384, guides=384, others=7680, fees=1)
    coat = Costs(sales=78210, kept=17380 - 1738, discounts=810)
    assert (total.sales, total.kept) == (tea.sales + coat.sales + 4900, tea.kept + coat.kept + 4900)
    assert (total.others, total.discounts, total.fees) == (7680, 810, 7)
    assert total.guides == tea.guides + lins(world, receipt)
    by_brand, again = told(world, world.he, "brand")
    assert again == total and by_brand[""] == Costs(sales=4900, kept=4900)
    assert by_brand[world.mubai_brand.local_name] == tea


def lins(world, receipt) -> int:
    """What Lin has of the coat."""
    with world.inside(world.qinglan):
        (share,) = (
            receipt.splits(manager="objects")
            .get(merchant=world.qinglan)
            .shares(manager="objects")
            .filter(guide=world.lin)
        )
    return share.held


def test_the_brand_s_side_knows_its_own_line_alone(world, receipt):
    rows, total = told(world, world.gu, "brand")
    assert list(rows) == [world.qinglan_brand.local_name]
    assert total.sales == 78210 and total.discounts == 2100 - 210
    assert total.kept + total.guides + total.others == 78210 + 810, "what was paid and what Hehe bears"
    guides, _total = told(world, world.gu, "guide")
    assert guides == {world.lin.name: Costs(sales=78210, guides=lins(world, receipt))}


def test_a_guide_s_lines_from_the_employer_s_side(world, receipt):
    rows, _total = told(world, world.he, "guide")
    assert rows == {world.lin.name: Costs(sales=78210 + 12800, guides=384 + lins(world, receipt))}


def test_a_stranger_sees_nothing_and_an_empty_period_is_empty(world, receipt):
    for kind in costs.KINDS:
        assert told(world, world.wei, kind) == ({}, Costs())


def test_the_file_s_last_row_is_the_sum_of_the_others(world, receipt):
    (seat,) = seats(world.he)
    with world.inside(world.hehe):
        report = costs.report(seat, period_of("today", merchant=world.hehe, now=NOON), kind="brand")
    head, *rows, last = csv.reader(io.StringIO(costs.as_csv(report).removeprefix("\ufeff")))
    for column in range(3, len(head)):
        assert sum(round(float(row[column]) * 100) for row in rows) == round(float(last[column]) * 100)
