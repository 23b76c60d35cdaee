"""The closed loop by API: store, guide, goods, member, coupon, sale, refund; and what each step refuses."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from coupons.models import Coupon, Redemption
from events import relay
from members.models import Binding, Member
from orders.models import Order
from stores.models import Store
from tests.faces.merchant_system import MerchantSystem
from tests.people import ALWAYS_OPEN
from tests.selling import FANG, campaign_of, coupon_for, joined

NEW_STORE = {
    "code": "PD01",
    "name": "和合浦东店",
    "kind": "collection",
    "province": "上海市",
    "city": "上海市",
    "district": "浦东新区",
    "adcode": "310115",
    "address": "世纪大道 8 号",
    "lng": 121.507,
    "lat": 31.242,
    "datum": "gcj02",
    "hours": ALWAYS_OPEN,
    "abilities": ["pickup"],
}


@pytest.fixture
def hehe(world):
    return MerchantSystem(world.hehe)


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


@pytest.fixture
def mubai(world):
    return MerchantSystem(world.mubai)


def sale(*lines, no: str = "T-1", **changed) -> dict:
    """A sale at Jing'an: lines as (code, quantity) or whole."""
    told = [line if isinstance(line, dict) else {"sku": line[0], "quantity": line[1]} for line in lines]
    facts = {"channel": "pos", "external_no": no, "store": "JA01", "lines": told}
    return facts | {"paid_at": "2026-11-20T12:00:00+08:00"} | changed


def money_back(*lines, no: str = "R-1", order_no: str = "T-1", **changed) -> dict:
    told = [{"sku": sku, "quantity": quantity, "amount": amount} for sku, quantity, amount in lines]
    facts = {"channel": "pos", "external_no": no, "order_external_no": order_no, "lines": told}
    return facts | {"refunded_at": "2026-11-20T15:00:00+08:00"} | changed


def code(response) -> str:
    return response.json()["code"]


# --- stores and guides ---


def test_a_store_is_opened_once_and_then_brought_up_to_date(hehe):
    opened = hehe.post("/stores", NEW_STORE)
    assert opened.status_code == 201
    store = opened.json()
    assert store["id"].startswith("sto_")
    assert store["lng"] != 121.507  # GCJ-02 was given, WGS-84 is answered
    renamed = hehe.post("/stores", NEW_STORE | {"name": "和合陆家嘴店"})
    assert (renamed.status_code, renamed.json()["id"]) == (200, store["id"])
    assert hehe.get(f"/stores/{store['id']}").json()["name"] == "和合陆家嘴店"
    assert [row["code"] for row in hehe.get("/stores").json()["data"]] == ["PD01", "JA01"]


def test_a_store_with_hours_that_cannot_be_read_is_refused(hehe):
    refused = hehe.post("/stores", NEW_STORE | {"hours": [[["25:00", "3"]]] * 7})
    assert (refused.status_code, code(refused), refused.json()["field"]) == (422, "store.hours_unreadable", "hours")


def test_nearest_answers_metres_open_now_and_the_guides_on_duty(world, qinglan):
    response = qinglan.get("/stores/nearest", lng=121.45, lat=31.22, brand="qinglan")
    near, far = response.json()["data"]
    assert (near["code"], far["code"]) == ("JA01", "XH01")
    assert 300 < near["metres"] < 500 < far["metres"]
    assert near["open_now"] is True
    assert near["guides_on_duty"] == [{"id": world.lin.ref, "code": "G101", "name": "林小雨"}]


def test_nearest_without_a_brand_knows_own_stores_only(hehe):
    assert [row["code"] for row in hehe.get("/stores/nearest", lng=121.45, lat=31.22).json()["data"]] == ["JA01"]


@pytest.mark.parametrize("query", [{"lng": 200, "lat": 0}, {"lng": 1}, {"lng": "x", "lat": 1}])
def test_nearest_to_no_place_is_refused(hehe, query):
    assert hehe.get("/stores/nearest", **query).status_code == 422


