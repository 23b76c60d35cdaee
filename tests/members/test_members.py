from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django_scopes import scope

from events.models import Event
from events.record import Actor
from flows.enrolling import enrol
from members import consent, followups
from members.binding import PROTECTION, VALIDITY, bind, binding_of, fewest_bound
from members.identity import brand_member_of, identify, known, person_for, recognise
from members.joining import join
from members.leaving import leave, withdraw
from members.models import Consent, FollowUp, Member
from members.visibility import visible_to
from merchants.errors import Conflict, DomainError
from merchants.models import OrgUnit
from merchants.onboarding import add_brand, add_unit, appoint, root_of
from merchants.roles import Role
from merchants.scoping import seats
from tests.people import LATER, LONG_AGO, NOON, ONBOARDING, make_guide, make_user, renewed

WANG = "+8613800138000"
DAY = timedelta(days=1)


def joins(world, merchant=None, phone=WANG, **changes):
    facts = {
        "merchant": merchant or world.hehe,
        "person": person_for(phone=phone),
        "name": "王芳",
        "home_store": world.jingan,
        "origin": Member.Origin.API,
        "guide": None,
        "consents": {"membership": True},
        "by": ONBOARDING,
        "at": NOON,
    }
    return join(**{**facts, **changes})


def binds(world, member, **changes):
    return bind(
        **{
            "member": member,
            "guide": world.lin,
            "store": world.jingan,
            "by": ONBOARDING,
            "at": NOON,
            **changes,
        }
    )


def test_one_phone_is_one_person_however_it_is_typed(db):
    first = person_for(phone="138 0013 8000")
    assert person_for(phone="+86-138-0013-8000") == first
    assert first.phone == WANG and first.masked_phone == "138****8000"
    assert WANG.encode() not in bytes(first.phone_sealed)


def test_a_merchant_learns_of_its_own_members_only(world):
    joins(world)
    assert known(merchant=world.hehe, phone=WANG)
    assert known(merchant=world.stranger, phone=WANG) is None
    assert brand_member_of(person=person_for(phone=WANG), merchant=world.qinglan) is None


def test_a_member_is_recognised_by_ref_by_identity_then_by_phone(world):
    member, _is_new = joins(world)
    identify(member=member, system="pos", value="C-1")
    for clue in ({"member_ref": member.ref}, {"identity": ("pos", "C-1")}, {"phone": WANG}):
        assert recognise(merchant=world.hehe, **clue) == member
        assert recognise(merchant=world.stranger, **clue) is None
    assert recognise(merchant=world.hehe, identity=("pos", "C-2"), phone=WANG) == member
    assert recognise(merchant=world.hehe) is None


def test_to_join_again_is_a_greeting(world):
    member, is_new = joins(world)
    again, is_new_again = joins(world, name="王小芳", home_store=None)
    assert (is_new, is_new_again) == (True, False) and again == member
    assert (again.name, again.home_store) == ("王芳", world.jingan)
    assert Event.objects.filter(kind="member.joined").count() == 1


def test_what_is_told_of_a_joining_names_no_person_and_ties_no_merchants_together(world):
    person = person_for(phone=WANG)
    member, _is_new = joins(world, by=Actor.person(person.ref), guide=world.lin)
    event = Event.objects.get(kind="member.joined")
    assert event.actor_ref == member.ref, "the person's own ref would be the same at every merchant"
    assert event.concerns == [member.ref, world.jingan.ref, world.lin.ref, world.lin.user.ref]
    assert "王" not in str(event.payload) and "138" not in str(event.payload)


def test_answers_are_added_and_the_newest_counts(world):
    member, _is_new = joins(world)
    answers = {"brand": None, "by": ONBOARDING}
    consent.answer(member=member, answers={"marketing": True}, at=NOON, **answers)
    consent.answer(member=member, answers={"marketing": True}, at=LATER, **answers)
    consent.answer(member=member, answers={"marketing": False}, at=LATER, **answers)
    assert consent.standing(member=member, brand=None) == {"membership": True, "marketing": False}
    with scope(merchant=world.hehe):
        assert Consent.objects.filter(purpose="marketing").count() == 2, (
            "a standing answer is not written again"
        )


