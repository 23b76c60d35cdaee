"""Mei is signed in to Qinglan's storefront on her phone."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from events.models import Event
from events.record import Actor
from members import reveal, shopper_sessions
from members.models import Member, Person, ShopperSession
from merchants import phones, sealing
from merchants.errors import DomainError

MEI = "+8613700000001"


@pytest.fixture
def mei(world) -> Person:
    return Person.objects.create(phone_sealed=sealing.seal(MEI), phone_hash=phones.fingerprint(MEI))


def test_the_token_finds_the_session_and_the_table_does_not_hold_it(world, mei):
    session, token = shopper_sessions.open_session(person=mei, brand=world.qinglan_brand, device="iPhone")
    found = shopper_sessions.session_for(token)
    assert (found, found.person, found.brand) == (session, mei, world.qinglan_brand)
    assert token.encode() not in bytes(ShopperSession.objects.get().token_hash)
    assert shopper_sessions.session_for(token + "x") is None
    assert shopper_sessions.session_for(None) is None


def test_a_token_of_one_brand_opens_nothing_at_another(world, mei):
    _session, token = shopper_sessions.open_session(person=mei, brand=world.qinglan_brand)
    assert shopper_sessions.session_for(token, brand=world.qinglan_brand)
    assert shopper_sessions.session_for(token, brand=world.mubai_brand) is None
    assert shopper_sessions.cookie_name(world.qinglan_brand) != shopper_sessions.cookie_name(
        world.mubai_brand
    )


def test_a_session_ends_after_thirty_days(world, mei):
    long_ago = timezone.now() - timedelta(days=30)
    _session, token = shopper_sessions.open_session(person=mei, brand=world.qinglan_brand, at=long_ago)
    assert shopper_sessions.session_for(token) is None


def test_a_revoked_session_is_over_at_once_and_only_its_person_may_revoke_it(world, mei):
    session, token = shopper_sessions.open_session(person=mei, brand=world.qinglan_brand)
    bo = Person.objects.create(phone_sealed=sealing.seal("x"), phone_hash=b"bo")
    assert not shopper_sessions.revoke(person=bo, ref=session.ref)
    assert shopper_sessions.session_for(token)
    assert shopper_sessions.revoke(person=mei, ref=session.ref)
    assert shopper_sessions.session_for(token) is None
    assert shopper_sessions.live_sessions(person=mei) == []


def test_all_other_devices_are_signed_out_and_this_one_stays(world, mei):
    opened = [shopper_sessions.open_session(person=mei, brand=world.qinglan_brand) for _device in range(3)]
    assert shopper_sessions.revoke_others(session=opened[0][0]) == 2
    assert [bool(shopper_sessions.session_for(token)) for _session, token in opened] == [True, False, False]


def test_being_seen_is_written_once_an_hour(world, mei, django_assert_num_queries):
    session, token = shopper_sessions.open_session(person=mei, brand=world.qinglan_brand)
    with django_assert_num_queries(1):
        shopper_sessions.session_for(token)
    before = timezone.now() - timedelta(hours=2)
    ShopperSession.objects.update(seen_at=before)
    shopper_sessions.session_for(token)
    assert ShopperSession.objects.get().seen_at > before


def test_the_cookie_is_out_of_scripts_reach_and_goes_over_tls(world, mei, settings):
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    shopper_sessions.keep(response, brand=world.qinglan_brand, token="a-token")
    cookie = response.cookies["tiandi_shopper_qinglan"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    request = RequestFactory().get("/", headers={"Cookie": f"{cookie.key}={cookie.value}"})
    assert shopper_sessions.token_in(request, world.qinglan_brand) == "a-token"
    shopper_sessions.drop(response, brand=world.qinglan_brand)
    assert response.cookies["tiandi_shopper_qinglan"].value == ""


def test_a_reveal_is_an_event_that_tells_who_and_why_and_no_phone(world, mei):
    with world.inside(world.qinglan):
        member = Member.objects.create(
            merchant=world.qinglan, person=mei, origin=Member.Origin.STOREFRONT, joined_at=timezone.now()
        )
        by = Actor.user(world.gu.ref)
        assert reveal.reveal(member=member, by=by, reason=reveal.Reason.CALL) == MEI
    event = Event.objects.get(kind="phone.revealed")
    assert (event.subject, event.actor_ref, event.merchant_id) == (member.ref, world.gu.ref, world.qinglan.id)
    assert event.payload == {"member": member.ref, "reason": "call"}
    with pytest.raises(DomainError, match="reveal.no_reason"):
        reveal.reveal(member=member, by=by, reason="because")
