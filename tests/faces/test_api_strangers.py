"""A stranger learns nothing: every address of the API, asked by another merchant's system."""

import pytest
from django_scopes import scope

from api import urls
from api.calls import Call
from members.identity import identify
from merchants.onboarding import add_brand
from orders.facts import RefundLineFacts
from tests.faces.merchant_system import MerchantSystem
from tests.selling import FANG, TILL, campaign_of, coupon_for, joined, line, money_back, sold
from tests.streaming import number

LISTS = ["stores", "guides", "products", "skus", "members", "campaigns", "contracts", "orders"]
LISTS = ["payouts", "stores", "guides", "products", "skus", "members", "campaigns", "orders"]
SECRETS = ["和合", "青岚", "木白", "林小雨", "方女士", "T-1", "R-1"]


@pytest.fixture
def busy(world):
    """A world in which everything that the API can tell of has happened."""
    shopper = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    with scope(merchant=world.qinglan):
        identify(member=shopper.member, system="crm", value="C-77")
    campaign = campaign_of(world.qinglan, world.qinglan_brand)
    _coupon, code = coupon_for(campaign, shopper.member)
    order = sold(world.jingan, line(world.coat), line(world.tea), phone=FANG)
    money_back(world.hehe, RefundLineFacts(sku="MB-TEA", amount=100))
    ids = {
        "stores": world.jingan.ref,
        "guides": world.lin.ref,
        "products": world.shirt.product.ref,
        "skus": world.shirt.ref,
        "members": shopper.member.ref,
        "campaigns": campaign.ref,
        "contracts": world.qinglan_at_jingan.ref,
        "orders": order.ref,
        "coupons": code,
    }
    return world, ids


@pytest.fixture
def stranger(world):
    return MerchantSystem(world.stranger)


def test_lists_are_empty_for_a_stranger(busy, stranger):
    for name in LISTS:
        assert stranger.get(f"/{name}").json()["data"] == [], name


def test_the_stream_tells_a_stranger_of_nobody_else(busy, stranger):
    _world, ids = busy
    number()
    told = stranger.get("/events", limit=200).json()["data"]
    assert {event["kind"] for event in told} == {"merchant.opened", "appointment.made", "key.issued"}
    assert not {event["subject"] for event in told} & set(ids.values())


def test_what_is_anothers_is_not_found_by_a_stranger(busy, stranger):
    _world, ids = busy
    for name, id in ids.items():
        response = stranger.get(f"/{name}/{id}")
        assert response.status_code == 404, name
        assert not any(secret in response.text for secret in SECRETS)


def test_looking_somebody_up_tells_a_stranger_nothing(busy, stranger):
    assert stranger.get("/members", phone=FANG).json()["data"] == []
    assert stranger.get("/members", external_id="C-77").json()["data"] == []
    assert stranger.get("/stores/nearest", lng=121.448, lat=31.223).json()["data"] == []
    assert stranger.get("/ledger/trial-balance").json()["accounts"] == []


