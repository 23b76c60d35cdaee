"""Who sees which event: the feed and the push must give the same answer."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event
from flows import audience
from members.models import Member, Person
from members.shopper_sessions import cookie_name, open_session
from merchants import phones, sealing
from merchants.models import Appointment, OrgUnit
from merchants.onboarding import add_unit, appoint, root_of
from merchants.roles import Role
from notifications import feed, live
from tests.notifications.conftest import TOLD
from tests.people import LONG_AGO, ONBOARDING, make_store, make_user, renewed


def seen_by(whom):
    """What the feed shows of what was told. The push, given every event there is, must show the same."""
    shown = feed.after(0, audience=whom).events
    everything = [(event.merchant_id, feed.public(event, "")) for event in Event.objects.after(0)]
    pushed = asyncio.run(pushed_to(whom, everything))
    assert [event["seq"] for event in pushed] == [event["seq"] for event in shown]
    return [event["subject"] for event in shown if event["payload"] == TOLD]


async def pushed_to(whom, events):
    hub, subscriber = live.Hub(), live.Subscriber(whom)
    hub._enter(subscriber)
    return [event for merchant_id, event in events if subscriber in hub._seeing(merchant_id, event)]


def appointed(merchant, role, unit, name):
    user = make_user(name, email=f"{role}@{merchant.pk}.example")
    with_scope = {"user": user, "merchant": merchant, "role": role, "org_unit": unit, "by": ONBOARDING}
    appoint(**with_scope, starts_at=LONG_AGO)
    return user


def test_headquarters_sees_its_whole_merchant_and_no_other(world, tell):
    tell(world.qinglan, "order.lines_paid", subject="ord_q")
    tell(world.mubai, "order.lines_paid", subject="ord_m")
    tell(world.hehe, "order.paid", subject="ord_h")
    assert seen_by(audience.of_user(world.gu)) == ["ord_q"]
    assert seen_by(audience.of_user(world.he)) == ["ord_h"]
    assert seen_by(audience.of_user(world.wei)) == []


def test_one_receipt_of_two_brands_shows_each_owner_its_own_lines_only(world, tell):
    tell(world.hehe, "order.paid", world.jingan.ref, subject="ord_whole")
    tell(world.qinglan, "order.lines_paid", world.jingan.ref, subject="ord_lines_of_qinglan")
    tell(world.mubai, "order.lines_paid", world.jingan.ref, subject="ord_lines_of_mubai")
    assert seen_by(audience.of_user(world.gu)) == ["ord_lines_of_qinglan"]
    assert seen_by(audience.of_user(world.he)) == ["ord_whole"]


def test_a_region_manager_sees_the_stores_below_and_those_placed_there_by_contract(world, tell):
    with world.inside(world.qinglan):
        east = add_unit(
            merchant=world.qinglan, parent=root_of(world.qinglan), kind=OrgUnit.Kind.REGION, name="华东大区"
        )
        suzhou = make_store(
            world.qinglan, code="SZ01", name="青岚苏州店", kind="direct", lng=120.6, lat=31.3, parent=east
        )
        renewed(world.qinglan_at_jingan, brand_unit=east)
        manager = appointed(world.qinglan, Role.REGION_MANAGER, east, "江帆")
    tell(world.qinglan, "order.paid", suzhou.ref, subject="ord_own_store")
    tell(world.qinglan, "order.lines_paid", world.jingan.ref, subject="ord_contracted_store")
    tell(world.qinglan, "order.paid", world.xuhui.ref, subject="ord_store_elsewhere")
    tell(world.hehe, "order.paid", world.jingan.ref, subject="ord_of_the_other_merchant")
    assert seen_by(audience.of_user(manager)) == ["ord_own_store", "ord_contracted_store"]


def test_a_store_manager_sees_that_store(world, tell):
    with world.inside(world.qinglan):
        manager = appointed(world.qinglan, Role.STORE_MANAGER, world.xuhui.org_unit, "许店")
    tell(world.qinglan, "member.joined", world.xuhui.ref, subject="mem_here")
    tell(world.qinglan, "member.joined", world.jingan.ref, subject="mem_elsewhere")
    assert seen_by(audience.of_user(manager)) == ["mem_here"]


def test_a_guide_sees_what_concerns_that_guide_and_not_a_colleague(world, tell):
    tell(world.hehe, "member.joined", world.lin.ref, world.jingan.ref, subject="mem_of_lin")
    tell(world.hehe, "member.joined", "gui_colleague", world.jingan.ref, subject="mem_of_colleague")
    tell(world.hehe, "commission.booked", world.lin.ref, subject="ord_earned")
    tell(world.hehe, "signin.succeeded", world.lin.user.ref, subject="usr_lin")
    tell(world.qinglan, "order.lines_paid", world.lin.ref, subject="ord_of_the_brand")
    assert seen_by(audience.of_user(world.lin.user)) == ["mem_of_lin", "ord_earned", "usr_lin"]


def test_what_a_role_may_not_read_is_not_pushed_to_it(world, tell):
    with world.inside(world.qinglan):
        marketing = appointed(world.qinglan, Role.MARKETING, root_of(world.qinglan), "市场")
    tell(world.qinglan, "coupon.issued", subject="cou_1")
    tell(world.qinglan, "commission.booked", subject="ord_1")
    tell(world.qinglan, "phone.revealed", subject="mem_1")
    tell(world.qinglan, "kind_nobody_listed.happened", subject="new_1")
    assert seen_by(audience.of_user(marketing)) == ["cou_1"]
    assert seen_by(audience.of_user(world.gu)) == ["cou_1", "ord_1", "mem_1", "new_1"]


def test_an_appointment_that_ended_shows_nothing(world, tell):
    tell(world.qinglan, "order.paid")
    with world.inside(world.qinglan):
        Appointment.objects.filter(user=world.gu).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert seen_by(audience.of_user(world.gu)) == []


@pytest.fixture
def wang(world):
    """A shopper known to Qinglan and to Hehe, each by a membership of its own."""
    number = "+8613800000001"
    person = Person.objects.create(phone_sealed=sealing.seal(number), phone_hash=phones.fingerprint(number))
    memberships = {}
    for merchant in (world.qinglan, world.hehe):
        with world.inside(merchant):
            memberships[merchant.pk] = Member.objects.create(
                merchant=merchant, person=person, origin=Member.Origin.STOREFRONT, joined_at=timezone.now()
            )
    return person, memberships


def test_a_shopper_sees_the_own_membership_with_the_brand_signed_in_to(world, tell, wang):
    person, memberships = wang
    qinglan, hehe = memberships[world.qinglan.pk], memberships[world.hehe.pk]
    session, _ = open_session(person=person, brand=world.qinglan_brand)
    tell(world.qinglan, "coupon.issued", qinglan.ref, subject="cou_own")
    tell(world.qinglan, "coupon.issued", "mem_somebody", subject="cou_of_somebody")
    tell(world.hehe, "order.paid", hehe.ref, subject="ord_elsewhere")
    tell(world.qinglan, "commission.booked", qinglan.ref, subject="ord_what_the_guide_earned")
    tell(world.qinglan, "phone.revealed", qinglan.ref, subject="mem_looked_at")
    assert seen_by(audience.of_shopper(session)) == ["cou_own"]


def test_a_shopper_of_one_brand_asks_in_vain_at_another(world, wang, client):
    person, _ = wang
    _, token = open_session(person=person, brand=world.qinglan_brand)
    client.cookies[cookie_name(world.qinglan_brand)] = token
    client.cookies[cookie_name(world.mubai_brand)] = token
    assert client.get("/feed/qinglan").status_code == 200
    assert client.get("/feed/mubai").status_code == 401
    assert client.get("/feed/no-such-brand").status_code == 401
