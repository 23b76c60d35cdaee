"""Lin follows every fen of a month with each payer: what her sales brought, and what moved besides them."""

import csv
import io
from html import unescape

import pytest
from django.utils.html import strip_tags

from commissions import accruals
from commissions.adjustments import adjust
from tests.commissions.earning import EARNED, earn, give_back
from tests.people import NOON, ONBOARDING
from tests.plans import publish_plans
from tests.selling import line, sold

ENGLISH = {"headers": {"Accept-Language": "en"}}


@pytest.fixture
def world(world):
    publish_plans(world)
    earn(world)
    return world


def text(answer) -> str:
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def at(payer, month="2026-11"):
    return f"/w/earnings/statements/{payer.ref}/?month={month}"


def test_the_statement_holds_what_came_besides_sales_and_adds_up(lin, world):
    adjust(
        book=world.qinglan, payee=world.lin, kind="goodwill", amount=500, key="thanks", by=ONBOARDING, at=NOON
    )
    answer = lin.get(at(world.qinglan), **ENGLISH)
    page, told = text(answer), answer.context["told"]
    assert told.closing == EARNED + 500
    assert "Goodwill" in page and "+¥5.00" in page and "¥14.95" in page
    assert sum(line.amount for line in answer.context["lines"]) == told.credits - told.debits
    assert "Statement: every movement of the month" in text(lin.get("/w/earnings/", **ENGLISH))


def test_a_line_opens_its_sale_and_the_file_holds_every_line(lin, world):
    answer = lin.get(at(world.qinglan), **ENGLISH)
    [line] = answer.context["lines"]
    assert f'href="/w/sales/{line.order}/"' in text(answer)
    given = lin.get(at(world.qinglan) + "&format=csv", **ENGLISH)
    rows = list(csv.reader(io.StringIO(given.content.decode("utf-8-sig"), newline="")))
    assert rows[2][3] == "0.00" and rows[3][3] == "9.95" and rows[-1][3] == "9.95"


def test_a_month_before_and_one_without_anything_say_so(lin, world):
    page = text(lin.get(at(world.qinglan, "2026-10"), **ENGLISH))
    assert "Nothing moved in this month." in page and "November 2026" in page
    assert "Nothing moved in this month." in text(lin.get(at(world.hehe), **ENGLISH))


def test_a_running_month_tells_what_is_owed_now_and_how_much_of_it_cannot_be_drawn_yet(lin, world):
    accruals.book(sold(world.jingan, line(world.shirt), no="T-2", touches={"serving": "G101"}, paid_at=NOON))
    page = text(lin.get(at(world.qinglan, ""), **ENGLISH))
    assert "Balance now" in page and "¥19.90" in page and "at the end of" not in page
    assert "Payable now¥9.95Not settled yet¥9.95" in "".join(strip_tags(page).split("\n"))
    past = text(lin.get(at(world.qinglan, "2026-10"), **ENGLISH))
    assert "Balance at the end of October 2026" in past and "Not settled yet" not in past


def test_earnings_are_turned_back_month_by_month(lin, world):
    give_back(world)
    past = text(lin.get("/w/earnings/?month=2026-10", **ENGLISH))
    assert "Nothing was earned in this month." in past and "Payable to you now" not in past
    assert "?month=2026-09" in past and "?month=2026-11" in past
    assert "hx-get" not in past.partition('id="earnings"')[2].partition(">")[0]


def test_nobody_reads_a_statement_with_whom_they_have_no_purse(lin, world, client):
    assert lin.get(at(world.stranger)).status_code == 404
    client.force_login(world.chen.user)
    assert world.shirt.name not in client.get(at(world.qinglan)).content.decode()
