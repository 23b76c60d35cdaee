"""A shopper signs in by code and out again, and a stranger learns nothing by trying."""

import re
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members import shopper_sessions
from members.models import PhoneCode, ShopperSession
from notifications import sms
from tests.faces.shopper import PHONE, at, joins, text_of, the_code


def test_signing_in_has_its_second_screen_at_an_address_too(world, phone):
    there = phone.post(at("sign_in"), {"phone": PHONE, "next": at("orders")})["Location"]
    page = text_of(phone.get(there))
    assert "138****8000" in page and f'value="{at("orders")}"' in page


def test_a_member_signs_in_on_a_new_phone_and_comes_back_to_where_they_wanted(world, phone):
    joins(world, phone)
    ShopperSession.objects.all().delete()
    sms.outbox.clear()
    other = Client(headers={"Accept-Language": "en"})
    assert other.get(at("orders"))["Location"] == f"{at('sign_in')}?next=%2Fs%2Fqinglan%2Fme%2Forders%2F"
    two_minutes_pass()
    other.post(at("sign_in"), {"phone": PHONE, "next": at("orders")})
    back = other.post(at("sign_in_code"), {"phone": PHONE, "code": the_code(), "next": at("orders")})
    assert back["Location"] == at("orders")


def two_minutes_pass() -> None:
    """For the pause between two codes to one phone."""
    PhoneCode.objects.update(sent_at=timezone.now() - timedelta(minutes=2))


def test_the_way_back_never_leads_away_from_the_shop(world, phone):
    phone.post(at("sign_in"), {"phone": PHONE})
    for wanted in ("https://evil.example/", "//evil.example", "/account/"):
        filled = {"phone": PHONE, "code": the_code(), "next": wanted}
        answer = phone.post(at("sign_in_code"), filled)
        assert answer.status_code in (302, 422)
        if answer.status_code == 302:
            assert answer["Location"] == at("me")


def test_signing_in_tells_nobody_whether_a_phone_is_known(world, phone):
    joins(world, phone)
    two_minutes_pass()
    stranger = Client(headers={"Accept-Language": "en"})
    known_one = text_of(stranger.post(at("sign_in"), {"phone": PHONE}, follow=True))
    unknown = text_of(stranger.post(at("sign_in"), {"phone": "13800138009"}, follow=True))
    mask = re.compile(r"138\*{4}\d{4}|\+?\d{11,13}|[0-9a-zA-Z]{32,}|\d{6}|\d+ s")
    assert mask.sub("", known_one) == mask.sub("", unknown)


def test_a_session_of_one_brand_opens_nothing_at_another(world, phone):
    joins(world, phone)
    assert phone.get(reverse("storefront:me", kwargs={"brand": "mubai"})).status_code == 302


def test_signing_out_ends_the_session_itself(world, phone):
    joins(world, phone)
    token = phone.cookies[shopper_sessions.cookie_name(world.qinglan_brand)].value
    phone.post(at("sign_out"))
    assert shopper_sessions.session_for(token) is None
    assert phone.get(at("me")).status_code == 302
