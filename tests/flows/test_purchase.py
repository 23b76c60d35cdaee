"""A shopper paid: what is kept, who is told what, and what is refused whole."""

from datetime import UTC, datetime, time, timedelta

import pytest

from coupons.models import Allocation, Coupon, Redemption
from events.models import Event
from flows import purchase
from members.models import Member
from members.sharing import stop_sharing
from merchants.errors import Conflict, DomainError
from orders.facts import BuyerFacts, RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine, Tender, Touch
from orders.reading import receipt
from stores.models import Contract, Store
from tests.people import NOON, make_sku
from tests.selling import FANG, TILL, campaign_of, coupon_for, joined, line, money_back, sale, sold


def told(kind: str, merchant) -> list[Event]:
    return list(Event.objects.filter(kind=kind, merchant_id=merchant.id).order_by("id"))


def refusal(facts, **given) -> DomainError:
    with pytest.raises(DomainError) as caught:
        purchase.paid(facts, by=TILL, **given)
    return caught.value


class TestAReceiptOfTwoBrands:
    """Fang, known to Qinglan and Hehe but not to Mubai, buys a shirt, tea and a tote at Hehe's store."""

    @pytest.fixture
    def order(self, world):
        self.fang = joined(world.qinglan_brand, world.jingan, guide=world.lin)
        return sold(
            world.jingan,
            line(world.shirt),
            line(world.tea, 2),
            line(world.tote),
            phone=FANG,
            touches={"serving": world.lin.ref},
        )

    def test_it_belongs_to_the_store_merchant_and_each_line_to_its_brand_under_its_contract(
        self, world, order
    ):
        assert order.merchant == world.hehe
        assert (order.list_total, order.discount_total, order.paid_total) == (50400, 0, 50400)
        with world.inside(world.hehe):
            shirt, tea, tote = order.lines.order_by("number")
        assert (shirt.brand_owner, shirt.contract) == (world.qinglan, world.qinglan_at_jingan)
        assert (tea.brand_owner, tea.contract, tea.quantity) == (world.mubai, world.mubai_at_jingan, 2)
        assert (tote.brand_owner, tote.brand, tote.contract) == (world.hehe, None, None)

    def test_each_merchant_sees_its_own_member_or_none(self, world, order):
        assert order.member == self.fang.channel_member
        with world.inside(world.hehe):
            shirt, tea, tote = order.lines.order_by("number")
        assert shirt.brand_member == self.fang.member
        assert tea.brand_member is None
        assert tote.brand_member == self.fang.channel_member

    def test_a_brand_owner_reads_its_own_lines_and_no_other(self, world, order):
        with world.inside(world.qinglan):
            assert [row.paid for row in OrderLine.about.all()] == [19900]
            assert not Order.objects.exists()
        with world.inside(world.mubai):
            assert [row.paid for row in OrderLine.about.all()] == [25600]

    def test_the_seller_hears_the_receipt_and_a_brand_owner_its_lines_only(self, world, order):
        (whole,) = told("order.paid", world.hehe)
        assert whole.payload["paid_total"] == 50400
        assert len(whole.payload["lines"]) == 3
        assert whole.payload["member"] == self.fang.channel_member.ref
        assert set(whole.concerns) == {self.fang.channel_member.ref, world.lin.ref, world.jingan.ref}
        (own,) = told("order.lines_paid", world.qinglan)
        assert own.payload["paid"] == 19900
        assert own.payload["member"] == self.fang.member.ref
        assert "paid_total" not in own.payload and "list_total" not in own.payload
        (others,) = told("order.lines_paid", world.mubai)
        assert others.payload["member"] is None
        assert [entry["paid"] for entry in others.payload["lines"]] == [25600]
        assert not told("order.paid", world.qinglan)

    def test_the_bound_guide_is_found_and_the_serving_guide_is_told(self, world, order):
        with world.inside(world.hehe):
            touches = {touch.kind: touch for touch in Touch.objects.filter(order=order)}
        assert touches["serving"].guide == world.lin and touches["serving"].store == world.jingan
        assert touches["bound"].guide == world.lin and touches["bound"].protected

    def test_without_payments_named_it_is_cash_of_the_seller(self, world, order):
        with world.inside(world.hehe):
            tender = Tender.objects.get(order=order)
        assert (tender.amount, tender.collector, tender.place) == (50400, world.hehe, "cash")


def test_the_bound_guide_counts_when_another_serves_and_protection_ends(world):
    joined(world.qinglan_brand, world.jingan, guide=world.lin, at=NOON - timedelta(days=40))
    order = sold(world.jingan, line(world.shirt), phone=FANG)
    with world.inside(world.hehe):
        touch = Touch.objects.get(order=order)
    assert (touch.kind, touch.guide, touch.protected) == ("bound", world.lin, False)


def test_a_shopper_known_to_the_brand_alone_stays_unknown_to_the_store(world):
    fang = joined(world.qinglan_brand, world.jingan, store_too=False)
    order = sold(world.jingan, line(world.shirt), line(world.tote), phone=FANG)
    assert order.member is None
    with world.inside(world.hehe):
        shirt, tote = order.lines.order_by("number")
    assert shirt.brand_member == fang.member and tote.brand_member is None


