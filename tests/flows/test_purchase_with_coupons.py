"""A shopper paid with coupons: what they are worth, who bears them, and what is refused whole."""

import pytest

from coupons.models import Allocation, Coupon, Redemption
from flows import purchase
from orders.models import Order
from tests.flows.purchasing import refusal, told
from tests.selling import TILL, campaign_of, coupon_for, joined, line, sale, sold


class TestWithCoupons:
    @pytest.fixture
    def fang(self, world):
        return joined(world.qinglan_brand, world.jingan, guide=world.lin)

    @pytest.fixture
    def code(self, world, fang):
        self.campaign = campaign_of(world.qinglan, world.qinglan_brand)
        self.coupon, code = coupon_for(self.campaign, fang.member)
        return code

    def test_a_brand_coupon_counts_on_its_lines_and_its_cost_goes_to_its_bearers(self, world, fang, code):
        order = sold(world.jingan, line(world.coat), line(world.tea), coupons=(code,))
        assert (order.list_total, order.discount_total, order.paid_total) == (102700, 3000, 99700)
        with world.inside(world.hehe):
            coat, tea = order.lines.order_by("number")
            allocation = Allocation.party.get()
        assert (coat.discount, tea.discount) == (3000, 0)
        assert (allocation.line, allocation.amount) == (coat, 3000)
        assert allocation.costs == [["brand", 2100], ["store", 900]]
        with world.inside(world.qinglan):
            assert Coupon.objects.get().state == "redeemed"
            redemption = Redemption.objects.get()
        assert (redemption.order_id, redemption.amount_off, redemption.counterparty) == (
            order.id,
            3000,
            world.hehe,
        )

    def test_the_coupon_tells_who_bought(self, world, fang, code):
        order = sold(world.jingan, line(world.coat), coupons=(code,))
        assert order.member == fang.channel_member
        with world.inside(world.hehe):
            assert order.lines.get().brand_member == fang.member

    def test_both_merchants_hear_of_the_redemption_each_about_its_own_member(self, world, fang, code):
        sold(world.jingan, line(world.coat), coupons=(code,), touches={"serving": "G101"})
        (ours,) = told("coupon.redeemed", world.qinglan)
        (theirs,) = told("coupon.redeemed", world.hehe)
        assert ours.payload["member"] == fang.member.ref
        assert theirs.payload["member"] == fang.channel_member.ref
        assert fang.member.ref not in str(theirs.payload) + str(theirs.concerns)
        assert world.lin.ref in theirs.concerns

    def test_the_code_may_be_written_in_groups(self, world, fang, code):
        grouped = " ".join(code[i : i + 4] for i in range(0, 16, 4))
        assert sold(world.jingan, line(world.coat), coupons=(grouped,)).discount_total == 3000

    def test_what_was_paid_must_be_our_price_else_the_prices_are_told(self, world, fang, code):
        error = refusal(sale(world.jingan, line(world.coat, paid=87000), coupons=(code,)))
        assert error.code == "order.price_differs"
        assert error.extra["lines"][0] | {"sku": ""} == {
            "number": 1,
            "sku": "",
            "list": 89900,
            "discount": 3000,
            "paid": 86900,
        }
        assert sold(world.jingan, line(world.coat, paid=86900), coupons=(code,)).paid_total == 86900

    def test_a_used_coupon_refuses_the_whole_order_and_the_till_may_send_it_without(self, world, fang, code):
        sold(world.jingan, line(world.coat), coupons=(code,), no="T-1")
        error = refusal(sale(world.jingan, line(world.coat), coupons=(code,), no="T-2"))
        assert error.code == "coupon.used"
        assert "2026-11-20 12:00" in str(error.message) and world.jingan.name in str(error.message)
        with world.inside(world.hehe):
            assert not Order.objects.filter(external_no="T-2").exists()
        assert sold(world.jingan, line(world.coat), no="T-2").discount_total == 0

    def test_a_store_that_tells_a_high_price_makes_the_brand_bear_its_catalogue_price_at_most(
        self, world, fang
    ):
        free = campaign_of(
            world.qinglan,
            world.qinglan_brand,
            name="衬衫兑换券",
            kind="exchange",
            pieces=1,
            sku=world.shirt,
            threshold=0,
            amount_off=0,
            bearers=[("brand", 1_000_000)],
        )
        _coupon, code = coupon_for(free, fang.member)
        order = sold(world.jingan, line(world.shirt, list_price=10_000_000), coupons=(code,))
        assert order.paid_total == 10_000_000 - world.shirt.list_price
        with world.inside(world.hehe):
            assert Allocation.party.get().costs == [["brand", world.shirt.list_price]]

    def test_a_coupon_named_twice_is_refused_however_it_is_written(self, world, fang, code):
        error = refusal(sale(world.jingan, line(world.coat), coupons=(code, f"{code[:4]} {code[4:]}")))
        assert (error.code, error.status, error.field) == ("coupon.twice", 422, "coupons[1]")
        with world.inside(world.qinglan):
            assert Coupon.objects.get().state == "issued"

    def test_an_exchange_coupon_named_twice_takes_no_other_sale_of_its_batch_down(self, world, fang):
        terms = {"kind": "exchange", "pieces": 1, "threshold": 0, "amount_off": 0}
        _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand, **terms), fang.member)
        told = purchase.paid_all(
            [
                sale(world.jingan, line(world.tea), no="T-1"),
                sale(world.jingan, line(world.shirt, 2), coupons=(code, code), no="T-2"),
                sale(world.jingan, line(world.shirt), coupons=(code,), no="T-3"),
            ],
            by=TILL,
        )
        assert [one.refusal and one.refusal.code for one in told] == [None, "coupon.twice", None]

    def test_an_unknown_coupon_keeps_nothing(self, world, fang, code):
        error = refusal(sale(world.jingan, line(world.coat), coupons=(code, "1234123412341234")))
        assert (error.code, error.field) == ("coupon.unknown", "coupons[1]")
        with world.inside(world.qinglan):
            assert Coupon.objects.get().state == "issued"
        assert not told("order.paid", world.hehe)

    def test_below_the_threshold_it_says_what_is_missing(self, world, fang, code):
        error = refusal(sale(world.jingan, line(world.shirt), line(world.tea, 5), coupons=(code,)))
        assert error.code == "coupon.below_threshold"
        assert "¥1.00" in str(error.next_step)
