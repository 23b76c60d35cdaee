"""Pages by cursor, and lists whose statements do not grow with their rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions.plans import plan_for
from tests.faces.merchant_system import PREFIX, MerchantSystem, schema
from tests.people import ONBOARDING, make_guide, make_sku, make_store
from tests.selling import campaign_of, joined, line, sold


@pytest.fixture
def hehe(world):
    return MerchantSystem(world.hehe)


def grow(world, numbers: range) -> None:
    """More of everything that Hehe can list."""
    for number in numbers:
        with world.inside(world.hehe):
            store = make_store(
                world.hehe, code=f"S{number}", name=f"和合{number}店", kind="collection", lng=121.4, lat=31.2
            )
            make_guide(store, code=f"G{number}", name="某人", phone=f"+86137{number:08}")
            make_sku(world.hehe, None, code=f"HH-{number}", name="某物", list_price=100)
        joined(world.qinglan_brand, world.jingan, phone=f"138{number:08}", guide=world.lin)
        campaign_of(world.hehe, None, bearers=[("store", 1_000_000)])
        sold(world.jingan, line(world.tea), line(world.tote), no=f"T-{number}", phone=f"138{number:08}")


@pytest.mark.parametrize(
    "path", ["/stores", "/guides", "/products", "/skus", "/members", "/campaigns", "/orders"]
)
def test_statements_do_not_grow_with_the_rows(world, hehe, path):
    grow(world, range(1, 3))
    hehe.get(path)
    with CaptureQueriesContext(connection) as few:
        assert len(hehe.get(path).json()["data"]) >= 2
    grow(world, range(3, 9))
    with CaptureQueriesContext(connection) as many:
        assert len(hehe.get(path).json()["data"]) >= 8
    assert len(many) == len(few)
    assert len(many) <= 10  # the key, the rows, and what hangs on them


def test_nearest_asks_as_often_for_one_store_as_for_many(world, hehe):
    grow(world, range(1, 2))
    with CaptureQueriesContext(connection) as few:
        hehe.get("/stores/nearest", lng=121.4, lat=31.2, limit=1)
    grow(world, range(2, 8))
    with CaptureQueriesContext(connection) as many:
        assert len(hehe.get("/stores/nearest", lng=121.4, lat=31.2, limit=5).json()["data"]) == 5
    assert len(many) <= len(few) + 1  # the second look that makes the first exact


def test_pages_follow_each_other_without_a_gap_or_a_repeat(world, hehe):
    grow(world, range(1, 8))
    whole = [row["id"] for row in hehe.get("/skus").json()["data"]]
    seen, after = [], {}
    while True:
        page = hehe.get("/skus", limit=3, **after).json()
        seen += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        if len(seen) == 3:  # what comes meanwhile stands before the first page
            grow(world, range(20, 21))
        after = {"after": page["next"]}
    assert seen == whole


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "all"}, {"after": "sku_nothing"}])
def test_a_page_that_cannot_be_is_refused(hehe, query):
    response = hehe.get("/skus", **query)
    assert (response.status_code, response.json()["field"]) == (422, next(iter(query)))


def test_no_list_takes_a_filter_it_does_not_know_for_none(world):
    plan, _is_new = plan_for(brand=world.qinglan_brand, mode="central", by=ONBOARDING)
    qinglan, lists = MerchantSystem(world.qinglan), 0
    for template, operations in schema()["paths"].items():
        told = operations.get("get", {}).get("parameters", [])
        known = {one["name"] for one in told if one["in"] == "query"} - {"expand[]"}
        if not known:
            continue
        path = template.removeprefix(PREFIX).replace("{ref}", plan.ref).replace("{code}", "8" * 16)
        problem = qinglan.get(path, sotre="JA01").json()
        assert (problem["code"], problem["field"]) == ("query.unknown", "sotre"), path
        assert set(problem["next_step"].rstrip(".").partition(": ")[2].split(", ")) == known, path
        lists += "limit" in known
    assert lists >= 14


def test_a_strangers_page_marker_is_none_of_ours(world, hehe):
    stranger = MerchantSystem(world.stranger)
    assert stranger.get("/skus", after=world.tote.ref).json()["code"] == "page.unknown_cursor"


def test_orders_are_filtered(world, hehe):
    grow(world, range(1, 4))
    assert len(hehe.get("/orders", store=world.jingan.ref, channel="pos").json()["data"]) == 3
    assert [row["external_no"] for row in hehe.get("/orders", external_no="T-2").json()["data"]] == ["T-2"]
    assert hehe.get("/orders", paid_from="2026-11-21T00:00:00Z").json()["data"] == []
    assert len(hehe.get("/orders", paid_until="2026-11-21T00:00:00Z").json()["data"]) == 3
