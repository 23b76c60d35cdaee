"""What a guide, a seller and a brand read of the same sale, in both languages."""

from datetime import date

import pytest
from django.utils import translation

from commissions import accruals, clawback, settlement
from commissions.earnings import Period, for_guide
from commissions.explain import shares_of
from commissions.preview import PreviewLine, estimate
from orders.facts import RefundLineFacts
from tests.people import LATER, NOON
from tests.selling import FANG, joined, line, money_back, sold

TODAY = date(2026, 11, 20)
NOVEMBER = Period.month_of(TODAY)
SERVED = {"serving": "G101"}


@pytest.fixture
def world(plans_published):
    with translation.override("en"):
        yield plans_published


def sell(world, *lines, settle=True, **given):
    order = sold(world.jingan, *lines, touches=SERVED, **given)
    accruals.book(order)
    if settle:
        with world.inside(world.hehe):
            settlement.settle_t0(orders=[order.id], at=LATER)
    return order


def test_a_guide_follows_every_fen(world):
    sell(world, line(world.shirt), line(world.tea), no="T-1")
    sell(world, line(world.shirt), no="T-2", settle=False)
    earned = for_guide(world.lin, NOVEMBER, today=TODAY)
    assert (earned.today, earned.total, earned.pending, earned.settled) == (2374, 2374, 995, 1379)
    assert [(row.order_no, row.brand, row.held, row.settled) for row in earned.lines] == [
        ("T-2", "Qinglan", 995, False),
        ("T-1", "Mubai", 384, True),
        ("T-1", "Qinglan", 995, True),
    ]
    assert earned.lines[0].reason == "Served this sale: 5%."
    assert for_guide(world.chen, NOVEMBER, today=TODAY).lines == []


def test_a_refund_shows_in_the_line_it_took_from(world):
    sell(world, line(world.shirt))
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=19900))
    clawback.claw(refund)
    earned = for_guide(world.lin, NOVEMBER, today=TODAY)
    assert (earned.total, earned.lines[0].amount, earned.lines[0].clawed) == (0, 995, 995)


def test_the_list_goes_on_page_by_page(world):
    for n in range(3):
        sell(world, line(world.shirt), no=f"T-{n}")
    first = for_guide(world.lin, NOVEMBER, today=TODAY, limit=2)
    rest = for_guide(world.lin, NOVEMBER, today=TODAY, limit=2, before=first.lines[-1].id)
    assert [row.order_no for row in first.lines + rest.lines] == ["T-2", "T-1", "T-0"]
    assert (first.has_more, rest.has_more) == (True, False)


def test_last_month_is_another_period(world):
    sell(world, line(world.shirt))
    assert for_guide(world.lin, Period.month_of(date(2026, 10, 31)), today=TODAY).total == 0
    assert Period.month_of(date(2024, 2, 10)) == Period(date(2024, 2, 1), date(2024, 2, 29))


def test_the_seller_sees_all_lines_and_each_brand_only_its_own(world):
    order = sell(world, line(world.shirt), line(world.tea))

    def seen(merchant):
        return [explained.line for explained in shares_of(order, merchant=merchant)]

    assert seen(world.hehe) == [1, 2]
    assert seen(world.qinglan) == [1]
    assert seen(world.mubai) == [2]
    assert seen(world.stranger) == []


def test_a_line_is_explained_payee_by_payee(world):
    order = sell(world, line(world.shirt))
    explained = shares_of(order, merchant=world.qinglan)[0].as_json()
    assert (explained["principal"], explained["base"], explained["state"]) == (
        world.qinglan.ref,
        19900,
        "settled",
    )
    assert [(s["role"], s["name"], s["claim"], s["amount"], s["reason"]) for s in explained["shares"]] == [
        ("store", "和合集合店", "3980/1", 3980, "20% by the commission plan."),
        ("guide", "林小雨", "995/1", 995, "Served this sale: 5%."),
        ("residual", "青岚服饰", "14925/1", 14925, "What is left after everybody else's share."),
    ]


def test_losers_are_told_why(world):
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    order = sold(world.jingan, line(world.shirt), phone=FANG, touches={"sharing": "G101"})
    accruals.book(order)
    guide = shares_of(order, merchant=world.hehe)[0].shares[1]
    assert guide.reason == "Own guide of this member, inside the protection period: 5%."
    assert guide.losers == []  # Lin shared it too, and has not lost to herself


def test_an_estimate_is_what_the_sale_then_brings(world):
    given = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    lines = [
        PreviewLine(world.qinglan_brand, 19900),
        PreviewLine(world.mubai_brand, 12800),
        PreviewLine(None, 4900),
    ]
    expected = estimate(lines, store=world.jingan, guide=world.lin, member=given.channel_member, at=NOON)
    assert [part.amount for part in expected.lines] == [995, 384, 0]
    sell(world, line(world.shirt), line(world.tea), line(world.tote), phone=FANG)
    assert for_guide(world.lin, NOVEMBER, today=TODAY).total == expected.total == 1379
    assert expected.lines[0].reasons == ["Own guide of this member, inside the protection period: 5%."]
