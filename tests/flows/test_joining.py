"""A shopper joins at a store: one person stays one person, and each merchant learns only what it may."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django_scopes import scope

from events.models import Event
from events.record import Actor
from flows import joining
from flows.joining import join_brand
from guides.duty import mark_off
from guides.models import Assignment
from members import consent, sharing
from members.binding import PROTECTION
from members.identity import person_for
from members.leaving import withdraw
from members.models import Binding, Consent, Member, Person
from merchants.errors import DomainError
from merchants.onboarding import add_brand
from stores.contracts import terminate
from stores.models import Store
from stores.opening import revise
from tests.people import LATER, NOON, ONBOARDING, make_contract, make_guide, make_world

PHONE = "138 0013 8000"
EVERYTHING = {"membership": True, "store": True, "marketing": False}
NOT_THE_STORE = {"membership": True, "store": False, "marketing": True}
SHOPPER = Actor.person("psn_wang")


def joins(world, **changes):
    asked = {
        "brand": world.qinglan_brand,
        "store": world.jingan,
        "phone": PHONE,
        "name": "王芳",
        "consents": EVERYTHING,
        "by": SHOPPER,
        "at": NOON,
    }
    return join_brand(**{**asked, **changes})


def told(kind: str, merchant) -> Event:
    return Event.objects.get(kind=kind, merchant_id=merchant.id)


def zhao_at_jingan(world):
    with scope(merchant=world.hehe):
        return make_guide(world.jingan, code="G109", name="赵敏", phone="+8613900000009")


# --- whose member, whose guide ---


def test_at_a_store_run_by_another_one_person_becomes_a_member_of_both_with_the_store_s_guide(world):
    joined = joins(world)
    assert joined.is_new and joined.member.person == joined.channel_member.person
    assert (joined.member.merchant, joined.channel_member.merchant) == (world.qinglan, world.hehe)
    assert (joined.guide, joined.binding.member) == (world.lin, joined.channel_member)
    assert joined.binding.protected_until == NOON + PROTECTION
    assert sharing.counterparts_of(brand=world.qinglan_brand, member=joined.member) == [joined.channel_member]
    (shared,) = sharing.brands_shared_with(member=joined.channel_member)
    assert (shared.brand, shared.member) == (world.qinglan_brand, joined.member)


def test_each_consent_is_kept_with_whom_it_was_given_to(world):
    joined = joins(world)
    assert consent.standing(member=joined.member, brand=world.qinglan_brand) == EVERYTHING
    assert consent.standing(member=joined.channel_member, brand=None) == {"membership": True}


def test_without_the_store_s_consent_only_the_brand_s_member_exists_with_the_store_as_home_and_no_guide(
    world,
):
    joined = joins(world, consents=NOT_THE_STORE, guide=world.lin)
    assert joined.member.home_store == world.jingan
    assert (joined.channel_member, joined.guide, joined.binding) == (None, None, None)
    with scope(merchant=world.hehe):
        assert not Member.objects.exists() and not Binding.objects.exists()
    assert not Event.objects.filter(merchant_id=world.hehe.id, kind__startswith="member.").exists()
    assert world.lin.ref not in told("member.joined", world.qinglan).concerns


def test_at_the_brand_s_own_store_there_is_one_member_bound_to_its_guide(world):
    joined = joins(world, store=world.xuhui, consents=NOT_THE_STORE)
    assert joined.channel_member is None
    assert (joined.guide, joined.binding.member) == (world.chen, joined.member)
    assert world.chen.user.ref in told("member.joined", world.qinglan).concerns


def test_both_merchants_hear_of_it_each_in_its_own_refs(world):
    joined = joins(world)
    theirs = told("member.joined", world.hehe)
    assert theirs.subject == joined.channel_member.ref
    assert {world.lin.ref, world.lin.user.ref, world.jingan.ref} <= set(theirs.concerns)
    assert told("binding.made", world.hehe).payload["member"] == joined.channel_member.ref
    brand_s = told("binding.made", world.qinglan)
    assert brand_s.payload["member"] == joined.member.ref and brand_s.payload["guide"] == world.lin.ref
    for event in Event.objects.filter(merchant_id=world.hehe.id):
        assert joined.member.ref not in str((event.payload, event.concerns, event.actor_ref))
    for event in Event.objects.filter(merchant_id=world.qinglan.id):
        assert joined.channel_member.ref not in str((event.payload, event.concerns, event.actor_ref))


# --- which guide ---


def test_the_scanned_guide_is_the_one_and_the_origin(world):
    zhao = zhao_at_jingan(world)
    joined = joins(world, guide=zhao)
    assert joined.guide == zhao and joined.member.origin_guide == zhao
    assert (joined.member.origin, joined.channel_member.origin) == ("guide", "guide")


def test_without_a_scan_the_guide_on_duty_with_the_fewest_members_is_the_one(world):
    zhao = zhao_at_jingan(world)
    assert joins(world).guide == world.lin
    assert joins(world, phone="13800138001").guide == zhao
    mark_off(guide=world.lin, starts_at=NOON, by=ONBOARDING)
    assert joins(world, phone="13800138002").guide == zhao


def test_with_nobody_on_duty_the_same_of_all_who_serve_there(world):
    mark_off(guide=world.lin, starts_at=NOON, by=ONBOARDING)
    assert joins(world).guide == world.lin


def test_a_member_the_store_knows_keeps_the_guide_they_have_and_the_brand_is_told(world):
    zhao = zhao_at_jingan(world)
    first = joins(world, brand=world.mubai_brand, guide=zhao)
    second = joins(world, guide=world.lin, at=LATER)
    assert second.channel_member == first.channel_member and second.guide == zhao
    assert told("binding.made", world.qinglan).payload["guide"] == zhao.ref
    assert Event.objects.filter(kind="member.joined", merchant_id=world.hehe.id).count() == 1


# --- again ---


@pytest.mark.parametrize("at", [NOON, LATER])
def test_to_join_again_is_a_greeting_with_the_same_members_and_guide(world, at):
    first = joins(world)
    before = Event.objects.count()
    again = joins(world, at=at)
    assert not again.is_new
    assert (again.member, again.channel_member, again.binding) == (
        first.member,
        first.channel_member,
        first.binding,
    )
    assert Event.objects.count() == before


def test_a_box_left_empty_on_joining_again_takes_nothing_back_and_a_tick_grants(world):
    member = joins(world, consents={"membership": True, "store": True, "marketing": True}).member
    stood = consent.standing(member=member, brand=world.qinglan_brand)
    before = Event.objects.count()
    joins(world, consents={"membership": True, "store": False, "marketing": False}, at=LATER)
    assert consent.standing(member=member, brand=world.qinglan_brand) == stood
    assert Event.objects.count() == before
    facts = {"brand": world.qinglan_brand, "by": SHOPPER, "at": LATER}
    withdraw(member=member, purpose=Consent.Purpose.MARKETING, **facts)
    joins(world, consents={"membership": True, "marketing": True}, at=LATER + timedelta(days=1))
    assert consent.standing(member=member, brand=world.qinglan_brand)["marketing"] is True


def test_whoever_left_and_comes_back_answers_anew(world):
    member = joins(world, consents={"membership": True, "store": True, "marketing": True}).member
    facts = {"brand": world.qinglan_brand, "by": SHOPPER, "at": LATER}
    withdraw(member=member, purpose=Consent.Purpose.MEMBERSHIP, **facts)
    back = joins(world, consents=EVERYTHING, at=LATER + timedelta(days=1))
    assert back.is_new and consent.standing(member=member, brand=world.qinglan_brand) == EVERYTHING


def test_a_member_of_the_merchant_s_other_brand_is_new_to_this_one(world):
    with scope(merchant=world.qinglan):
        other = add_brand(
            merchant=world.qinglan, name="青禾", name_en="Qinghe", slug="qinghe", seal="禾", by=ONBOARDING
        )
    make_contract(other, world.xuhui, mode="central")
    joins(world)
    first = joins(world, brand=other, store=world.xuhui)
    assert first.is_new and not joins(world, brand=other, store=world.xuhui).is_new


def test_the_store_may_be_allowed_later_and_taken_back(world):
    refused = joins(world, consents=NOT_THE_STORE)
    allowed = joins(world, at=LATER)
    assert not allowed.is_new and allowed.member == refused.member and allowed.binding.guide == world.lin
    facts = {"brand": world.qinglan_brand, "by": SHOPPER, "at": LATER + timedelta(days=1)}
    withdraw(member=allowed.member, purpose=Consent.Purpose.STORE, **facts)
    assert sharing.brands_shared_with(member=allowed.channel_member) == []
    assert told("member.unshared", world.hehe).subject == allowed.channel_member.ref
    with scope(merchant=world.hehe):
        assert Member.objects.get().status == "active", "the store's own member stays the store's"


def test_the_guide_they_came_through_becomes_theirs_when_the_store_is_allowed_later(world):
    zhao = zhao_at_jingan(world)
    first = joins(world, guide=zhao, consents=NOT_THE_STORE)
    assert (first.guide, first.member.origin_guide) == (None, zhao)
    assert told("member.joined", world.qinglan).payload["guide"] is None
    later = joins(world, name="", at=LATER)
    assert later.binding.guide == zhao and later.channel_member.origin_guide == zhao


def test_the_guide_they_came_through_is_passed_over_once_posted_elsewhere(world):
    zhao = zhao_at_jingan(world)
    joins(world, guide=zhao, consents=NOT_THE_STORE)
    with scope(merchant=world.hehe):
        Assignment.objects.filter(guide=zhao).update(ends_at=LATER)
    assert joins(world, at=LATER).binding.guide == world.lin


def test_the_store_learns_the_name_the_brand_was_given_before(world):
    first = joins(world, consents=NOT_THE_STORE)
    assert joins(world, name="", at=LATER).channel_member.name == first.member.name != ""


# --- what cannot be ---


def refused(world, **changes) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        joins(world, **changes)
    with scope(merchant=world.qinglan):
        assert not Member.objects.exists(), "nothing half done"
    assert refusal.value.next_step
    return refusal.value


def test_without_membership_s_consent_nobody_becomes_a_member(world):
    assert refused(world, consents={"membership": False, "store": True}).field == "membership"


def test_a_store_without_the_brand_s_contract_cannot_take_its_members(world):
    terminate(contract=world.qinglan_at_jingan, by=ONBOARDING, at=NOON)
    assert refused(world).code == "store.without_contract"


def test_a_closed_store_takes_nobody(world):
    closed = revise(store=world.jingan, status=Store.Status.CLOSED, by=ONBOARDING)
    assert refused(world, store=closed).code == "store.not_trading"


def test_a_guide_of_another_store_is_not_here(world):
    assert refused(world, guide=world.chen).code == "guide.not_here"


def test_a_phone_that_is_no_number_joins_nothing(world):
    assert refused(world, phone="12345").code == "phone.invalid"


# --- two tabs at once ---


def at_once(world, count=6) -> list:
    """The same shopper from several tabs, all let go at the same moment."""
    gate, outcomes = threading.Barrier(count), []

    def tab():
        try:
            gate.wait(30)
            outcomes.append(joins(world))
        except Exception as fault:
            outcomes.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=tab) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@contextmanager
def without_guards(owner, monkeypatch):
    """No lock on the person, no unique index: what the code alone would do."""
    unique = {
        "members_member": "member_once_a_merchant_and_person UNIQUE (merchant_id, person_id)",
        "members_sharedmembership": "shared_membership_once UNIQUE (brand_id, member_id, counterpart_id)",
    }
    monkeypatch.setattr(joining, "hold", lambda person: None)
    with owner.cursor() as cursor:
        for table, constraint in unique.items():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint.split()[0]}")
    try:
        yield
    finally:
        with owner.cursor() as cursor:
            cursor.execute("TRUNCATE members_member, members_sharedmembership CASCADE")
            for table, constraint in unique.items():
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint}")


def test_from_many_tabs_at_once_the_unguarded_code_makes_several_members(
    transactional_db, owner, monkeypatch
):
    world = make_world()
    person_for(phone=PHONE)  # known already, or the tabs would wait for one another at the person's index
    with without_guards(owner, monkeypatch):
        at_once(world)
        with scope(merchant=world.qinglan):
            assert Member.objects.count() > 1


def test_from_many_tabs_at_once_there_is_one_person_one_member_of_each_and_one_binding(transactional_db):
    world = make_world()
    outcomes = at_once(world)
    assert not [fault for fault in outcomes if isinstance(fault, Exception)], outcomes
    assert sorted(joined.is_new for joined in outcomes) == [False] * 5 + [True]
    assert Person.objects.count() == 1
    for merchant in (world.qinglan, world.hehe):
        with scope(merchant=merchant):
            assert Member.objects.count() == 1
    with scope(merchant=world.hehe):
        assert Binding.objects.count() == 1
    assert Event.objects.filter(kind="member.joined").count() == 2
