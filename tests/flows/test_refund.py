"""Money given back by line: never more than was paid, told again, told too early."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event
from flows import purchase, refund
from merchants.errors import Conflict, DomainError
from orders.facts import RefundFacts, RefundLineFacts, plain
from orders.models import Order, OrderLine, ParkedRefund, Refund, RefundLine
from orders.refunds import MOST_PARKED
from tests.people import NOON
from tests.selling import FANG, TILL, joined, line, money_back, sale, sold


def back(sku="QL-SHIRT", amount=0, quantity=0, **given) -> RefundLineFacts:
    return RefundLineFacts(sku=sku, amount=amount, quantity=quantity, **given)


class TestBySaleOfOurId:
    """Qinglan told the sale E-1 at Hehe's store, by its own numbers; the shopper brings the shirt back there."""

    @pytest.fixture
    def told(self, world):
        facts = sale(world.jingan, line(world.shirt), no="E-1", channel="api")
        return purchase.paid(facts, by=TILL, brands_of=world.qinglan)[0]

    def test_the_store_gives_back_on_a_sale_that_a_brand_told_for_it(self, world, told):
        asked = {"order_no": "", "order": told.ref}
        given, is_new = money_back(world.hehe, back(amount=900), **asked)
        assert is_new and (given.order, given.teller, given.channel) == (told, world.hehe, "pos")
        assert money_back(world.hehe, back(amount=900), **asked) == (given, False)
        error = refusal(world.hehe, back(amount=901), **asked)
        assert error.code == "refund.reused_number"

    def test_the_numbers_of_the_store_and_of_the_brand_do_not_meet(self, world, told):
        money_back(world.hehe, back(amount=900), order_no="", order=told.ref, channel="api")
        facts = RefundFacts(
            merchant=world.hehe,
            channel="api",
            external_no="R-1",
            order_external_no="E-1",
            lines=(back(amount=800),),
            refunded_at=NOON + timedelta(hours=2),
        )
        assert refund.refunded(facts, by=TILL, brands_of=world.qinglan)[1]
        with world.inside(world.hehe):
            assert Order.objects.get().refunded_total == 1700

    def test_a_sale_that_is_not_the_sellers_is_not_there_and_nothing_waits_for_it(self, world, told):
        for ref in (sold(world.xuhui, line(world.shirt)).ref, "ord_nobody"):
            error = refusal(world.hehe, back(amount=100), order_no="", order=ref)
            assert (error.code, error.status, error.field) == ("order.not_found", 404, "order")
        with world.inside(world.hehe):
            assert not ParkedRefund.objects.exists()

    @pytest.mark.parametrize("named", [{"order_no": ""}, {"order_no": "T-1", "order": "ord_1"}])
    def test_a_sale_is_named_once(self, world, named):
        assert refusal(world.hehe, back(amount=100), **named).code == "refund.sale_unclear"

    def test_what_was_told_before_ids_could_be_named_is_still_the_same(self, world):
        facts = RefundFacts(
            merchant=world.hehe,
            channel="pos",
            external_no="R-1",
            order_external_no="T-1",
            lines=(back(amount=900),),
            refunded_at=NOON,
        )
        assert "order" not in plain(facts)
        assert plain(replace(facts, order="ord_1"))["order"] == "ord_1"


@pytest.fixture
def order(world):
    return sold(world.jingan, line(world.shirt, 2), line(world.tea), line(world.tote))


def refusal(merchant, *lines, **given) -> DomainError:
    with pytest.raises(DomainError) as caught:
        money_back(merchant, *lines, **given)
    return caught.value


def test_money_goes_back_on_its_line_and_the_order_remembers(world, order):
    refund, is_new = money_back(world.hehe, back(amount=19900, quantity=1))
    assert is_new and refund.amount == 19900
    with world.inside(world.hehe):
        shirt = order.lines.get(number=1)
        assert (shirt.refunded, shirt.refunded_quantity) == (19900, 1)
        assert Order.objects.get().refunded_total == 19900
    with world.inside(world.qinglan):
        assert RefundLine.about.get().amount == 19900


def test_parts_sum_to_the_line_and_not_a_fen_more(world, order):
    money_back(world.hehe, back(amount=20000), no="R-1")
    error = refusal(world.hehe, back(amount=19801), no="R-2")
    assert (error.code, error.extra) == ("refund.above_paid", {"left": 19800, "wanted": 19801})
    money_back(world.hehe, back(amount=19800), no="R-3")
    assert refusal(world.hehe, back(amount=1), no="R-4").code == "refund.above_paid"


