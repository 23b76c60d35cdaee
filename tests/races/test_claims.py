"""Many phones, one campaign: never one coupon too many, never two for one claim."""

import time

import pytest
from django_scopes import scope

from coupons import campaigns, issuing
from coupons.models import Campaign, Coupon, Quota
from events.models import Event
from members.models import Member, Person
from merchants.errors import DomainError
from tests.people import NOON
from tests.races.together import codes, together
from tests.selling import TILL, campaign_of

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS, LIMIT = 64, 50


def members(world, count: int) -> list[Member]:
    with scope(merchant=world.qinglan):
        persons = Person.objects.bulk_create(
            Person(phone_hash=f"phone {n}".encode(), phone_sealed=b"-") for n in range(count)
        )
        return Member.objects.bulk_create(
            Member(merchant=world.qinglan, person=person, origin="api", joined_at=NOON) for person in persons
        )


def claim(campaign, member, key):
    return lambda: issuing.issue(campaign=campaign, member=member, claim_key=key, by=TILL, at=NOON)


def storm(world):
    """64 members claim a limit of 50 at once: the coupons that exist afterwards, and the refusals."""
    campaign = campaign_of(world.qinglan, world.qinglan_brand, issue_limit=LIMIT)
    claims = [claim(campaign, member, member.ref) for member in members(world, CLIENTS)]
    refusals = codes(together(*claims))
    with scope(merchant=world.qinglan):
        return Coupon.objects.count(), refusals, campaigns.left(campaign)


def test_without_the_guarded_counter_too_many_go_out(transactional_db, world, monkeypatch):
    def unguarded(campaign):
        left = Quota.objects.values_list("left", flat=True).get(campaign=campaign)
        if left <= 0:
            raise DomainError("campaign.exhausted", "")
        time.sleep(0.02)
        Quota.objects.filter(campaign=campaign).update(left=left - 1)

    monkeypatch.setattr(issuing, "_take_one", unguarded)
    out, _refusals, _left = storm(world)
    assert out > LIMIT


def test_exactly_the_limit_goes_out(transactional_db, world):
    out, refusals, left = storm(world)
    assert (out, left) == (LIMIT, 0)
    assert refusals == ["campaign.exhausted"] * (CLIENTS - LIMIT)


def test_one_claim_key_fifty_times_is_one_coupon(transactional_db, world):
    campaign = campaign_of(world.qinglan, world.qinglan_brand)
    (member,) = members(world, 1)
    results = together(*[claim(campaign, member, "one tap too many")] * 50)
    assert not codes(results)
    assert len({coupon.pk for coupon, _is_new in results}) == 1
    assert sum(is_new for _coupon, is_new in results) == 1
    assert campaigns.left(campaign) == 999


def test_one_claim_key_of_two_members_is_one_coupon_and_a_conflict(transactional_db, world):
    campaign = campaign_of(world.qinglan, world.qinglan_brand)
    one, other = members(world, 2)
    results = together(claim(campaign, one, "k"), claim(campaign, other, "k"))
    assert codes(results) == ["coupon.claim_key_reused"]
    assert campaigns.left(campaign) == 999


def test_a_member_with_many_phones_stays_within_the_members_limit(transactional_db, world):
    campaign = campaign_of(world.qinglan, world.qinglan_brand, per_member_limit=2)
    (member,) = members(world, 1)
    results = together(*[claim(campaign, member, f"tap {n}") for n in range(12)])
    assert codes(results) == ["campaign.member_limit"] * 10


def test_one_form_sent_eight_times_at_once_is_one_campaign(transactional_db, world):
    def send():
        return campaign_of(world.qinglan, world.qinglan_brand, form_key="frm_one")

    results = together(*[send] * 8)
    assert not codes(results)
    assert len({campaign.pk for campaign in results}) == 1
    with scope(merchant=world.qinglan):
        assert (Campaign.objects.count(), Quota.objects.count()) == (1, 1)
    assert Event.objects.filter(kind="campaign.created").count() == 1


def test_without_the_forms_key_they_are_eight(transactional_db, world):
    def send():
        return campaign_of(world.qinglan, world.qinglan_brand)

    assert len({campaign.pk for campaign in together(*[send] * 8)}) == 8