class TestToldAgain:
    def test_the_same_facts_give_the_same_order_and_no_second_event(self, world):
        facts = sale(world.jingan, line(world.tote))
        first, is_new = purchase.paid(facts, by=TILL)
        again, is_new_again = purchase.paid(facts, by=TILL)
        assert (is_new, is_new_again, again) == (True, False, first)
        assert len(told("order.paid", world.hehe)) == 1

    def test_a_sale_with_a_coupon_told_again_is_not_refused_for_its_own_coupon(self, world):
        fang = joined(world.qinglan_brand, world.xuhui)
        _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), fang.member)
        facts = sale(world.xuhui, line(world.coat), coupons=(code,))
        assert purchase.paid(facts, by=TILL)[1] is True
        assert purchase.paid(facts, by=TILL)[1] is False

    def test_the_same_number_with_another_body_is_a_conflict(self, world):
        sold(world.jingan, line(world.tote))
        error = refusal(sale(world.jingan, line(world.tote, 2)))
        assert isinstance(error, Conflict) and error.code == "order.reused_number"

    def test_another_channel_may_use_the_same_number(self, world):
        first = sold(world.jingan, line(world.tote))
        assert sold(world.jingan, line(world.tote), channel="api") != first


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


class TestRefused:
    def test_a_sku_nobody_here_sells_is_named(self, world):
        error = refusal(sale(world.jingan, line(world.tote), line("NO-SUCH")))
        assert (error.code, error.field) == ("sku.unknown", "lines[1].sku")
        assert "NO-SUCH" in str(error.message) and error.next_step

    def test_a_brand_without_a_contract_at_this_store_is_named(self, world):
        error = refusal(sale(world.xuhui, line(world.tea, brand="mubai")))
        assert (error.code, error.field) == ("contract.missing", "lines[0].brand")

    def test_a_brand_whose_contract_ended_is_refused_from_that_instant_on(self, world):
        with world.inside(world.mubai):
            Contract.objects.filter(pk=world.mubai_at_jingan.pk).update(ends_at=NOON)
        before = NOON - timedelta(microseconds=1)
        assert sold(world.jingan, line(world.tea), no="T-0", paid_at=before)
        assert refusal(sale(world.jingan, line(world.tea))).code == "contract.missing"

    def test_a_store_closed_for_good_sells_no_more(self, world):
        world.jingan.status = Store.Status.CLOSED
        assert refusal(sale(world.jingan, line(world.tote))).code == "store.closed"

    def test_another_merchants_member_and_guide_are_unknown(self, world):
        fang = joined(world.qinglan_brand, world.jingan)
        stranger = BuyerFacts(member=fang.member.ref)
        assert refusal(sale(world.jingan, line(world.tote), buyer=stranger)).code == "member.unknown"
        touches = {"serving": world.chen.ref}
        assert refusal(sale(world.jingan, line(world.tote), touches=touches)).code == "guide.unknown"

    def test_payments_must_add_up(self, world):
        cash = TenderFacts(place="cash", amount=4800)
        error = refusal(sale(world.jingan, line(world.tote), tenders=(cash,)))
        assert error.code == "order.tenders_differ"
        assert error.extra == {"paid_total": 4900, "tendered": 4800}

    def test_a_sale_from_the_future_and_one_without_lines(self, world):
        ahead = datetime.now(UTC) + timedelta(days=1)
        assert refusal(sale(world.jingan, line(world.tote), paid_at=ahead)).code == "order.in_future"
        assert refusal(sale(world.jingan)).code == "order.empty"

    def test_a_sale_of_another_century_and_one_placed_after_it_was_paid(self, world):
        lost = datetime(1999, 12, 31, 23, 59, tzinfo=UTC)
        error = refusal(sale(world.jingan, line(world.tote), paid_at=lost))
        assert (error.code, error.field) == ("order.too_early", "paid_at")
        error = refusal(sale(world.jingan, line(world.tote), placed_at=lost))
        assert (error.code, error.field) == ("order.too_early", "placed_at")
        error = refusal(sale(world.jingan, line(world.tote), placed_at=NOON + timedelta(minutes=11)))
        assert (error.code, error.field) == ("order.placed_after_paid", "placed_at")
        assert sold(world.jingan, line(world.tote), placed_at=NOON + timedelta(minutes=9))

    def test_a_brand_owner_tells_of_its_own_lines_only(self, world):
        facts = sale(world.jingan, line(world.shirt), line(world.tea))
        assert refusal(facts, brands_of=world.qinglan).code == "sku.unknown"
        own = sale(world.jingan, line(world.shirt), no="T-2")
        order, _is_new = purchase.paid(own, by=TILL, brands_of=world.qinglan)
        assert order.merchant == world.hehe

    def test_a_brand_owner_cannot_ask_what_else_a_store_sells(self, world):
        said = {
            code: refusal(sale(world.jingan, line(code)), brands_of=world.qinglan)
            for code in (world.tea.ref, "MB-TEA", "HH-TOTE", "NO-SUCH")
        }
        assert {(error.code, error.field) for error in said.values()} == {("sku.unknown", "lines[0].sku")}
        assert len({str(error).replace(code, "") for code, error in said.items()}) == 1

    def test_goods_without_a_brand_are_sold_by_their_own_merchant_alone(self, world):
        with world.inside(world.qinglan):
            make_sku(world.qinglan, None, code="QL-BAG", name="袋", list_price=100)
        assert refusal(sale(world.jingan, line("QL-BAG"))).code == "contract.missing"
        assert sold(world.xuhui, line("QL-BAG"))