def test_a_guide_is_hired_moved_and_leaves(hehe):
    hehe.post("/stores", NEW_STORE)
    body = {"code": "G102", "name": "吴桐", "phone": "139 1111 2222", "store": "JA01", "level": 2}
    hired = hehe.post("/guides", body)
    assert (hired.status_code, hired.json()["level"], hired.json()["phone"]) == (201, 2, "139****2222")
    moved = hehe.post("/guides", body | {"store": "PD01"})
    assert (moved.status_code, moved.json()["id"]) == (200, hired.json()["id"])
    new_home = hehe.get("/stores", code="PD01").json()["data"][0]["id"]
    assert moved.json()["store"] == new_home
    left = hehe.post("/guides", body | {"store": "PD01", "ends_at": timezone.now().isoformat()})
    assert (left.json()["status"], left.json()["store"]) == ("left", None)


def test_a_guides_code_does_not_pass_to_another_phone(hehe):
    body = {"code": "G101", "name": "林小雨", "phone": "13911112222", "store": "JA01"}
    assert code(hehe.post("/guides", body)) == "guide.other_person"


def test_a_guide_cannot_have_left_tomorrow(hehe):
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    body = {"code": "G102", "name": "吴桐", "phone": "13911112222", "store": "JA01", "ends_at": tomorrow}
    assert code(hehe.post("/guides", body)) == "guide.not_left_yet"
    assert hehe.get("/guides", code="G102").json()["data"] == []


# --- goods ---


def test_goods_come_by_code_and_are_brought_up_to_date(qinglan):
    product = qinglan.post("/products", {"code": "QL-HAT", "brand": "qinglan", "name": "青岚渔夫帽"})
    assert product.status_code == 201
    sku = {"code": "QL-HAT-M", "product": "QL-HAT", "name": "青岚渔夫帽 M", "list_price": 15900}
    added = qinglan.post("/skus", sku)
    assert (added.status_code, added.json()["currency"]) == (201, "CNY")
    dearer = qinglan.post("/skus", sku | {"list_price": 16900})
    assert (dearer.status_code, dearer.json()["list_price"]) == (200, 16900)
    assert qinglan.get(f"/skus/{added.json()['id']}").json()["list_price"] == 16900
    assert qinglan.get(f"/products/{product.json()['id']}").json()["name"] == "青岚渔夫帽"


@pytest.mark.parametrize("price", [19.9, "19900", -1, True, None, 10**13])
def test_a_price_is_a_whole_number_of_fen(qinglan, price):
    refused = qinglan.post("/skus", {"code": "X", "product": "QL-COAT", "name": "X", "list_price": price})
    assert (refused.status_code, refused.json()["field"]) == (422, "list_price")


# --- members ---


def test_a_member_is_made_once_for_a_phone(world, hehe):
    body = {
        "phone": "138 0001 0001",
        "name": "方女士",
        "source": {"system": "crm", "external_id": "C-77"},
        "store": "JA01",
        "guide": "G101",
        "consents": [{"purpose": "marketing"}, {"purpose": "membership", "granted": True}],
        "joined_at": "2026-11-01T10:00:00+08:00",
    }
    made = hehe.post("/members", body)
    known = hehe.post("/members", {"phone": "+8613800010001", "source": {"system": "pos", "external_id": "9"}})
    assert (made.status_code, known.status_code) == (201, 200)
    assert made.json()["id"] == known.json()["id"]
    assert made.json()["phone"] == "138****0001"
    assert made.json()["joined_at"] == "2026-11-01T02:00:00Z"
    assert known.json()["sources"] == [
        {"system": "crm", "external_id": "C-77"},
        {"system": "pos", "external_id": "9"},
    ]
    with scope(merchant=world.hehe):
        assert Member.objects.count() == 1
        assert Binding.objects.get().guide == world.lin


