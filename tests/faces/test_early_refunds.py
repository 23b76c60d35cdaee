"""Headquarters: refunds told before their sale, those that wait and those that did not fit it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flows import purchase, refund
from merchants.onboarding import root_of
from merchants.roles import Role
from orders.facts import RefundFacts, RefundLineFacts
from orders.models import Order, ParkedRefund
from tests.faces.headquarters import manager_of, words
from tests.people import NOON, ONBOARDING
from tests.selling import TILL, line, money_back, sale, sold
from tests.streaming import flow

NO_SUCH_LINE = RefundLineFacts(number=9, amount=700)
WHY = "It names an article or a line that is not on the sale."


@pytest.fixture
def refused(world):
    """R-9 named a line that T-9 has not."""
    row, _is_new = money_back(world.hehe, NO_SUCH_LINE, order_no="T-9", no="R-9")
    sold(world.jingan, line(world.shirt), no="T-9")
    return row


def test_one_that_waits_stands_apart_until_its_sale_comes(world, at_desk):
    money_back(world.hehe, RefundLineFacts(number=1, amount=700), order_no="T-l", no="R-mistyped")
    he, gu = at_desk(world.he), at_desk(world.gu)
    page = words(he.get("/hq/orders/"))
    assert all(said in page for said in ("R-mistyped", "T-l", "¥7.00", "Refunds that wait for their sale"))
    assert "did not fit" not in page and "put-away" not in page
    assert "R-mistyped" not in words(gu.get("/hq/orders/")) + words(gu.get("/hq/orders/?where=partners"))
    sold(world.jingan, line(world.shirt), no="T-l")
    assert "R-mistyped" not in words(he.get("/hq/orders/"))


def test_one_that_did_not_fit_says_why_and_leads_to_its_sale(world, at_desk, refused):
    page = words(at_desk(world.he).get("/hq/orders/"))
    card = page.partition("Refunds that did not fit their sale")[2]
    assert "R-9" in card and WHY in card and "nothing was given back" in card
    assert "is not known here" not in page and "wait for their sale" not in page
    with world.inside(world.hehe):
        order = Order.objects.get(external_no="T-9")
    assert f'href="/hq/orders/{order.ref}/">T-9<' in card
    manager = at_desk(manager_of(world.hehe, world.jingan.org_unit))
    assert "R-9" not in words(manager.get("/hq/orders/")), "no store is known of one that waits"
    assert WHY in words(manager.get(f"/hq/orders/{order.ref}/"))


def test_put_away_it_leaves_the_list_and_stays_with_its_sale(world, at_desk, refused):
    he, address = at_desk(world.he), f"/hq/refunds/{refused.ref}/put-away/"
    assert address in words(he.get("/hq/orders/"))
    page = words(he.post(address, follow=True))
    assert "R-9 is put away" in page and "did not fit" not in page
    with world.inside(world.hehe):
        order = Order.objects.get(external_no="T-9")
    page = words(he.get(f"/hq/orders/{order.ref}/"))
    assert "Refunds that gave nothing back" in page and WHY in page and "Put away" in page
    flow()
    assert "A refund that did not fit T-9 was put away" in words(he.get("/hq/feed/"))
    with world.inside(world.hehe):
        auditor = at_desk(manager_of(world.hehe, root_of(world.hehe), role=Role.AUDITOR))
    assert auditor.post(address).status_code == 403
    assert at_desk(world.gu).post(address).status_code == 404


def test_one_that_waits_is_not_put_away(world, at_desk):
    row, _is_new = money_back(world.hehe, NO_SUCH_LINE, no="R-early")
    page = words(at_desk(world.he).post(f"/hq/refunds/{row.ref}/put-away/", follow=True))
    assert "The refund R-early still waits for its sale." in page
    assert row.external_no in page.partition("Refunds that wait for their sale")[2]


def test_whose_word_it_was_hears_of_it_and_the_seller_reads_it_with_its_sale(world, at_desk):
    given = {"merchant": world.hehe, "channel": "pos", "refunded_at": NOON, "lines": (NO_SUCH_LINE,)}
    facts = RefundFacts(external_no="R-brand", order_external_no="T-brand", **given)
    row, _is_new = refund.refunded(facts, by=ONBOARDING, brands_of=world.qinglan)
    he, gu = at_desk(world.he), at_desk(world.gu)
    assert "R-brand" in words(gu.get("/hq/orders/?where=partners"))
    assert "R-brand" not in words(he.get("/hq/orders/")) + words(gu.get("/hq/orders/?where=own"))
    told = sale(world.jingan, line(world.shirt), no="T-brand")
    order, _is_new = purchase.paid(told, by=TILL, brands_of=world.qinglan)
    card = words(gu.get("/hq/orders/?where=partners")).partition("did not fit their sale")[2]
    assert WHY in card and f"/hq/orders/{order.ref}/" in card
    assert he.post(f"/hq/refunds/{row.ref}/put-away/").status_code == 404
    for desk in (he, gu):
        assert WHY in words(desk.get(f"/hq/orders/{order.ref}/"))
    away = gu.post(f"/hq/refunds/{row.ref}/put-away/")
    assert away["Location"] == "/hq/orders/?where=partners"
    assert "did not fit" not in words(gu.get(away["Location"]))


def test_the_list_and_the_sale_take_as_many_statements_for_many_as_for_one(world, at_desk, refused):
    he = at_desk(world.he)

    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert he.get(path).status_code == 200
        return len(asked)

    with world.inside(world.hehe):
        ref = Order.objects.get(external_no="T-9").ref
    pages = ("/hq/orders/", f"/hq/orders/{ref}/")
    before = [statements(page) for page in pages]
    with world.inside(world.hehe):
        row = ParkedRefund.objects.get()
        for n in range(3):
            row.pk, row.ref, row.external_no = None, f"prk_{n}", f"R-9-{n}"
            row.save(force_insert=True)
    assert [statements(page) for page in pages] == before
