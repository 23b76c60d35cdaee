"""Nobody pays for another's coupons without having agreed to it in the contract."""

from datetime import timedelta

import pytest

from coupons import campaigns, redemption
from coupons.models import Redemption
from events.record import Actor
from merchants.errors import DomainError
from orders.models import Order
from stores.models import Contract
from tests.people import NOON, renewed
from tests.selling import campaign_of, coupon_for, joined, line, sold


@pytest.fixture
def fang(world):
    return joined(world.qinglan_brand, world.jingan)


def refusal(ask) -> DomainError:
    with pytest.raises(DomainError) as caught:
        ask()
    return caught.value


class TestABrandsCampaign:
    @pytest.mark.parametrize(
        "bearers",
        [
            [("brand", 699_999), ("store", 300_001)],
            [("channel", 1_000_000)],
            [("brand", 600_000), ("store", 200_000), ("channel", 200_000)],
        ],
    )
    def test_lays_no_more_on_the_store_than_its_merchant_agreed_to(self, world, fang, bearers):
        campaign = campaign_of(world.qinglan, world.qinglan_brand, bearers=bearers)
        _coupon, code = coupon_for(campaign, fang.member)
        error = refusal(lambda: redemption.find(code=code, store=world.jingan, at=NOON))
        assert (error.code, error.field) == ("coupon.cost_not_agreed", "coupons[0]") and error.next_step
        sale = refusal(lambda: sold(world.jingan, line(world.coat), coupons=(code,)))
        assert sale.code == "coupon.cost_not_agreed"
        with world.inside(world.hehe):
            assert not Order.objects.exists() and not Redemption.party.exists()

    def test_lays_on_the_store_what_the_contract_says(self, world, fang):
        _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), fang.member)
        assert sold(world.jingan, line(world.coat), coupons=(code,)).discount_total == 3000

    def test_costs_its_own_store_whatever_it_says(self, world, fang):
        campaign = campaign_of(world.qinglan, world.qinglan_brand, bearers=[("store", 1_000_000)])
        _coupon, code = coupon_for(campaign, fang.member)
        assert sold(world.xuhui, line(world.coat), coupons=(code,)).discount_total == 3000

    def test_is_neither_offered_nor_sent_where_its_cost_is_not_agreed(self, world, fang):
        campaign = campaign_of(world.qinglan, world.qinglan_brand)
        assert campaigns.sendable(store=world.jingan, at=NOON) == [campaign]
        renewed(world.qinglan_at_jingan, store_bears_ppm=299_999)
        assert campaigns.sendable(store=world.jingan, at=NOON) == []
        error = refusal(lambda: coupon_for(campaign, fang.channel_member, store=world.jingan))
        assert error.code == "coupon.cost_not_agreed"


class TestAChainsCampaignOverTheWholeReceipt:
    @pytest.fixture
    def code(self, world, fang):
        bearers = [("store", 600_000), ("brand", 400_000)]
        return coupon_for(campaign_of(world.hehe, None, bearers=bearers), fang.channel_member)[1]

    def test_lays_nothing_on_brands_that_did_not_agree(self, world, code):
        error = refusal(lambda: redemption.find(code=code, store=world.jingan, at=NOON))
        assert error.code == "coupon.cost_not_agreed"
        assert campaigns.sendable(store=world.jingan, at=NOON) == []

    def test_counts_once_every_brand_of_the_store_agreed(self, world, code):
        renewed(world.qinglan_at_jingan, brand_bears_ppm=400_000)
        assert refusal(lambda: redemption.find(code=code, store=world.jingan, at=NOON)).code
        renewed(world.mubai_at_jingan, brand_bears_ppm=400_000)
        lines = line(world.coat), line(world.tea), line(world.tote)
        assert sold(world.jingan, *lines, coupons=(code,)).discount_total == 3000

    def test_asks_only_contracts_in_force(self, world, code):
        renewed(world.qinglan_at_jingan, brand_bears_ppm=400_000)
        with world.inside(world.mubai):
            Contract.objects.filter(pk=world.mubai_at_jingan.pk).update(ends_at=NOON - timedelta(days=1))
        assert redemption.find(code=code, store=world.jingan, at=NOON)


@pytest.mark.parametrize("by", [Actor.user("usr_1"), Actor.key("key_1")])
def test_only_the_platform_lays_a_part_on_the_platform(world, by):
    bearers = [("brand", 900_000), ("platform", 100_000)]
    terms = {
        "name": "平台补贴",
        "threshold": 20000,
        "amount_off": 3000,
        "issue_limit": 10,
        "claim_from": NOON,
        "claim_until": NOON + timedelta(days=1),
        "use_from": NOON,
        "use_until": NOON + timedelta(days=1),
        "bearers": bearers,
    }
    given = {"merchant": world.qinglan, "brand": world.qinglan_brand, **terms}
    with world.inside(world.qinglan):
        error = refusal(lambda: campaigns.create(**given, by=by))
        assert (error.code, error.field) == ("campaign.bearer_not_agreed", "bearers")
        assert campaigns.create(**given, by=Actor.system("operator"))
