"""The till's way, against the same running Tiandi: the sale is posted, with the member's coupon."""

import uuid

import pytest

from tests.browser.visitors import a_phone
from tests.merchant_calls import money_back, sale

pytestmark = pytest.mark.browser

SHIRT, TEA = "QL-1001", "MB-1002"


def number() -> str:
    return f"T-{uuid.uuid4().hex[:12]}"


def member_with_coupon(site) -> tuple[str, str]:
    """A member of Qinglan, known to Hehe, with a coupon 满500减80 … of Qinglan: (Qinglan's id, code)."""
    joined = {"phone": a_phone(), "name": "方女士", "consents": [{"purpose": "membership"}]}
    member = site.qinglan.post("/members", joined)["id"]
    campaigns = site.qinglan.get("/campaigns")["data"]
    campaign = next(c["id"] for c in campaigns if "满200减30" in c["name"])
    return member, site.qinglan.post(f"/campaigns/{campaign}/coupons", {"member": member})["code"]


def settled(site, order_id: str, page_wait) -> dict:
    """The order with its splits, once the worker has settled it."""
    for _ in range(100):
        order = site.hehe.get(f"/orders/{order_id}?expand[]=splits").body
        if order["splits"] and all(split["state"] == "settled" for split in order["splits"]):
            return order
        page_wait(0.1)
    raise AssertionError(f"Not settled within 10 s: {order['splits']}")


def test_a_receipt_of_two_brands_with_a_coupon_is_kept_once_and_split_by_each_contract(site, pause):
    _member, code = member_with_coupon(site)
    no, once = number(), uuid.uuid4().hex
    body = sale("HE001", SHIRT, TEA, no=no, coupons=[code], touches={"serving": "HE001-1"})

    first, again = site.hehe.post("/orders", body, once=once), site.hehe.post("/orders", body, once=once)
    told_anew = site.hehe.post("/orders", body)
    assert (first.status, again.status, told_anew.status) == (201, 201, 200)
    assert again.replayed and first["id"] == again["id"] == told_anew["id"]
    assert len(site.hehe.get("/orders", external_no=no)["data"]) == 1

    order = settled(site, first["id"], pause)
    assert [(line["discount"], line["paid"]) for line in order["lines"]] == [(3000, 26900), (0, 16800)]
    assert [split["mode"] for split in order["splits"]] == ["central", "direct"]
    assert [split["principal_name"] for split in order["splits"]] == [site.qinglan.name, site.hehe.name]
    for split in order["splits"]:
        assert sum(share["amount"] for share in split["shares"]) == split["base"]
        assert all(share["reason"] for share in split["shares"])
    assert site.qinglan.get(f"/coupons/{code}")["state"] == "redeemed"

    # Each brand owner reads its own line, no total; a stranger nothing.
    own = site.mubai.get(f"/orders/{first['id']}").body
    assert ([line["sku"]["code"] for line in own["lines"]], own["paid_total"]) == ([TEA], None)
    assert site.merchant("jincheng").get(f"/orders/{first['id']}").status == 404
    for merchant in (site.hehe, site.qinglan, site.mubai):
        assert merchant.get("/ledger/trial-balance")["holds"], merchant.name


def test_a_refund_that_comes_before_its_sale_waits_for_it(site):
    no = number()
    sold = sale("HE001", TEA, no=no)
    early = site.hehe.post("/refunds", money_back(TEA, 16800, no=no))
    assert (early.status, early["status"]) == (202, "parked")
    order = site.hehe.post("/orders", sold)
    assert (order.status, order["status"], order["refunded_total"]) == (201, "refunded", 16800)
