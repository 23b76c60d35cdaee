"""Headquarters: stores, the search, and what a list may cost."""

import pytest

from tests.faces.headquarters import words
from tests.selling import campaign_of, coupon_for, joined, line, sold
from tests.streaming import flow

AS_FRAGMENT = {"HX-Request": "true"}
MOST_QUERIES = 12  # a list page, its session, user and seat among them


def test_search_finds_stores_orders_and_whole_coupon_codes(world, at_desk, receipt):
    gu, he = at_desk(world.gu), at_desk(world.he)
    assert "和合静安店" in words(gu.get("/hq/search/", {"q": "jing an"}))
    found = words(gu.get("/hq/search/", {"q": receipt.external_no}))
    assert f"/hq/orders/{receipt.ref}/" in found and f"/hq/stores/{world.jingan.ref}/" not in found
    member = joined(world.qinglan_brand, world.jingan).member
    _coupon, code = coupon_for(
        campaign_of(world.qinglan, world.qinglan_brand, name="另一张"), member, key="claim-2"
    )
    typed = f"{code[:4]} {code[4:8]}-{code[8:]}"
    assert "另一张" in words(gu.get("/hq/search/", {"q": typed}))
    assert "Nothing fits" in words(he.get("/hq/search/", {"q": typed}))


def test_a_store_s_page_says_who_is_there_and_what_it_sold(world, at_desk, receipt):
    own = words(at_desk(world.he).get(f"/hq/stores/{world.jingan.ref}/"))
    assert "林小雨" in own and "¥1,046.00" in own and "Mubai" in own
    partner = words(at_desk(world.gu).get(f"/hq/stores/{world.jingan.ref}/"))
    assert "林小雨" in partner and "¥869.00" in partner
    assert "1,046" not in partner and "木白" not in partner and "Mubai" not in partner


def test_after_a_contract_s_end_the_store_stays_with_what_was_sold_but_not_who_is_there(
    world, at_desk, receipt
):
    gu = at_desk(world.gu)
    gu.post(f"/hq/contracts/{world.qinglan_at_jingan.ref}/end/")
    page = words(gu.get(f"/hq/stores/{world.jingan.ref}/"))
    assert "¥869.00" in page and "林小雨" not in page
    assert "和合静安店" not in words(gu.get("/hq/stores/?where=partners"))


@pytest.mark.parametrize(
    "path",
    [
        "/hq/members/",
        "/hq/members/?q=fang",
        "/hq/stores/",
        "/hq/stores/?where=partners",
        "/hq/orders/",
        "/hq/orders/?where=partners",
        "/hq/campaigns/",
        "/hq/contracts/",
        "/hq/keys/",
        "/hq/feed/items/?whole=1",
    ],
)
def test_a_list_asks_few_questions_however_long_it_is(
    world, at_desk, receipt, path, django_assert_max_num_queries
):
    for number in range(3):
        joined(world.qinglan_brand, world.jingan, phone=f"1380001001{number}", guide=world.lin)
        sold(world.jingan, line(world.shirt), no=f"MORE-{number}")
        sold(world.xuhui, line(world.shirt), no=f"OWN-{number}")
    flow()
    gu = at_desk(world.gu)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert gu.get(path, headers=AS_FRAGMENT if "items" in path else {}).status_code == 200