def test_more_pieces_than_were_sold_are_refused(world, order):
    assert refusal(world.hehe, back(amount=100, quantity=3)).code == "refund.above_quantity"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([back("NO-SUCH", 100)], "refund.not_on_order"),
        ([back(amount=-1)], "refund.above_paid"),
        ([back(amount=0)], "refund.nothing"),
        ([back(amount=100, number=2)], "refund.not_on_order"),
        ([], "refund.nothing"),
        ([back(amount=30000), back(amount=30000)], "refund.above_paid"),
    ],
)
def test_an_unlawful_refund_says_so_and_keeps_nothing(world, order, lines, code):
    error = refusal(world.hehe, *lines)
    assert error.code == code and error.next_step
    with world.inside(world.hehe):
        assert not Refund.objects.exists()
        assert Order.objects.get().refunded_total == 0


def test_told_again_changes_nothing_and_another_body_is_a_conflict(world, order):
    first, _is_new = money_back(world.hehe, back(amount=100))
    again, is_new = money_back(world.hehe, back(amount=100))
    assert (again, is_new) == (first, False)
    error = refusal(world.hehe, back(amount=200))
    assert isinstance(error, Conflict) and error.code == "refund.reused_number"
    with world.inside(world.hehe):
        assert Order.objects.get().refunded_total == 100


def test_a_sku_on_two_lines_fills_them_in_turn_unless_a_line_is_named(world):
    sold(world.jingan, line(world.tote), line(world.tote))
    money_back(world.hehe, back("HH-TOTE", 6000), no="R-1")
    with world.inside(world.hehe):
        assert list(OrderLine.objects.order_by("number").values_list("refunded", flat=True)) == [4900, 1100]
    money_back(world.hehe, RefundLineFacts(number=2, amount=100), no="R-2")
    with world.inside(world.hehe):
        assert list(OrderLine.objects.order_by("number").values_list("refunded", flat=True)) == [4900, 1200]


def test_a_refund_from_the_future_or_before_its_sale_is_refused(world, order):
    ahead = datetime.now(UTC) + timedelta(minutes=11)
    before = NOON - timedelta(minutes=10, seconds=1)
    for instant, code in [(ahead, "refund.in_future"), (before, "refund.before_sale")]:
        error = refusal(world.hehe, back(amount=100), refunded_at=instant)
        assert (error.code, error.field) == (code, "refunded_at")
    assert money_back(world.hehe, back(amount=100), refunded_at=NOON)[1]


def test_tills_whose_clocks_differ_by_minutes_give_back_at_the_time_of_the_sale(world, order):
    refund, is_new = money_back(world.hehe, back(amount=100), refunded_at=NOON - timedelta(minutes=10))
    assert is_new and refund.refunded_at == order.paid_at


def test_the_seller_hears_the_whole_and_a_brand_owner_its_lines(world):
    fang = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    sold(world.jingan, line(world.shirt), line(world.tote), phone=FANG)
    money_back(world.hehe, back(amount=500), back("HH-TOTE", 300))
    whole = Event.objects.get(kind="order.refunded")
    assert (whole.merchant_id, whole.payload["amount"], whole.payload["refunded_total"]) == (
        world.hehe.id,
        800,
        800,
    )
    assert set(whole.concerns) == {fang.channel_member.ref, world.lin.ref, world.jingan.ref}
    own = Event.objects.get(kind="order.lines_refunded")
    assert (own.merchant_id, own.payload["amount"], own.payload["member"]) == (
        world.qinglan.id,
        500,
        fang.member.ref,
    )
    assert "refunded_total" not in own.payload


