"""A code at a till: usable, or exactly why not and what to do. And coupons whose time has passed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from coupons import expiry, redemption
from coupons.models import Coupon, Redemption
from merchants.errors import DomainError
from stores.models import Contract
from tests.people import NOON, make_contract
from tests.selling import campaign_of, coupon_for, joined, line, sold


@pytest.fixture
def fang(world):
    return joined(world.qinglan_brand, world.jingan, guide=world.lin)


@pytest.fixture
def campaign(world):
    return campaign_of(world.qinglan, world.qinglan_brand)


@pytest.fixture
def code(fang, campaign):
    return coupon_for(campaign, fang.member)[1]


def refusal(code, store, at=NOON) -> DomainError:
    with pytest.raises(DomainError) as caught:
        redemption.find(code=code, store=store, at=at)
    assert caught.value.next_step
    return caught.value


@pytest.mark.parametrize(
    "writing", ["{0}{1}{2}{3}", "{0} {1} {2} {3}", "{0}-{1}-{2}-{3}", " {0}{1}\u3000{2}{3} "]
)
def test_a_code_is_found_however_it_is_written(world, code, campaign, writing):
    typed = writing.format(code[:4], code[4:8], code[8:12], code[12:])
    assert redemption.find(code=typed, store=world.jingan, at=NOON).campaign == campaign


def test_full_width_digits_are_digits(world, code):
    wide = code.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert redemption.find(code=wide, store=world.jingan, at=NOON)


def test_a_wrong_code_and_no_code(world, code):
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert refusal(wrong, world.jingan).code == "coupon.unknown"
    assert refusal("", world.jingan).code == "coupon.unknown"


def test_a_coupon_does_not_count_on_a_sale_that_was_paid_before_it_was_issued(world, fang):
    campaign = campaign_of(world.qinglan, world.qinglan_brand, use_from=NOON - timedelta(days=60))
    _coupon, fresh = coupon_for(campaign, fang.member, at=NOON)
    early = refusal(fresh, world.jingan, at=NOON - timedelta(days=2))
    assert (early.code, early.field) == ("coupon.issued_later", "coupons[0]")
    with pytest.raises(DomainError):
        sold(world.jingan, line(world.coat), coupons=(fresh,), paid_at=NOON - timedelta(days=2))
    behind = NOON - timedelta(minutes=9)  # a till's clock that is late
    assert redemption.find(code=fresh, store=world.jingan, at=behind)


def test_the_window_is_judged_to_the_microsecond(world, fang, campaign):
    _coupon, code = coupon_for(campaign, fang.member, at=campaign.use_from)
    tick = timedelta(microseconds=1)
    assert redemption.find(code=code, store=world.jingan, at=campaign.use_until - tick)
    assert refusal(code, world.jingan, campaign.use_until).code == "coupon.expired"
    assert redemption.find(code=code, store=world.jingan, at=campaign.use_from)
    assert refusal(code, world.jingan, campaign.use_from - tick).code == "coupon.not_yet"


def test_a_used_code_says_when_and_where(world, code):
    sold(world.jingan, line(world.coat), coupons=(code,))
    error = refusal(code, world.jingan)
    assert error.code == "coupon.used"
    assert "2026-11-20 12:00" in str(error.message) and "和合静安店" in str(error.message)
    assert "和合静安店" in str(
        refusal(code, world.xuhui).message
    )  # the campaign's own merchant may know where


def test_a_third_merchants_till_is_not_told_where_it_was_used(world, code):
    sold(world.xuhui, line(world.coat), coupons=(code,))
    assert "徐汇" not in str(refusal(code, world.jingan).message)


def test_a_foreign_code_and_one_whose_contract_ended_are_told_apart(world, code):
    tea = campaign_of(world.mubai, world.mubai_brand)
    mei = joined(world.mubai_brand, world.jingan, phone="13800010002")
    _coupon, tea_code = coupon_for(tea, mei.member, key="tea")
    assert refusal(tea_code, world.xuhui).code == "coupon.foreign"
    with world.inside(world.mubai):
        Contract.objects.filter(pk=world.mubai_at_jingan.pk).update(ends_at=NOON)
    assert redemption.find(code=tea_code, store=world.jingan, at=NOON - timedelta(seconds=1))
    assert refusal(tea_code, world.jingan).code == "coupon.not_here"


def test_a_merchants_own_campaign_without_a_brand_counts_at_its_stores_only(world):
    fang = joined(world.qinglan_brand, world.jingan)
    _coupon, code = coupon_for(campaign_of(world.hehe, None), fang.channel_member)
    assert redemption.find(code=code, store=world.jingan, at=NOON)
    assert refusal(code, world.xuhui).code == "coupon.foreign"
    make_contract(world.mubai_brand, world.xuhui, mode="central")
    assert refusal(code, world.xuhui).code == "coupon.foreign"
    assert sold(world.jingan, line(world.coat), line(world.tea), coupons=(code,)).discount_total == 3000


def test_a_withdrawn_coupon_says_so(world, code):
    with world.inside(world.qinglan):
        Coupon.objects.update(state=Coupon.State.VOIDED)
    assert refusal(code, world.jingan).code == "coupon.voided"


def test_every_refusal_speaks_both_languages(world, code):
    error = refusal("1", world.jingan)
    with translation.override("en"):
        assert str(error.message) == "No coupon has this code."


def test_the_database_keeps_one_live_redemption_a_coupon(world, code):
    sold(world.jingan, line(world.coat), coupons=(code,))
    with world.inside(world.qinglan):
        first = Redemption.objects.get()
        twin = Redemption(
            merchant=first.merchant,
            counterparty=first.counterparty,
            coupon=first.coupon,
            order=first.order,
            store=first.store,
            amount_off=1,
            bearers=[],
            redeemed_at=NOON,
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save()
        first.rolled_back_at = NOON
        first.save()
        twin.save()


class TestExpiry:
    def test_what_ended_is_marked_once(self, world, code, campaign):
        tick = timedelta(microseconds=1)
        assert expiry.expire(at=campaign.use_until - tick) == 0
        assert expiry.expire(at=campaign.use_until) == 1
        assert expiry.expire(at=campaign.use_until) == 0
        assert refusal(code, world.jingan, campaign.use_until).code == "coupon.expired"

    def test_a_used_coupon_stays_used(self, world, code, campaign):
        sold(world.jingan, line(world.coat), coupons=(code,))
        assert expiry.expire(at=campaign.use_until) == 0

    def test_a_sale_made_in_time_and_told_late_still_counts(self, world, code, campaign):
        expiry.expire(at=campaign.use_until)
        order = sold(world.jingan, line(world.coat), coupons=(code,))
        assert order.discount_total == 3000
        with world.inside(world.qinglan):
            assert Coupon.objects.get().state == "redeemed"
