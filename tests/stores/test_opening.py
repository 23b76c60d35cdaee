import pytest
from django_scopes import scope

from events.models import Event
from merchants.errors import Conflict, DomainError
from merchants.models import OrgUnit
from merchants.onboarding import add_unit, root_of
from stores.geo import Point, gcj02_to_wgs84
from stores.models import Store
from stores.opening import open_store, put_store, revise
from tests.people import ALWAYS_OPEN, NOON, ONBOARDING

FACTS = {
    "code": "HK02",
    "name": "和合虹口店",
    "kind": "collection",
    "parent": None,
    "province": "上海市",
    "city": "上海市",
    "district": "虹口区",
    "adcode": "310109",
    "address": "四川北路 1 号",
    "lng": 121.4905,
    "lat": 31.2573,
    "datum": "gcj02",
    "hours": ALWAYS_OPEN,
    "abilities": ["pickup"],
}


def opens(world, **changes):
    return open_store(**{"merchant": world.hehe, "by": ONBOARDING, "at": NOON, **FACTS, **changes})


def test_a_store_stands_in_the_tree_where_it_is_hung_and_its_event_says_so(world):
    with scope(merchant=world.hehe):
        east = add_unit(
            merchant=world.hehe, parent=root_of(world.hehe), kind=OrgUnit.Kind.REGION, name="华东"
        )
    store = opens(world, parent=east)
    assert store.org_unit.path.startswith(east.path) and store.party.kind == "store"
    assert store.pinyin == "he he hong kou dian"
    event = Event.objects.get(kind="store.opened")
    assert (event.merchant_id, event.subject, event.at) == (world.hehe.id, store.ref, NOON)


def test_coordinates_from_a_chinese_map_are_kept_and_made_true(world):
    store = opens(world)
    assert (store.given_lng, store.given_lat, store.given_datum) == (121.4905, 31.2573, "gcj02")
    assert store.place == gcj02_to_wgs84(Point(121.4905, 31.2573)) != Point(121.4905, 31.2573)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lng": 200.0}, "store.off_earth"),
        ({"hours": [[]]}, "store.hours_unreadable"),
        ({"abilities": ["teleport"]}, "store.unknown_ability"),
        ({"code": "JA01"}, "store.code_taken"),
    ],
)
def test_a_store_that_cannot_be_is_refused_and_leaves_nothing_in_the_tree(world, changes, code):
    with scope(merchant=world.hehe):
        before = OrgUnit.objects.count()
    with pytest.raises(DomainError) as refusal:
        opens(world, **changes)
    assert refusal.value.code == code and refusal.value.next_step
    with scope(merchant=world.hehe):
        assert OrgUnit.objects.count() == before


def test_sending_a_store_twice_opens_one_and_changes_only_what_differs(world):
    sent = {"merchant": world.hehe, "by": ONBOARDING, **FACTS}
    first, is_new = put_store(**sent)
    again, is_new_again = put_store(**sent)
    assert (is_new, is_new_again) == (True, False) and first == again
    assert not Event.objects.filter(kind="store.revised").exists(), "nothing changed, nothing told"
    put_store(**{**sent, "address": "四川北路 2 号"})
    assert Event.objects.get(kind="store.revised").payload["changed"] == ["address"]


def test_a_paused_store_has_its_door_closed_and_promises_nothing(world):
    store = revise(store=world.jingan, status=Store.Status.PAUSED, by=ONBOARDING)
    opening = store.opening(NOON)
    assert not opening.is_open and opening.opens_at is None


def test_two_merchants_may_use_one_code(world):
    assert opens(world, merchant=world.stranger).code == opens(world).code
    with pytest.raises(Conflict):
        opens(world)
