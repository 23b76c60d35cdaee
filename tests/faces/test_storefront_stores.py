"""The storefront's open pages: a store is found without signing in."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from stores.contracts import terminate
from stores.models import Store
from stores.opening import revise
from tests.faces.shopper import at, text_of
from tests.people import ONBOARDING


def test_anybody_may_look_around_without_signing_in(world, phone):
    for address in (at("landing"), at("cities"), at("sign_in"), at("store", ref=world.jingan.ref)):
        assert phone.get(address).status_code == 200


def test_an_address_without_a_brand_is_not_there(world, phone):
    assert phone.get("/s/nobody/").status_code == 404


def test_the_nearest_stores_come_with_distance_door_and_guide(world, phone):
    answer = phone.get(at("nearest"), {"lng": "121.448", "lat": "31.223"}, headers={"HX-Request": "true"})
    words = text_of(answer)
    assert "<html" not in words, "a fragment"
    assert words.index("和合静安店") < words.index("青岚徐汇店")
    assert "0 m" in words and "Open day and night" in words and "On duty: 林小雨" in words


@pytest.mark.parametrize(
    "place", [{}, {"lng": "x", "lat": "1"}, {"lng": "999", "lat": "1"}, {"lng": "nan", "lat": "0"}]
)
def test_a_place_that_cannot_be_read_leads_to_the_cities(world, phone, place):
    words = text_of(phone.get(at("nearest"), place))
    assert "Choose a city instead" in words and "上海市" in words


def test_far_from_every_store_the_cities_are_shown(world, phone):
    assert "No store within 100 km" in text_of(phone.get(at("nearest"), {"lng": "2.35", "lat": "48.85"}))


def test_a_refused_location_is_answered_with_provinces_and_cities_and_their_counts(world, phone):
    words = text_of(phone.get(at("cities"), {"why": "refused"}))
    assert "was not shared" in words and "2 stores" in words
    assert "和合静安店" in text_of(phone.get(at("city", province="上海市", city="上海市")))
    assert phone.get(at("city", province="上海市", city="没有市")).status_code == 404


def test_a_province_with_several_cities_shows_that_it_folds_out(world, phone):
    with scope(merchant=world.qinglan):
        Store.objects.filter(pk=world.xuhui.pk).update(city="崇明市")
    page = text_of(phone.get(at("cities")))
    assert re.search(r"<summary[^>]*>.*上海市.*fold-mark.*<svg.*</summary>", page)


def test_the_list_of_a_city_costs_the_same_for_one_store_and_for_many(
    world, phone, django_assert_max_num_queries
):
    with django_assert_max_num_queries(6):
        phone.get(at("city", province="上海市", city="上海市"))


@pytest.mark.parametrize(
    ("clock", "special", "words", "line"),
    [
        ("12:00", {"2026-11-20": []}, "Closed today · opens tomorrow at 07:00", "Closed"),
        ("12:00", {"2026-11-20": [["14:00", "18:00"]]}, "Closed now · opens at 14:00", "14:00–18:00"),
        ("23:00", {"2026-11-21": []}, "Closed now · opens Sunday at 07:00", None),
        ("12:00", {}, "Open until 22:00", None),
    ],
)
def test_the_door_says_closed_and_a_special_day_has_its_line(
    world, phone, monkeypatch, clock, special, words, line
):
    at_the_store = datetime.fromisoformat(f"2026-11-20 {clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    monkeypatch.setattr(timezone, "now", lambda: at_the_store)
    revise(store=world.jingan, hours=[[["07:00", "22:00"]]] * 7, special_days=special, by=ONBOARDING)
    page = text_of(phone.get(at("store", ref=world.jingan.ref)))
    assert f"</span>{words}<" in page and "Every day" in page
    shown = re.search(r"<dt>Today only</dt><dd><strong[^>]*>(.*?)</strong>", page)
    assert (shown and shown.group(1)) == line


def test_a_store_closed_for_good_says_so_and_where_to_go(world, phone):
    revise(store=world.jingan, status=Store.Status.CLOSED, by=ONBOARDING)
    words = text_of(phone.get(at("store", ref=world.jingan.ref)))
    assert "closed for good" in words and "Find another store" in words and "Join at this store" not in words


def test_a_store_whose_contract_ended_says_so_and_a_stranger_s_store_is_not_there(world, phone):
    terminate(contract=world.qinglan_at_jingan, by=ONBOARDING)
    assert "no longer carries" in text_of(phone.get(at("store", ref=world.jingan.ref)))
    other = reverse("storefront:store", kwargs={"brand": "mubai", "ref": world.xuhui.ref})
    assert phone.get(other).status_code == 404


def test_a_guide_s_code_leads_to_their_card_with_the_first_screen_of_joining(world, phone):
    words = text_of(phone.get(at("guide", ref=world.lin.ref)))
    assert (
        "林小雨" in words and "On duty now" in words and world.lin.ref in words and "Send me a code" in words
    )


def test_a_guide_who_serves_nowhere_of_the_brand_is_not_here_and_the_page_says_where_to_go(world, phone):
    mubai = reverse("storefront:guide", kwargs={"brand": "mubai", "ref": world.chen.ref})
    answer = phone.get(mubai)
    assert answer.status_code == 404 and "Find a store near you" in text_of(answer)


def test_the_landing_page_is_called_by_the_brand_once(world, phone):
    assert "<title>Qinglan</title>" in text_of(phone.get(at("landing")))


def test_every_page_speaks_chinese(world):
    shopper = Client(headers={"Accept-Language": "zh-hans"})
    assert 'lang="zh-Hans"' in text_of(shopper.get(at("landing")))


def test_a_shopper_is_always_nin_and_a_guide_ni():
    with (settings.BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        words = [message for message in read_po(file) if message.id]
    for face, wrong in (("storefront", "你"), ("workbench", "您")):
        told = [
            message
            for message in words
            if all(
                place.removeprefix("templates/").startswith(f"{face}/") for place, _line in message.locations
            )
        ]
        assert len(told) > 40, "the catalogue names the places"
        assert not [message.string for message in told if wrong in str(message.string)]


def test_a_shop_page_is_kept_by_no_cache(world, phone):
    assert "no-store" in phone.get(at("landing"))["Cache-Control"]