def test_a_member_is_found_by_phone_by_source_and_with_all_that_is_asked_for(world, hehe):
    member = joined(world.qinglan_brand, world.jingan, guide=world.lin).channel_member
    coupon, _code = coupon_for(campaign_of(world.hehe, None, bearers=[("store", 1_000_000)]), member)
    hehe.post("/members", {"phone": FANG, "source": {"system": "crm", "external_id": "C-77"}})
    for query in [{"phone": FANG}, {"external_id": "C-77"}, {"external_id": "C-77", "system": "crm"}]:
        assert [row["id"] for row in hehe.get("/members", **query).json()["data"]] == [member.ref]
    assert hehe.get("/members", external_id="C-77", system="pos").json()["data"] == []
    assert "binding" not in hehe.get(f"/members/{member.ref}").json()
    whole = hehe.get(f"/members/{member.ref}", **{"expand[]": ["binding", "coupons,consents"]}).json()
    assert whole["binding"]["guide"] == world.lin.ref
    assert [row["id"] for row in whole["coupons"]] == [coupon.ref]
    assert {row["purpose"]: row["granted"] for row in whole["consents"]} == {"membership": True}


def test_a_source_record_stays_one_members(hehe):
    record = {"system": "crm", "external_id": "C-77"}
    hehe.post("/members", {"phone": FANG, "source": record})
    refused = hehe.post("/members", {"phone": "13800010009", "source": record})
    assert (refused.status_code, code(refused)) == (409, "member.source_taken")
    assert hehe.get("/members", phone="13800010009").json()["data"] == []


def test_a_member_keeps_the_guide_they_have(world, hehe):
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    hehe.post("/guides", {"code": "G102", "name": "吴桐", "phone": "13911112222", "store": "JA01"})
    assert hehe.post("/members", {"phone": FANG, "guide": "G102"}).status_code == 200
    with scope(merchant=world.hehe):
        assert Binding.objects.get().guide == world.lin


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"phone": "12345"}, "phone.invalid"),
        ({"joined_at": "2999-01-01T00:00:00Z"}, "member.joins_in_future"),
        ({"store": "nowhere"}, "store.not_found"),
        ({"guide": "nobody"}, "guide.not_found"),
        ({"phone": "138\x000001"}, "input.invalid"),
    ],
)
def test_a_member_that_cannot_be_is_refused_and_nothing_is_kept(world, hehe, changed, refusal):
    assert code(hehe.post("/members", {"phone": FANG} | changed)) == refusal
    with scope(merchant=world.hehe):
        assert not Member.objects.exists()


def test_what_cannot_be_expanded_is_said(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).channel_member
    refused = hehe.get(f"/members/{member.ref}", **{"expand[]": "secrets"})
    assert (refused.status_code, code(refused)) == (422, "expand.unknown")


# --- coupons ---


def campaign(**changed) -> dict:
    now = timezone.now()
    return {
        "name": "满200减30",
        "brand": "qinglan",
        "threshold": 20000,
        "amount_off": 3000,
        "claim_from": (now - timedelta(days=7)).isoformat(),
        "claim_until": (now + timedelta(days=7)).isoformat(),
        "use_from": (now - timedelta(days=7)).isoformat(),
        "use_until": (now + timedelta(days=30)).isoformat(),
        "issue_limit": 100,
        "bearers": [{"role": "brand", "ppm": 700_000}, {"role": "store", "ppm": 300_000}],
    } | changed


def test_a_campaign_is_made_and_its_coupon_claimed_once_a_key(world, qinglan):
    made = qinglan.post("/campaigns", campaign())
    assert made.status_code == 201
    assert qinglan.get(f"/campaigns/{made.json()['id']}").json() == made.json()
    member = qinglan.post("/members", {"phone": FANG}).json()["id"]
    claim = f"/campaigns/{made.json()['id']}/coupons"
    claimed = qinglan.post(claim, {"member": member, "store": "XH01"}, key="claim-1")
    assert claimed.status_code == 201
    coupon = claimed.json()
    assert (len(coupon["code"]), coupon["state"], coupon["amount_off"]) == (16, "issued", 3000)
    again = qinglan.post(claim, {"member": member, "store": "XH01"}, key="claim-1")
    assert again.json() == coupon
    grouped = f"{coupon['code'][:4]} {coupon['code'][4:8]}-{coupon['code'][8:]}"
    assert qinglan.get(f"/coupons/{grouped}").json() == {k: v for k, v in coupon.items() if k != "code"}
    assert code(qinglan.post(claim, {"member": member})) == "campaign.member_limit"


