"""The index only helps; the order is the haversine's, proven against looking at every store."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django_scopes import scope

from merchants.errors import DomainError
from merchants.models import OrgUnit, Party
from merchants.onboarding import root_of
from stores.contracts import terminate
from stores.geo import Point, haversine
from stores.models import Contract, Store
from stores.nearest import OPEN_REACH, nearest
from tests.people import ALWAYS_OPEN, LONG_AGO, NOON, ONBOARDING, make_contract, make_store, make_world

NIGHT_ONLY = [[["20:00", "04:00"]]] * 7
EDGES = [
    Point(121.448, 31.223),  # Shanghai
    Point(179.99, 10.0),  # both sides of the antimeridian
    Point(-179.99, 10.0),
    Point(30.0, 89.9),  # by the pole, where a degree east is nothing
    Point(30.0, -89.9),
    Point(0.0, 0.0),
    Point(20.0, 69.0),
]


def scatter(merchant, count: int, *, seed: int, brand=None) -> list[Store]:
    """Stores in clusters around the edges and all over the earth, every third at night only, every fourth
    with pickup."""
    chance = random.Random(seed)
    with scope(merchant=merchant):
        parties = Party.objects.bulk_create(Party(kind=Party.Kind.STORE) for _ in range(count))
        root = root_of(merchant)
        units = OrgUnit.objects.bulk_create(
            OrgUnit(merchant=merchant, parent=root, kind="store", name=f"店{n}", path=f"{root.path}s{n}/")
            for n in range(count)
        )
        stores = [
            laid_out(merchant, unit, party, n, somewhere(chance))
            for n, (party, unit) in enumerate(zip(parties, units, strict=True))
        ]
        stores = Store.objects.bulk_create(stores)
    if brand:
        with scope(merchant=brand.merchant):
            terms = {"brand": brand, "brand_unit": root_of(brand.merchant), "mode": "central"}
            sides = {"merchant": brand.merchant, "counterparty": merchant}
            times = {"starts_at": LONG_AGO, "accepted_at": LONG_AGO}
            Contract.objects.bulk_create(Contract(store=store, **terms, **sides, **times) for store in stores)
    return stores


def laid_out(merchant, unit, party, n: int, place: Point) -> Store:
    return Store(
        merchant=merchant,
        org_unit=unit,
        party=party,
        code=f"S{n}",
        name=f"店{n}",
        pinyin=f"dian{n}",
        kind="direct",
        province="上海市",
        city="上海市",
        address="路",
        lng=place.lng,
        lat=place.lat,
        given_lng=place.lng,
        given_lat=place.lat,
        given_datum="wgs84",
        hours=NIGHT_ONLY if n % 3 == 0 else ALWAYS_OPEN,
        abilities=["pickup"] if n % 4 == 0 else [],
    )


def somewhere(chance: random.Random) -> Point:
    if chance.random() < 0.3:
        return Point(chance.uniform(-180, 180), chance.uniform(-90, 90))
    edge = chance.choice(EDGES)
    lng = (edge.lng + chance.gauss(0, 1.5) + 180) % 360 - 180
    return Point(lng, max(-90.0, min(90.0, edge.lat + chance.gauss(0, 0.8))))


def by_looking_at_all(stores, centre, *, limit, fits=lambda store: True):
    found = [(haversine(centre, store.place), store.pk) for store in stores if fits(store)]
    return sorted(found)[:limit]


@pytest.mark.parametrize("limit", [1, 5, 40])
def test_the_nearest_are_those_found_by_looking_at_every_store(world, limit):
    stores = scatter(world.stranger, 1500, seed=7)
    chance = random.Random(limit)
    with scope(merchant=world.stranger):
        for centre in EDGES + [somewhere(chance) for _ in range(25)]:
            found = nearest(lng=centre.lng, lat=centre.lat, at=NOON, limit=limit)
            expected = by_looking_at_all(stores, centre, limit=limit)
            assert [(near.metres, near.store.pk) for near in found] == expected, centre


def test_a_brand_s_nearest_stand_under_its_live_contracts_with_their_abilities_and_doors(world):
    stores = scatter(world.hehe, 600, seed=11, brand=world.mubai_brand) + [world.jingan]
    chance = random.Random(5)
    for centre in EDGES + [somewhere(chance) for _ in range(10)]:
        found = nearest(
            lng=centre.lng,
            lat=centre.lat,
            at=NOON,
            brand=world.mubai_brand,
            ability="pickup",
            open_now=True,
            limit=5,
        )
        expected = by_looking_at_all(
            stores,
            centre,
            limit=5,
            fits=lambda store: "pickup" in store.abilities and store.hours == ALWAYS_OPEN,
        )
        expected = [(metres, pk) for metres, pk in expected if metres <= OPEN_REACH]
        assert [(near.metres, near.store.pk) for near in found] == expected, centre


def test_a_store_without_the_brand_or_after_its_contract_is_not_found(world):
    here = {"lng": 121.448, "lat": 31.223, "at": NOON}
    assert [near.store for near in nearest(brand=world.qinglan_brand, **here)] == [world.jingan, world.xuhui]
    assert [near.store for near in nearest(brand=world.mubai_brand, **here)] == [world.jingan]
    terminate(contract=world.mubai_at_jingan, by=ONBOARDING, at=NOON - timedelta(days=1))
    assert nearest(brand=world.mubai_brand, **here) == []


def test_a_store_closed_for_good_is_not_found(world):
    world.jingan.status = Store.Status.CLOSED
    world.jingan.save()
    found = nearest(lng=121.448, lat=31.223, at=NOON, brand=world.qinglan_brand)
    assert [near.store for near in found] == [world.xuhui]


def test_without_a_brand_only_the_acting_merchant_s_stores_are_found(world):
    with scope(merchant=world.qinglan):
        assert [near.store for near in nearest(lng=121.4, lat=31.2, at=NOON)] == [world.xuhui]


@pytest.mark.parametrize(("lng", "lat"), [(181, 0), (0, 91), (float("nan"), 0)])
def test_a_place_off_the_earth_is_refused(world, lng, lat):
    with pytest.raises(DomainError) as refusal:
        nearest(lng=lng, lat=lat, at=NOON, brand=world.qinglan_brand)
    assert refusal.value.code == "place.off_earth"


def test_both_reads_go_by_the_index_and_not_over_the_table(
    transactional_db, owner, django_assert_max_num_queries
):
    world = make_world()
    scatter(world.hehe, 3000, seed=3, brand=world.mubai_brand)
    with django_assert_max_num_queries(2) as queries:
        nearest(lng=121.448, lat=31.223, at=NOON, brand=world.mubai_brand)
    with owner.cursor() as statistics:
        statistics.execute("ANALYZE stores_store, stores_contract")
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute("EXPLAIN " + query["sql"])
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "store_by_place" in plan, plan


def test_two_stores_at_one_place_come_in_the_order_they_were_opened(world):
    with scope(merchant=world.stranger):
        first = make_store(world.stranger, code="A", name="甲", kind="direct", lng=100.0, lat=30.0)
        second = make_store(world.stranger, code="B", name="乙", kind="direct", lng=100.0, lat=30.0)
        found = nearest(lng=100.0, lat=30.0, at=NOON, limit=1)
    assert [near.store for near in found] == [first] and second.pk > first.pk


def test_make_contract_places_a_store_for_a_second_brand(world):
    make_contract(world.mubai_brand, world.xuhui, mode="direct")
    found = nearest(lng=121.437, lat=31.195, at=NOON, brand=world.mubai_brand)
    assert [near.store for near in found] == [world.xuhui, world.jingan]