def test_the_application_may_not_change_an_answer(world):
    joins(world)
    for statement in ("UPDATE members_consent SET granted = false", "DELETE FROM members_consent"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_binding_has_two_clocks_and_a_welcome_due_within_a_day(world):
    member, _is_new = joins(world)
    binding = binds(world, member)
    assert (binding.ends_at - NOON, binding.protected_until - NOON) == (VALIDITY, PROTECTION)
    with scope(merchant=world.hehe):
        (welcome,) = followups.open_for(guide=world.lin)
    assert welcome.kind == FollowUp.Kind.WELCOME and welcome.due_at == NOON + DAY
    followups.done(follow_up=welcome, by=ONBOARDING, at=LATER)
    followups.done(follow_up=welcome, by=ONBOARDING, at=LATER + DAY)
    with scope(merchant=world.hehe):
        assert FollowUp.objects.get().done_at == LATER
    assert Event.objects.filter(kind="followup.done").count() == 1


def test_a_member_has_one_live_guide(world):
    member, _is_new = joins(world)
    first = binds(world, member)
    assert binds(world, member, at=LATER) == first, "the same guide again changes nothing"
    with scope(merchant=world.hehe):
        zhao = make_guide(world.jingan, code="G9", name="赵敏", phone="+8613900000009")
    with pytest.raises(Conflict) as refusal:
        binds(world, member, guide=zhao, at=LATER)
    assert refusal.value.code == "binding.exists"
    with pytest.raises(Conflict):
        binds(world, member, guide=zhao, at=NOON - DAY)  # backdated into the first
    assert binding_of(member=member, at=NOON + VALIDITY) is None
    assert binds(world, member, guide=zhao, at=NOON + VALIDITY).guide == zhao


def test_the_guide_with_the_fewest_live_members_comes_first_ties_to_the_longest_serving(world):
    with scope(merchant=world.hehe):
        zhao = make_guide(world.jingan, code="G9", name="赵敏", phone="+8613900000009")
    guides = [zhao, world.lin]
    assert fewest_bound(guides, at=NOON) == world.lin
    binds(world, joins(world)[0])
    assert fewest_bound(guides, at=NOON) == zhao
    assert fewest_bound(guides, at=NOON + VALIDITY) == world.lin, "an ended binding does not count"
    assert fewest_bound([], at=NOON) is None


def test_whoever_leaves_is_no_member_keeps_no_guide_and_may_come_back(world):
    brand = world.qinglan_brand
    member, _is_new = joins(world, merchant=world.qinglan, brand=brand, home_store=world.xuhui)
    binds(world, member, guide=world.chen, store=world.xuhui)
    withdraw(member=member, brand=brand, purpose=Consent.Purpose.MEMBERSHIP, by=ONBOARDING, at=LATER)
    assert known(merchant=world.qinglan, phone=WANG) is None
    assert binding_of(member=member, at=LATER) is None
    assert consent.standing(member=member, brand=brand) == {"membership": False}
    leave(member=member, brand=brand, by=ONBOARDING)
    assert Event.objects.filter(kind="member.left").count() == 1
    back, is_new = joins(world, merchant=world.qinglan, brand=brand, at=LATER + DAY)
    assert back == member and is_new and back.joined_at == LATER + DAY


def second_brand(world):
    """Another brand of Qinglan's merchant, which the member of `joins` may join too."""
    return add_brand(
        merchant=world.qinglan,
        name="青岚里",
        name_en="Qinglan Li",
        slug="qinglan-li",
        seal="里",
        by=ONBOARDING,
    )


def test_who_leaves_one_brand_stays_a_member_of_the_merchants_other_brand(world):
    first, second = world.qinglan_brand, second_brand(world)
    member, _is_new = joins(world, merchant=world.qinglan, brand=first, home_store=world.xuhui)
    joins(world, merchant=world.qinglan, brand=second, consents={"membership": True, "marketing": True})
    binds(world, member, guide=world.chen, store=world.xuhui)
    leave(member=member, brand=first, by=ONBOARDING, at=LATER)
    assert known(merchant=world.qinglan, phone=WANG) == member
    assert binding_of(member=member, at=LATER)
    assert consent.standing(member=member, brand=second) == {"membership": True, "marketing": True}
    leave(member=member, brand=second, by=ONBOARDING, at=LATER)
    assert known(merchant=world.qinglan, phone=WANG) is None
    assert binding_of(member=member, at=LATER) is None
    assert consent.standing(member=member, brand=second) == {"membership": False, "marketing": False}
    left = Event.objects.filter(kind="member.left").values_list("payload", flat=True)
    assert [told["brand"] for told in left] == [first.ref, second.ref]


def test_who_had_left_before_this_counted_may_still_leave_the_other_brand(world):
    first, second = world.qinglan_brand, second_brand(world)
    member, _is_new = joins(world, merchant=world.qinglan, brand=first)
    joins(world, merchant=world.qinglan, brand=second)
    with scope(merchant=world.qinglan):
        Member.objects.update(status=Member.Status.LEFT)
    leave(member=member, brand=second, by=ONBOARDING, at=LATER)
    assert consent.standing(member=member, brand=second) == {"membership": False}


def test_leaving_the_last_brand_takes_back_what_the_merchant_itself_was_allowed(world):
    member, _is_new = joins(world, merchant=world.qinglan, consents={"membership": True, "marketing": True})
    joins(world, merchant=world.qinglan, brand=world.qinglan_brand)
    leave(member=member, brand=world.qinglan_brand, by=ONBOARDING, at=LATER)
    assert known(merchant=world.qinglan, phone=WANG) is None
    assert consent.standing(member=member, brand=None) == {"membership": False, "marketing": False}


class TestWhoLeftAndIsToldOfAgain:
    """As a nightly sync does, with the record of a month ago."""

    def told_again(self, world, **changes):
        facts = {
            "merchant": world.qinglan,
            "phone": WANG,
            "name": "王芳芳",
            "by": ONBOARDING,
            "at": LATER + DAY,
        }
        return enrol(**{**facts, **changes})

    @pytest.fixture
    def gone(self, world):
        joins(world, merchant=world.qinglan, brand=world.qinglan_brand, home_store=None, name="")
        member = known(merchant=world.qinglan, phone=WANG)
        return leave(member=member, brand=world.qinglan_brand, by=ONBOARDING, at=LATER)

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"consents": {"marketing": True}},
            {"consents": {"membership": False}},
            {"consents": {"membership": True}, "at": LATER},
            {"consents": {"membership": True}, "at": LATER - 30 * DAY},
        ],
        ids=["no word", "another purpose", "a no", "at the leaving", "before the leaving"],
    )
    def test_stays_as_they_are_and_nothing_told_is_kept(self, world, gone, told):
        before = consent.standing(member=gone, brand=None)
        member, is_new = self.told_again(
            world, store=world.xuhui, guide=world.chen, source=("crm", "X1"), **told
        )
        member.refresh_from_db()
        assert member == gone and not is_new and member.status == Member.Status.LEFT
        assert (member.name, member.home_store, member.joined_at) == ("", None, NOON)
        assert consent.standing(member=gone, brand=None) == before
        assert binding_of(member=gone, at=LATER + DAY) is None
        with scope(merchant=world.qinglan):
            assert not member.identities.exists()
        assert Event.objects.filter(kind="member.joined").count() == 1

    def test_is_back_with_a_yes_given_after_the_leaving(self, world, gone):
        member, is_new = self.told_again(world, consents={"membership": True}, at=LATER + DAY)
        assert member == gone and is_new and member.status == Member.Status.ACTIVE
        leave(member=member, brand=world.qinglan_brand, by=ONBOARDING, at=LATER + 2 * DAY)
        back, _is_new = joins(
            world,
            merchant=world.qinglan,
            brand=world.qinglan_brand,
            name="王小芳",
            at=LATER + 3 * DAY,
        )
        assert (back.name, back.pinyin) == ("王小芳", "wang xiao fang"), "they said how to call them"