def test_a_store_sends_the_coupon_of_a_brand_it_carries(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).channel_member
    offered = campaign_of(world.qinglan, world.qinglan_brand)
    claim = f"/campaigns/{offered.ref}/coupons"
    assert hehe.post(claim, {"member": member.ref}).status_code == 404
    sent = hehe.post(claim, {"member": member.ref, "store": "JA01"})
    assert (sent.status_code, sent.json()["member"]) == (201, None)
    assert hehe.get(f"/coupons/{sent.json()['code']}").status_code == 404
    seen = hehe.get(f"/coupons/{sent.json()['code']}", store="JA01")
    assert (seen.status_code, seen.json()["member"]) == (200, None)


@pytest.mark.parametrize("changed", [{"amount_off": 30000}, {"threshold": 0}, {"bearers": [{"role": "brand", "ppm": 1}]}])
def test_a_campaign_that_cannot_be_is_refused(qinglan, changed):
    assert qinglan.post("/campaigns", campaign(**changed)).status_code == 422


# --- sales ---


def test_a_sale_of_two_brands_is_kept_and_told_to_each_in_its_own_words(world, hehe, qinglan, mubai):
    body = sale(("QL-SHIRT", 2), ("MB-TEA", 1), ("HH-TOTE", 1), touches={"serving": "G101"})
    made = hehe.post("/orders", body)
    assert made.status_code == 201
    whole = made.json()
    assert (whole["whole"], whole["paid_total"], len(whole["lines"])) == (True, 2 * 19900 + 12800 + 4900, 3)
    assert whole["touches"] == [{"kind": "serving", "guide": world.lin.ref, "name": "林小雨"}]
    assert whole["tenders"][0]["amount"] == whole["paid_total"]
    assert hehe.get(f"/orders/{whole['id']}").json() == whole
    assert hehe.get("/orders").json()["data"] == [whole]
    for system, sku in [(qinglan, "QL-SHIRT"), (mubai, "MB-TEA")]:
        part = system.get(f"/orders/{whole['id']}").json()
        assert [line["sku"]["code"] for line in part["lines"]] == [sku]
        assert (part["whole"], part["paid_total"], part["list_total"], part["tenders"]) == (False, None, None, [])
        assert part["member"] is None
        assert system.get("/orders").json()["data"] == []


def test_a_brand_owner_sees_its_own_member_and_coupons_on_its_lines(world, hehe, qinglan, mubai):
    shopper = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    coupon, digits = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), shopper.member)
    body = sale(("QL-COAT", 1), ("MB-TEA", 1), buyer={"phone": FANG}, coupons=[digits])
    whole = hehe.post("/orders", body).json()
    assert whole["member"] == shopper.channel_member.ref
    assert [used["coupon"] for used in whole["coupons"]] == [coupon.ref]
    own = qinglan.get(f"/orders/{whole['id']}").json()
    assert own["member"] == shopper.member.ref
    assert [used["amount_off"] for used in own["coupons"]] == [3000]
    others = mubai.get(f"/orders/{whole['id']}").json()
    assert (others["member"], others["coupons"]) == (None, [])


