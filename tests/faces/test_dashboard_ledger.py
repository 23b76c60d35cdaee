"""Every sum of the ledger is opened: what moved on the account, from what, and what stood after each."""

import csv
import io

import pytest
from django.urls import reverse

from commissions import accruals, clawback
from members import programmes
from orders.facts import RefundLineFacts, RefundTenderFacts, TenderFacts
from tests.faces.headquarters import words
from tests.people import NOON, renewed
from tests.plans import publish_plans
from tests.selling import TILL, line, money_back, sold


@pytest.fixture
def order(world, now):
    """Qinglan's account took 200.00 for its shirt and Mubai's tea; 6.00 of it went back on the tea. It also took 50.00
    for stored value."""
    publish_plans(world)
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    tenders = (
        TenderFacts(place="psp", amount=20000, collector=world.qinglan.ref, fee=420),
        TenderFacts(place="cash", amount=12700),
    )
    order = sold(world.jingan, line(world.shirt), line(world.tea), tenders=tenders, no="T-420")
    accruals.book(order)
    back = RefundLineFacts(number=2, amount=600, tenders=(RefundTenderFacts(number=1, amount=600),))
    refund, _is_new = money_back(world.hehe, back, order_no="T-420", refunded_at=NOON)
    clawback.claw(refund)
    card = programmes.register(merchant=world.qinglan, code="card", name="青岚卡", by=TILL)
    programmes.top_up(programme=card, external_no="U-7", paid=5000, place="psp", by=TILL, at=NOON)
    return order


def test_a_fee_is_traced_to_its_sale_and_the_movements_come_to_the_sum(world, at_desk, order):
    gu = at_desk(world.gu)
    ledger = gu.get(reverse("ledger"))
    total = next(row for row in ledger.context["totals"] if row.code == "held:psp")
    link = reverse("ledger_account", args=["held:psp"])
    assert f'href="{link}"' in words(ledger) and total.amount == -(20000 - 420 - 600 + 5000)
    page = gu.get(link)
    rows, told = page.context["rows"], page.context["told"]
    assert (told.opening, told.debits, told.credits) == (0, total.debits, total.credits)
    assert rows[0].balance == told.closing == total.amount
    for newer, older in zip(rows, rows[1:], strict=False):
        assert newer.balance - newer.amount == older.balance
    assert rows[-1].balance == rows[-1].amount
    fees = [row for row in rows if row.word == "Payment fees"]
    assert sum(row.credit for row in fees) == 420
    assert {(row.route, row.ref) for row in fees} == {("order", order.ref)}
    back = next(row for row in rows if row.credit == 600)
    assert (back.about, back.route, back.ref) == ("T-420", "order", order.ref), "the tea is not its own"
    assert {row.about for row in fees} == {"T-420, line 1", "T-420"}
    stored = next(row for row in rows if row.debit == 5000)
    assert (stored.about, stored.route) == ("U-7", "programme")
    assert gu.get(reverse("programme", args=[stored.ref])).status_code == 200
    assert f'href="{reverse("order", args=[order.ref])}"' in words(page)
    assert page.context["told"].opening == 0
    before = gu.get(link, {"month": "2026-10"}).context
    assert before["rows"] == [] and before["told"].closing == 0
    text = gu.get(link, {"format": "csv"}).content.decode("utf-8-sig")
    amounts = [round(float(row[3]) * 100) for row in list(csv.reader(io.StringIO(text)))[2:]]
    assert amounts == [0, *(row.amount for row in reversed(rows)), told.closing]


def test_an_account_of_somebody_is_opened_by_whose_it_is_and_only_in_ones_own_book(world, at_desk, order):
    gu, hehe = at_desk(world.gu), world.hehe.party.ref
    listed = words(gu.get(reverse("ledger"), {"account": "pending"}))
    link = reverse("ledger_account", args=["pending"])
    assert f'href="{link}?party={hehe}"' in listed
    assert "和合集合店" in words(gu.get(link, {"party": hehe}))
    assert gu.get(link).status_code == 404
    assert gu.get(reverse("ledger_account", args=["held:nowhere"])).status_code == 404
    wei = at_desk(world.wei)
    assert wei.get(link, {"party": hehe}).status_code == 404
    assert wei.get(reverse("ledger_account", args=["held:psp"])).status_code == 404


def test_movements_go_on_page_after_page(world, at_desk, order, monkeypatch):
    gu, link = at_desk(world.gu), reverse("ledger_account", args=["held:psp"])
    whole = gu.get(link).context["rows"]
    monkeypatch.setattr("dashboard.views.ledger.SIZE", 2)
    rows, cursor = [], ""
    while cursor is not None:
        page = gu.get(link, {"before": cursor}).context
        rows += page["rows"]
        cursor = page["older"]
    assert rows == whole and len(whole) > 4
