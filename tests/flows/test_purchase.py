"""A shopper paid: what is kept, who is told what, and what is refused whole."""

from datetime import UTC, datetime, time, timedelta

import pytest

from flows import purchase
from members.models import Member
from members.sharing import stop_sharing
from merchants.errors import Conflict
from orders.facts import BuyerFacts, RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine, Tender, Touch
from orders.reading import receipt
from stores.models import Contract, Store
from tests.flows.purchasing import refusal, told
from tests.people import NOON, make_sku
from tests.selling import FANG, TILL, campaign_of, coupon_for, joined, line, money_back, sale, sold


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