def test_the_same_sale_told_again_is_the_same_sale(world, hehe):
    first, again = hehe.post("/orders", sale(("MB-TEA", 1))), hehe.post("/orders", sale(("MB-TEA", 1)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    reused = hehe.post("/orders", sale(("MB-TEA", 2)))
    assert (reused.status_code, code(reused)) == (409, "order.reused_number")
    with scope(merchant=world.hehe):
        assert Order.objects.count() == 1


def test_with_a_coupon_we_price_or_agree(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).member
    _coupon, digits = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), member)
    asked = [{"sku": "QL-COAT", "quantity": 1, "paid": 80000}, {"sku": "MB-TEA", "quantity": 1, "paid": 12800}]
    differs = hehe.post("/orders", sale(*asked, coupons=[digits]))
    assert (differs.status_code, code(differs)) == (422, "order.price_differs")
    priced = differs.json()["lines"]
    assert [line["paid"] for line in priced] == [86900, 12800]
    for line, right in zip(asked, priced, strict=True):
        line["paid"] = right["paid"]
    kept = hehe.post("/orders", sale(*asked, coupons=[digits]))
    assert (kept.status_code, kept.json()["discount_total"]) == (201, 3000)


def test_an_unusable_coupon_refuses_the_whole_sale_and_it_may_be_sent_without(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).member
    _coupon, digits = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), member)
    assert hehe.post("/orders", sale(("QL-COAT", 1), coupons=[digits])).status_code == 201
    used = hehe.post("/orders", sale(("QL-COAT", 1), no="T-2", coupons=[digits]))
    assert (used.status_code, code(used), used.json()["field"]) == (422, "coupon.used", "coupons[0]")
    unknown = hehe.post("/orders", sale(("QL-COAT", 1), no="T-2", coupons=["1234 5678 9012 3456"]))
    assert (unknown.status_code, code(unknown)) == (422, "coupon.unknown")
    with scope(merchant=world.hehe):
        assert Order.objects.count() == 1
    with scope(merchant=world.qinglan):
        assert (Redemption.objects.count(), Coupon.objects.get().state) == (1, "redeemed")
    assert hehe.post("/orders", sale(("QL-COAT", 1), no="T-2")).status_code == 201


@pytest.mark.parametrize(
    ("changed", "status", "refusal"),
    [
        ({"store": "nowhere"}, 404, "store.not_found"),
        ({"lines": [{"sku": "nothing", "quantity": 1}]}, 422, "sku.unknown"),
        ({"buyer": {"member": "mem_nobody"}}, 422, "member.unknown"),
        ({"touches": {"serving": "nobody"}}, 422, "guide.unknown"),
        ({"paid_at": "2999-01-01T00:00:00Z"}, 422, "order.in_future"),
        ({"currency": "USD"}, 422, "order.currency"),
        ({"tenders": [{"place": "cash", "amount": 1}]}, 422, "order.tenders_differ"),
        ({"lines": []}, 422, "input.invalid"),
        ({"channel": "pigeon"}, 422, "input.invalid"),
    ],
)
def test_a_sale_that_cannot_be_is_refused_and_nothing_is_kept(world, hehe, changed, status, refusal):
    refused = hehe.post("/orders", sale(("MB-TEA", 1)) | changed)
    assert (refused.status_code, code(refused)) == (status, refusal)
    assert refused.json()["next_step"]
    with scope(merchant=world.hehe):
        assert not Order.objects.exists()


def test_a_closed_store_sells_nothing(world, hehe):
    with scope(merchant=world.hehe):
        Store.objects.update(status=Store.Status.CLOSED)
    assert code(hehe.post("/orders", sale(("MB-TEA", 1)))) == "store.closed"


def test_a_brand_owner_tells_a_stores_sale_of_its_own_brands_only(world, qinglan, hehe):
    told = qinglan.post("/orders", sale(("QL-SHIRT", 1), no="E-1", store=world.jingan.ref))
    assert told.status_code == 201
    assert (told.json()["whole"], told.json()["paid_total"]) == (False, None)
    assert hehe.get(f"/orders/{told.json()['id']}").json()["paid_total"] == 19900
    mixed = qinglan.post("/orders", sale(("QL-SHIRT", 1), ("MB-TEA", 1), no="E-2", store=world.jingan.ref))
    assert (mixed.status_code, code(mixed)) == (422, "order.other_brand")
    assert qinglan.post("/orders", sale(("QL-SHIRT", 1), no="E-3")).status_code == 404  # another's code