class TestBeforeItsOrder:
    def test_it_is_parked_once_and_applied_when_the_order_comes(self, world):
        parked, is_new = money_back(world.hehe, back(amount=900))
        assert isinstance(parked, ParkedRefund) and is_new
        assert money_back(world.hehe, back(amount=900)) == (parked, False)
        order = sold(world.jingan, line(world.shirt))
        with world.inside(world.hehe):
            refund = Refund.objects.get(order=order)
            assert (refund.amount, refund.refunded_at) == (900, NOON + timedelta(hours=2))
            assert ParkedRefund.objects.get().applied_at is not None
        assert money_back(world.hehe, back(amount=900)) == (refund, False)

    def test_one_above_what_was_paid_is_set_aside_and_the_sale_stands(self, world):
        money_back(world.hehe, back(amount=99999))
        order = sold(world.jingan, line(world.shirt))
        with world.inside(world.hehe):
            parked = ParkedRefund.objects.get()
            assert parked.refused_code == "refund.above_paid"
            assert not Refund.objects.filter(order=order).exists()

    def test_one_with_a_date_that_cannot_be_is_refused_and_not_parked(self, world):
        for instant, code in [
            (datetime(9999, 12, 31, tzinfo=UTC), "refund.in_future"),
            (datetime(1999, 12, 31, tzinfo=UTC), "refund.too_early"),
        ]:
            assert refusal(world.hehe, back(amount=100), refunded_at=instant).code == code
        with world.inside(world.hehe):
            assert not ParkedRefund.objects.exists()

    def test_whatever_waited_the_sale_is_kept(self, world):
        """Parked by a version that took any date, under a number that another refund has by now."""
        order = sold(world.jingan, line(world.tote), no="T-0")
        money_back(world.hehe, back("HH-TOTE", 100), order_no="T-0", no="R-1")
        waits_for = {"channel": "pos", "order_external_no": "T-1"}
        clash = {"external_no": "R-1", "refunded_at": NOON.isoformat()}
        dated = {"external_no": "R-3", "refunded_at": "9999-12-31T23:00:00+00:00"}
        with world.inside(world.hehe):
            for number, told in [("R-2", clash), ("R-3", dated)]:
                row = {"merchant": world.hehe, "teller": world.hehe, "external_no": number, "body_hash": b""}
                facts = waits_for | told | {"lines": plain([back(amount=100)])}
                ParkedRefund.objects.create(**waits_for, **row, facts=facts)
        late = sold(world.jingan, line(world.shirt))
        assert late != order
        with world.inside(world.hehe):
            codes = ParkedRefund.objects.order_by("id").values_list("refused_code", flat=True)
            assert list(codes) == ["refund.reused_number", "refund.in_future"]
            assert not Refund.objects.filter(order=late).exists()

    def test_one_dated_before_its_sale_is_set_aside(self, world):
        money_back(world.hehe, back(amount=100), refunded_at=NOON - timedelta(minutes=11))
        sold(world.jingan, line(world.shirt))
        with world.inside(world.hehe):
            assert ParkedRefund.objects.get().refused_code == "refund.before_sale"

    def test_so_many_wait_for_one_sale_and_no_more(self, world):
        for n in range(MOST_PARKED):
            money_back(world.hehe, back(amount=100), no=f"R-{n}")
        error = refusal(world.hehe, back(amount=100), no="R-more")
        assert (error.code, error.field) == ("refund.too_many_parked", "order_external_no")
        assert money_back(world.hehe, back(amount=100), no="R-0")[1] is False  # told again: it waits already
        assert money_back(world.hehe, back(amount=100), no="R-other", order_no="T-2")[1]
        sold(world.jingan, line(world.shirt))
        assert isinstance(money_back(world.hehe, back(amount=100), no="R-more")[0], Refund)

    def test_a_sale_takes_as_many_statements_for_the_most_refunds_of_many_lines_as_for_one(self, world):
        lines = [RefundLineFacts(number=number, amount=1) for number in range(1, 101)]
        for n in range(MOST_PARKED):
            money_back(world.hehe, *lines, no=f"R-{n}")
        money_back(world.hehe, *lines[:1], no="R-one", order_no="T-one")
        tote = line(world.tote)
        with CaptureQueriesContext(connection) as for_one:
            sold(world.jingan, *[tote] * 100, no="T-one")
        with CaptureQueriesContext(connection) as for_most:
            order = sold(world.jingan, *[tote] * 100)
        assert len(for_most) <= len(for_one)
        assert order.refunded_total == MOST_PARKED * 100
        with world.inside(world.hehe):
            assert set(order.lines.values_list("refunded", flat=True)) == {MOST_PARKED}
            assert Refund.objects.filter(order=order).count() == MOST_PARKED
        told = Event.objects.filter(kind="order.refunded", subject=order.ref).order_by("id")
        totals = [event.payload["refunded_total"] for event in told]
        assert totals == [100 * n for n in range(1, MOST_PARKED + 1)]

    def test_what_one_refund_gives_back_the_next_cannot(self, world):
        for no in ("R-1", "R-2", "R-3"):
            money_back(world.hehe, back(amount=9000), no=no)
        order = sold(world.jingan, line(world.shirt))
        with world.inside(world.hehe):
            assert list(Refund.objects.order_by("id").values_list("external_no", flat=True)) == ["R-1", "R-2"]
            assert ParkedRefund.objects.get(external_no="R-3").refused_code == "refund.above_paid"
            assert Order.objects.get(pk=order.pk).refunded_total == 18000

    def test_another_merchants_order_of_the_same_number_is_not_touched(self, world):
        sold(world.xuhui, line(world.shirt))
        parked, _is_new = money_back(world.hehe, back(amount=100))
        assert isinstance(parked, ParkedRefund)


def test_the_facts_of_a_parked_refund_read_back_as_they_were(world):
    money_back(world.hehe, back(amount=900), no="R-9", order_no="T-9")
    sold(world.jingan, line(world.shirt), no="T-9")
    again, is_new = money_back(world.hehe, back(amount=900), no="R-9", order_no="T-9")
    assert isinstance(again, Refund) and not is_new
    assert sale(world.jingan, line(world.shirt), no="T-9")