def test_a_phone_that_is_no_number_is_refused_with_the_next_step(db):
    with pytest.raises(DomainError) as refusal:
        person_for(phone="12345")
    assert refusal.value.code == "phone.invalid" and refusal.value.field == "phone"


class TestWhoSeesWhom:
    def members(self, world):
        with scope(merchant=world.hehe):
            self.west = add_unit(
                merchant=world.hehe, parent=root_of(world.hehe), kind=OrgUnit.Kind.REGION, name="西区"
            )
        here, _is_new = joins(world)
        nowhere, _is_new = joins(world, phone="+8613800138001", name="李雷", home_store=None)
        return here, nowhere

    def seat(self, user, at=NOON):
        return seats(user, at=at)[0]

    def appointed(self, world, role, unit):
        user = make_user("某人", email=f"{role}@hehe.example")
        appoint(user=user, merchant=world.hehe, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
        return self.seat(user)

    def seen(self, world, seat):
        with scope(merchant=world.hehe):
            return set(visible_to(seat, at=NOON))

    def test_headquarters_sees_every_member_also_those_without_a_store(self, world):
        here, nowhere = self.members(world)
        assert self.seen(world, self.seat(world.he)) == {here, nowhere}

    def test_a_manager_sees_the_subtree(self, world):
        here, _nowhere = self.members(world)
        there = self.appointed(world, Role.STORE_MANAGER, world.jingan.org_unit)
        assert self.seen(world, there) == {here}
        assert self.seen(world, self.appointed(world, Role.REGION_MANAGER, self.west)) == set()

    def test_a_guide_sees_the_store_s_members_and_the_bound_ones_wherever_they_belong(self, world):
        here, nowhere = self.members(world)
        assert self.seen(world, self.seat(world.lin.user)) == {here}
        binds(world, nowhere)
        assert self.seen(world, self.seat(world.lin.user)) == {here, nowhere}

    def test_a_brand_s_region_manager_sees_members_of_others_stores_hung_in_the_region(self, world):
        member, _is_new = joins(world, merchant=world.qinglan)
        with scope(merchant=world.qinglan):
            east = add_unit(
                merchant=world.qinglan, parent=root_of(world.qinglan), kind=OrgUnit.Kind.REGION, name="华东"
            )
            user = make_user("区经理", email="east@qinglan.example")
            facts = {"user": user, "merchant": world.qinglan, "role": Role.REGION_MANAGER, "org_unit": east}
            appoint(by=ONBOARDING, starts_at=LONG_AGO, **facts)
            assert not visible_to(self.seat(user), at=NOON).exists()
            renewed(world.qinglan_at_jingan, brand_unit=east)
            assert list(visible_to(self.seat(user), at=NOON)) == [member]