def test_without_a_live_contract_a_brand_owner_does_not_find_the_store(world, qinglan):
    with scope(merchant=world.qinglan):
        world.qinglan_at_jingan.ends_at = timezone.now() - timedelta(hours=1)
        world.qinglan_at_jingan.save()
    refused = qinglan.post("/orders", sale(("QL-SHIRT", 1), store=world.jingan.ref))
    assert (refused.status_code, code(refused)) == (404, "store.not_found")


# --- refunds ---


def test_money_goes_back_line_by_line_and_never_more_than_was_paid(hehe):
    order = hehe.post("/orders", sale(("QL-SHIRT", 2), ("MB-TEA", 1))).json()["id"]
    back = hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19900)))
    assert (back.status_code, back.json()["amount"], back.json()["order"]) == (201, 19900, order)
    again = hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19900)))
    assert (again.status_code, again.json()["id"]) == (200, back.json()["id"])
    above = hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19901), no="R-2"))
    assert (above.status_code, code(above), above.json()["left"]) == (422, "refund.above_paid", 19900)
    other = hehe.post("/refunds", money_back(("MB-TEA", 1, 12800)))
    assert (other.status_code, code(other)) == (409, "refund.reused_number")
    shown = hehe.get(f"/orders/{order}").json()
    assert (shown["status"], shown["refunded_total"]) == ("partly_refunded", 19900)
    assert [refund["amount"] for refund in shown["refunds"]] == [19900]


def test_a_refund_before_its_sale_is_parked_and_follows_it(hehe):
    parked = hehe.post("/refunds", money_back(("MB-TEA", 1, 12800)))
    assert (parked.status_code, parked.json()["status"], parked.json()["order"]) == (202, "parked", None)
    assert hehe.post("/refunds", money_back(("MB-TEA", 1, 12800))).status_code == 202
    assert hehe.post("/orders", sale(("MB-TEA", 1))).status_code == 201
    [order] = hehe.get("/orders").json()["data"]
    assert (order["status"], order["refunded_total"]) == ("refunded", 12800)
    assert hehe.post("/refunds", money_back(("MB-TEA", 1, 12800))).status_code == 200


@pytest.mark.parametrize("line", [{"amount": 1}, {"sku": "", "amount": 1}, {"sku": "MB-TEA"}])
def test_a_refund_names_its_line_and_its_amount(hehe, line):
    assert code(hehe.post("/refunds", money_back() | {"lines": [line]})) == "input.invalid"


# --- the books and the stream ---


def test_the_trial_balance_of_an_empty_book_holds(hehe):
    body = hehe.get("/ledger/trial-balance").json()
    assert (body["holds"], body["total"], body["accounts"], body["breaks"]) == (True, 0, [], [])
    assert hehe.get("/ledger/trial-balance", as_of="2026-11-20").json()["as_of"] == "2026-11-20"
    assert hehe.get("/ledger/trial-balance", as_of="yesterday").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_stream_is_read_to_its_end_and_on_from_there(hehe, qinglan):
    hehe.post("/orders", sale(("QL-SHIRT", 1), ("MB-TEA", 1)))
    relay.number_now()
    seen, after = [], 0
    while page := hehe.get("/events", after=after, limit=1).json():
        if not page["data"]:
            break
        seen += page["data"]
        after = page["next"]
    assert seen[-1]["kind"] == "order.paid"
    assert seen[-1]["payload"]["paid_total"] == 19900 + 12800
    assert seen[-1]["actor"] == {"kind": "key", "id": hehe.key.ref}
    assert hehe.get("/events", after=after).json() == {"data": [], "next": after}
    brands = [event for event in qinglan.get("/events").json()["data"] if event["kind"].startswith("order.")]
    assert [(event["kind"], event["payload"]["paid"]) for event in brands] == [("order.lines_paid", 19900)]
    hehe.post("/refunds", money_back(("MB-TEA", 1, 12800)))
    relay.number_now()
    assert [event["kind"] for event in hehe.get("/events", after=after).json()["data"]] == ["order.refunded"]
