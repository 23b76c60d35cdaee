"""Stores, guides and goods by API, and what each refuses."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event
from tests.faces.merchant_system import MerchantSystem, code
from tests.people import ALWAYS_OPEN

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
    assert (refused.status_code, code(refused), refused.json()["field"]) == (
        422,
        "store.hours_unreadable",
        "hours",
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"hours": [[{"09:00": 1, "12:00": 1}, {"13:00": 1, "21:00": 2}]] * 7}, "hours"),
        ({"hours": [[["٩:00", "21:00"]]] * 7}, "hours"),
        ({"hours": [[["09:00", "21:00"]] * 7] * 7}, "hours"),
        (
            {
                "special_days": {
                    f"{2000 + n // 300}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}": [] for n in range(3000)
                }
            },
            "special_days",
        ),
        ({"time_zone": "Asia"}, "time_zone"),
    ],
)
def test_hours_of_another_shape_are_refused_and_the_store_stays_as_it_was(hehe, changed, field):
    hehe.post("/stores", NEW_STORE)
    refused = hehe.post("/stores", NEW_STORE | changed)
    assert (refused.status_code, code(refused)) == (422, "store.hours_unreadable")
    assert refused.json()["field"] == field and refused.json()["next_step"]
    assert hehe.get("/stores/nearest", lng=121.507, lat=31.242).json()["data"][0]["open_now"]


@pytest.mark.parametrize("adcode", ["٣١٠١١٥", "31011", "310115x"])
def test_a_districts_code_is_six_digits(hehe, adcode):
    refused = hehe.post("/stores", NEW_STORE | {"adcode": adcode})
    assert (refused.status_code, refused.json()["field"]) == (422, "adcode")


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_store_that_trades_no_more_is_told_of_and_found_no_more(world, hehe, status):
    opened = hehe.post("/stores", NEW_STORE).json()
    assert opened["status"] == "open"
    shut = hehe.post("/stores", NEW_STORE | {"status": status})
    assert (shut.status_code, shut.json()["status"]) == (200, status)
    event = Event.objects.get(kind="store.revised", subject=opened["id"])
    assert (event.payload["changed"], event.payload["status"]) == (["status"], status)
    near = hehe.get("/stores/nearest", lng=121.507, lat=31.242).json()["data"]
    assert [row["code"] for row in near] == ["JA01"]
    renamed = hehe.post("/stores", NEW_STORE | {"name": "和合陆家嘴店"})
    assert renamed.json()["status"] == status  # what is left out stays
    again = hehe.post("/stores", NEW_STORE | {"status": "open"})
    assert again.status_code == {"paused": 200, "closed": 409}[status], "for good is for good"


def test_a_store_can_be_made_ready_before_it_trades(hehe):
    ready = hehe.post("/stores", NEW_STORE | {"status": "paused"})
    assert (ready.status_code, ready.json()["status"]) == (201, "paused")


def test_a_status_of_ones_own_is_refused(hehe):
    refused = hehe.post("/stores", NEW_STORE | {"status": "haunted"})
    assert (refused.status_code, refused.json()["field"]) == (422, "status")


def test_nearest_answers_metres_open_now_and_the_guides_on_duty(world, qinglan):
    response = qinglan.get("/stores/nearest", lng=121.45, lat=31.22, brand="qinglan")
    near, far = response.json()["data"]
    assert (near["code"], far["code"]) == ("JA01", "XH01")
    assert 300 < near["metres"] < 500 < far["metres"]
    assert (near["open_now"], near["opens_at"]) == (True, None)
    assert near["guides_on_duty"] == [{"id": world.lin.ref, "code": "G101", "name": "林小雨"}]


def test_nearest_without_a_brand_knows_own_stores_only(hehe):
    assert [row["code"] for row in hehe.get("/stores/nearest", lng=121.45, lat=31.22).json()["data"]] == [
        "JA01"
    ]


@pytest.mark.parametrize(
    "query", [{"lng": 200, "lat": 0}, {"lng": 1}, {"lng": "x", "lat": 1}, {"lng": "nan", "lat": 1}]
)
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


def test_a_guide_can_be_told_of_up_to_a_year_later(hehe):
    now = timezone.now()
    body = {"code": "G102", "name": "吴桐", "phone": "13911112222", "store": "JA01"}
    refused = hehe.post("/guides", body | {"starts_at": (now - timedelta(days=367)).isoformat()})
    assert (refused.status_code, code(refused), refused.json()["field"]) == (
        422,
        "guide.too_long_ago",
        "starts_at",
    )
    assert hehe.get("/guides", code="G102").json()["data"] == []
    told = hehe.post("/guides", body | {"starts_at": (now - timedelta(days=365)).isoformat()})
    assert told.status_code == 201


def test_a_guides_code_does_not_pass_to_another_phone(hehe):
    body = {"code": "G101", "name": "林小雨", "phone": "13911112222", "store": "JA01"}
    assert code(hehe.post("/guides", body)) == "guide.other_person"


def test_a_guide_cannot_have_left_tomorrow(hehe):
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    body = {"code": "G102", "name": "吴桐", "phone": "13911112222", "store": "JA01", "ends_at": tomorrow}
    assert code(hehe.post("/guides", body)) == "guide.not_left_yet"
    assert hehe.get("/guides", code="G102").json()["data"] == []


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