def test_a_stranger_cannot_name_what_is_anothers(busy, stranger):
    world, ids = busy
    sale = {
        "channel": "pos",
        "external_no": "X-1",
        "paid_at": "2026-11-20T12:00:00Z",
        "store": ids["stores"],
        "lines": [{"sku": "QL-COAT", "quantity": 1}],
    }
    refund = {
        "channel": "pos",
        "external_no": "X-R",
        "order_external_no": "T-1",
        "refunded_at": "2026-11-20T13:00:00Z",
        "lines": [{"sku": "QL-COAT", "amount": 1}],
    }
    own_campaign = campaign_of(world.stranger, None, bearers=[("store", 1_000_000)])
    with scope(merchant=world.stranger):
        own_brand = add_brand(
            merchant=world.stranger, name="路人", name_en="Luren", slug="luren", seal="路", by=TILL
        )
    offer = {"brand": own_brand.ref, "store": ids["stores"], "mode": "direct"}
    offer |= {"starts_at": "2099-01-01T00:00:00Z"}
    hired = {"code": "G1", "name": "某", "phone": "13911113333", "store": ids["stores"]}
    asked = [
        ("/guides", hired),
        ("/products", {"code": "P", "name": "某", "brand": "qinglan"}),
        ("/products", {"code": "P", "name": "某", "brand": world.qinglan_brand.ref}),
        ("/skus", {"code": "S", "name": "某", "product": ids["products"], "list_price": 1}),
        ("/skus", {"code": "S", "name": "某", "product": "QL-SHIRT", "list_price": 1}),
        ("/members", {"phone": "13800019999", "store": ids["stores"]}),
        ("/members", {"phone": "13800019999", "guide": ids["guides"]}),
        (f"/campaigns/{ids['campaigns']}/coupons", {"member": ids["members"]}),
        (f"/campaigns/{own_campaign.ref}/coupons", {"member": ids["members"]}),
        *[
            (f"/contracts/{ids['contracts']}/{deed}", body)
            for deed, body in [
                ("acceptance", {"version": 1}),
                ("amendment", {"starts_at": "2099-01-01T00:00:00Z"}),
                ("decline", {}),
                ("end", {}),
                ("revision", {}),
                ("withdrawal", {}),
            ]
        ],
        ("/contracts", offer | {"brand": "qinglan"}),
        ("/contracts", offer | {"store": "JA01"}),
        ("/orders", sale),
        ("/orders", sale | {"store": "JA01"}),
        ("/refunds", refund | {"store": ids["stores"]}),
    ]
    for path, body in asked:
        response = stranger.post(path, body)
        assert response.status_code == 404, path
        assert not any(secret in response.text for secret in SECRETS), path
    response = stranger.post("/refunds", refund)  # it runs no store, so it must say whose sale that was
    assert (response.status_code, response.json()["code"]) == (422, "refund.store_needed")
    assert not any(secret in response.text for secret in SECRETS)


def test_a_coupon_of_nobodys_brand_tells_a_strangers_till_only_that(busy, stranger):
    _world, ids = busy
    place = {"code": "S1", "name": "路人店", "kind": "direct", "province": "上海市", "city": "上海市"}
    stranger.post("/stores", place | {"address": "某路 1 号", "lng": 121.4, "lat": 31.2})
    response = stranger.get(f"/coupons/{ids['coupons']}", store="S1")
    assert (response.status_code, response.json()["code"]) == (422, "coupon.foreign")
    assert not any(secret in response.text for secret in SECRETS)


def test_a_member_joining_a_stranger_is_new_there_whoever_knows_the_phone(busy, stranger):
    _world, ids = busy
    made = stranger.post("/members", {"phone": FANG})
    assert made.status_code == 201
    assert made.json()["id"] != ids["members"]
    assert made.json()["name"] == ""


def test_the_channel_and_the_other_brand_learn_nothing_of_a_brands_member(busy, world):
    _world, ids = busy
    for merchant in (world.hehe, world.mubai):
        system = MerchantSystem(merchant)
        assert system.get(f"/members/{ids['members']}").status_code == 404
        assert system.get("/members", external_id="C-77").json()["data"] == []
        assert system.get(f"/campaigns/{ids['campaigns']}").status_code == 404


def calls(patterns=urls.v1):
    return [pattern.callback.cls for pattern in patterns]


def test_every_call_names_the_scope_of_each_of_its_methods():
    for call in calls():
        assert issubclass(call, Call)
        handled = {
            method.upper() for method in ("get", "post", "put", "patch", "delete") if hasattr(call, method)
        }
        assert handled == set(call.scopes) == set(call.names), call


def test_a_key_without_scopes_may_do_nothing(world, busy):
    _world, ids = busy
    bare = MerchantSystem(world.qinglan, scopes=[])
    for name in [*LISTS, "events", "ledger/trial-balance", "stores/nearest"]:
        assert bare.get(f"/{name}").status_code == 403, name
    for name, id in ids.items():
        assert bare.get(f"/{name}/{id}").status_code == 403, name
    for name in ["stores", "guides", "products", "skus", "members", "campaigns", "orders", "refunds"]:
        assert bare.post(f"/{name}", {}).status_code == 403, name
    assert bare.post(f"/campaigns/{ids['campaigns']}/coupons", {}).status_code == 403
