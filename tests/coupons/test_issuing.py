"""A coupon goes out once a claim key, within its limits and windows, to whom the campaign may reach."""

from datetime import timedelta

import pytest

from coupons import campaigns, issuing
from coupons.models import Campaign, Coupon, Quota
from events.models import Event
from merchants.errors import Conflict, DomainError
from tests.people import NOON
from tests.selling import MEI, TILL, campaign_of, coupon_for, joined


@pytest.fixture
def fang(world):
    return joined(world.qinglan_brand, world.jingan, guide=world.lin)


@pytest.fixture
def campaign(world):
    return campaign_of(world.qinglan, world.qinglan_brand, per_member_limit=2)


def refusal(campaign, member, **given) -> DomainError:
    with pytest.raises(DomainError) as caught:
        coupon_for(campaign, member, **given)
    return caught.value


def test_a_coupon_has_sixteen_digits_that_are_stored_sealed(fang, campaign):
    coupon, code = coupon_for(campaign, fang.member)
    assert len(code) == 16 and code.isdigit() and code[0] != "0"
    assert code.encode() not in bytes(coupon.code_sealed) + bytes(coupon.code_hash)
    assert (coupon.usable_from, coupon.usable_until) == (campaign.use_from, campaign.use_until)
    assert campaigns.left(campaign) == 999


def test_the_same_claim_key_gives_the_same_coupon(fang, campaign):
    first, code = coupon_for(campaign, fang.member)
    again, same_code = coupon_for(campaign, fang.member)
    assert (again, same_code) == (first, code)
    assert campaigns.left(campaign) == 999
    assert Event.objects.filter(kind="coupon.issued").count() == 1


def test_a_claim_key_used_for_another_member_is_a_conflict(world, fang, campaign):
    mei = joined(world.qinglan_brand, world.xuhui, phone=MEI, name="梅")
    coupon_for(campaign, fang.member)
    error = refusal(campaign, mei.member)
    assert isinstance(error, Conflict) and error.code == "coupon.claim_key_reused"


def test_a_member_gets_no_more_than_the_limit(world, fang, campaign):
    coupon_for(campaign, fang.member, key="1")
    coupon_for(campaign, fang.member, key="2")
    assert refusal(campaign, fang.member, key="3").code == "campaign.member_limit"
    assert campaigns.left(campaign) == 998


def test_the_last_coupon_is_the_last(world, fang):
    campaign = campaign_of(world.qinglan, world.qinglan_brand, issue_limit=1, per_member_limit=5)
    coupon_for(campaign, fang.member, key="1")
    assert refusal(campaign, fang.member, key="2").code == "campaign.exhausted"
    with world.inside(world.qinglan):
        assert Coupon.objects.count() == 1
    assert Quota.objects.get().left == 0


def test_outside_its_window_nothing_goes_out(fang, campaign):
    early = campaign.claim_from - timedelta(microseconds=1)
    assert refusal(campaign, fang.member, at=early).code == "campaign.not_open"
    assert refusal(campaign, fang.member, at=campaign.claim_until).code == "campaign.not_open"
    assert coupon_for(campaign, fang.member, at=campaign.claim_from)


def test_a_paused_campaign_gives_nothing_until_it_is_resumed(world, fang, campaign):
    campaigns.pause(campaign=campaign, by=TILL)
    stale = Campaign(pk=campaign.pk)
    assert refusal(campaign, fang.member).code == "campaign.not_running"
    assert stale.state == "active"  # what a caller holds may be old; the row is asked
    campaigns.resume(campaign=campaign, by=TILL)
    assert coupon_for(campaign, fang.member)
    with pytest.raises(DomainError):
        campaigns.resume(campaign=campaign, by=TILL)


class TestAGuideOfTheStoreSendsTheBrandsCampaign:
    def test_it_goes_to_the_brands_own_member_and_both_merchants_hear_of_theirs(self, world, fang, campaign):
        coupon, _code = coupon_for(campaign, fang.channel_member, guide=world.lin, store=world.jingan)
        assert (coupon.member, coupon.sent_by) == (fang.member, world.lin)
        events = {event.merchant_id: event for event in Event.objects.filter(kind="coupon.issued")}
        assert events[world.qinglan.id].payload["member"] == fang.member.ref
        assert events[world.hehe.id].payload["member"] == fang.channel_member.ref
        assert fang.member.ref not in str(events[world.hehe.id].concerns)
        assert world.lin.ref in events[world.hehe.id].concerns

    def test_without_the_shoppers_consent_it_names_the_next_step(self, world, campaign):
        mei = joined(world.mubai_brand, world.jingan, phone=MEI, name="梅")
        error = refusal(campaign, mei.channel_member, guide=world.lin, store=world.jingan)
        assert error.code == "coupon.not_shared" and error.next_step

    def test_a_campaign_of_a_brand_this_store_does_not_carry_is_refused(self, world):
        fang = joined(world.qinglan_brand, world.xuhui)
        mubai = campaign_of(world.mubai, world.mubai_brand)
        tea_lover = joined(world.mubai_brand, world.jingan, phone=MEI, name="梅")
        assert refusal(mubai, tea_lover.member, store=world.xuhui).code == "coupon.not_here"
        assert fang.member


def test_a_store_is_offered_its_brands_campaigns_and_its_own(world, fang, campaign):
    tea = campaign_of(world.mubai, world.mubai_brand)
    own = campaign_of(world.hehe, None, claim_until=NOON + timedelta(days=1))
    campaign_of(world.stranger, None)
    paused = campaign_of(world.hehe, None)
    campaigns.pause(campaign=paused, by=TILL)
    assert campaigns.sendable(store=world.jingan, at=NOON) == [own, campaign, tea]
    assert campaigns.sendable(store=world.xuhui, at=NOON) == [campaign]
    assert campaigns.sendable(store=world.jingan, at=NOON)[0].left == 1000


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount_off": 20001}, "campaign.amounts"),
        ({"amount_off": 0}, "campaign.amounts"),
        ({"bearers": [("brand", 500_000)]}, "campaign.bearers"),
        ({"bearers": [("brand", 500_000), ("brand", 500_000)]}, "campaign.bearers"),
        ({"bearers": [("shopper", 1_000_000)]}, "campaign.bearers"),
        ({"use_until": NOON - timedelta(days=9)}, "campaign.window"),
        ({"issue_limit": 0}, "campaign.limit"),
    ],
)
def test_an_unlawful_campaign_is_refused_with_its_field(world, wrong, code):
    with pytest.raises(DomainError) as caught:
        campaign_of(world.qinglan, world.qinglan_brand, **wrong)
    assert caught.value.code == code and caught.value.field


def test_a_campaign_over_another_merchants_brand_is_refused(world):
    with pytest.raises(DomainError) as caught:
        campaign_of(world.qinglan, world.mubai_brand)
    assert caught.value.code == "campaign.foreign_brand"


def test_its_events_hold_no_code(fang, campaign):
    _coupon, code = coupon_for(campaign, fang.member)
    assert not any(code in str(event.payload) for event in Event.objects.all())
    assert issuing.code_hash(code) != issuing.code_hash(code[::-1])