class TestToldByABrandOwner:
    """Qinglan tells a sale at Hehe's store: the shopper is whom Qinglan knows."""

    def told(self, world, **given):
        facts = sale(world.jingan, line(world.shirt), **given)
        return purchase.paid(facts, by=TILL, brands_of=world.qinglan)[0]

    def kinds(self, world, order):
        return [touch.kind for touch in self.read(world, order).touches]

    def read(self, world, order):
        with world.inside(world.qinglan):
            return receipt(order.ref, reader=world.qinglan)

    def test_whom_the_store_alone_knows_stays_unknown(self, world):
        joined(world.mubai_brand, world.jingan, guide=world.lin)  # Hehe's member too, with a guide
        order = self.told(world, phone=FANG)
        assert order.member is None
        assert self.kinds(world, order) == []
        (event,) = told("order.lines_paid", world.qinglan)
        assert event.payload["guides"] == {} and event.concerns == [world.jingan.ref]

    def test_its_own_member_is_known_by_phone_or_ref_and_the_stores_by_consent_alone(self, world):
        fang = joined(world.qinglan_brand, world.jingan, guide=world.lin)
        order = self.told(world, phone=FANG)
        assert order.member == fang.channel_member
        assert self.read(world, order).lines[0].brand_member == fang.member
        assert self.kinds(world, order) == ["bound"]
        stop_sharing(brand=world.qinglan_brand, member=fang.member, at=NOON)
        assert self.kinds(world, order) == []
        later = self.told(world, no="T-2", buyer=BuyerFacts(member=fang.member.ref))
        assert later.member is None
        assert self.read(world, later).lines[0].brand_member == fang.member

    def test_the_stores_member_is_no_member_of_the_brand_owner(self, world):
        fang = joined(world.qinglan_brand, world.jingan)
        theirs = sale(world.jingan, line(world.shirt), buyer=BuyerFacts(member=fang.channel_member.ref))
        assert refusal(theirs, brands_of=world.qinglan).code == "member.unknown"


def test_a_brand_owner_is_not_told_the_guide_who_is_bound_to_a_shopper_not_shared_with_it(world):
    fang = joined(world.mubai_brand, world.jingan, guide=world.lin)  # Hehe's member, through Mubai
    joined(world.qinglan_brand, world.xuhui)  # and Qinglan's, who does not know that
    order = sold(world.jingan, line(world.shirt), line(world.tea), phone=FANG)
    assert order.member == fang.channel_member
    (qinglan,), (mubai,) = told("order.lines_paid", world.qinglan), told("order.lines_paid", world.mubai)
    assert qinglan.payload["guides"] == {} and world.lin.ref not in qinglan.concerns
    assert mubai.payload["guides"] == {"bound": world.lin.ref} and world.lin.ref in mubai.concerns
    money_back(world.hehe, RefundLineFacts(number=1, amount=1), RefundLineFacts(number=2, amount=1))
    (qinglan,), (mubai,) = (
        told("order.lines_refunded", world.qinglan),
        told("order.lines_refunded", world.mubai),
    )
    assert world.lin.ref not in qinglan.concerns and world.lin.ref in mubai.concerns


def test_a_price_cut_at_the_till_is_a_discount_without_a_coupon(world):
    order = sold(world.jingan, line(world.shirt, 2, list_price=20000, paid=36000))
    assert (order.list_total, order.discount_total, order.paid_total) == (40000, 4000, 36000)


def test_the_business_date_is_the_stores_day_with_the_sellers_cut_off(world):
    world.hehe.cut_off = time(4)
    world.jingan.merchant = world.hehe
    one_in_the_morning = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # 01:00 on the 21st in Shanghai
    assert (
        sold(world.jingan, line(world.tote), paid_at=one_in_the_morning).business_date.isoformat()
        == "2026-11-20"
    )


def test_a_sale_takes_few_statements_however_many_lines(world, django_assert_max_num_queries):
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    lines = [line(world.shirt) for _ in range(20)] + [line(world.tote) for _ in range(20)]
    with django_assert_max_num_queries(20):
        sold(world.jingan, *lines, phone=FANG, touches={"serving": world.lin.ref})


def test_nobody_becomes_a_member_by_buying(world):
    sold(world.jingan, line(world.tote), phone=FANG)
    with world.inside(world.hehe):
        assert not Member.objects.exists()
