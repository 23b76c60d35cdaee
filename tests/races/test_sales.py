"""Two tills at the same instant: one code, one number, one refund too many. First with the guard off."""

import threading
import time

import pytest
from django.db import IntegrityError, OperationalError
from django.db.models import QuerySet
from django_scopes import scope

from coupons import expiry, issuing, redemption
from coupons.models import Coupon, Redemption
from events.models import Event
from flows import purchase
from orders import early_refunds, recording, refunds
from orders.facts import RefundLineFacts
from orders.models import Order, OrderLine, ParkedRefund, Refund
from tests.races.together import codes, meeting, together
from tests.selling import TILL, campaign_of, joined, line, money_back, sale, sold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def code(transactional_db, world):
    fang = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    campaign = campaign_of(world.qinglan, world.qinglan_brand)
    coupon, _is_new = issuing.issue(
        campaign=campaign, member=fang.member, claim_key="k", by=TILL, at=campaign.use_from
    )
    return issuing.code_of(coupon)


def till(store, number, *lines, **given):
    return lambda: purchase.paid(sale(store, *lines, no=number, **given), by=TILL)


class TestTwoTillsOneCode:
    def tills(self, world, code):
        return [till(world.jingan, f"T-{n}", line(world.coat), coupons=(code,)) for n in range(2)]

    def test_without_the_lock_only_the_database_stops_the_second(self, world, code, monkeypatch):
        meet = meeting()

        def read_by_both(*, hashes):
            rows = list(redemption._of(hashes))
            meet()
            return rows

        monkeypatch.setattr(redemption, "_locked", read_by_both)
        results = together(*self.tills(world, code))
        assert [type(result) for result in results if isinstance(result, Exception)] == [IntegrityError]

    def test_one_sells_and_the_other_is_told_when_and_where(self, world, code):
        results = together(*self.tills(world, code))
        assert codes(results) == ["coupon.used"]
        with world.inside(world.hehe):
            assert Order.objects.count() == 1
            assert Redemption.party.count() == 1

    def test_a_sale_and_the_sweeper_agree(self, world, code):
        for_ever = campaign_end(world)
        results = together(self.tills(world, code)[0], lambda: expiry.expire(at=for_ever))
        assert not codes(results)
        with world.inside(world.qinglan):
            assert Coupon.objects.get().state == "redeemed"


def campaign_end(world):
    with world.inside(world.qinglan):
        return Coupon.objects.get().usable_until


class TestOneSaleToldTwice:
    def test_without_holding_the_number_the_second_is_refused_for_its_own_coupon(
        self, world, code, monkeypatch
    ):
        monkeypatch.setattr(recording, "hold_numbers", lambda numbers: None)
        told_before, meet, met = recording.told_before, meeting(), threading.local()

        def read_by_both(sales, **of):
            told = told_before(sales, **of)
            if not hasattr(met, "once"):
                met.once = meet()
            return told

        monkeypatch.setattr(recording, "told_before", read_by_both)
        same = till(world.jingan, "T-1", line(world.coat), coupons=(code,))
        assert codes(together(same, same)) == ["coupon.used"]

    def test_both_get_the_one_order(self, world, code):
        same = till(world.jingan, "T-1", line(world.coat), coupons=(code,))
        results = together(*[same] * 8)
        assert not codes(results)
        assert len({order.pk for order, _is_new in results}) == 1
        assert sum(is_new for _order, is_new in results) == 1


class TestBatchesThatShareTheirSales:
    """Twelve sales told by two tills at once, the one beginning with the first and the other with the last."""

    def batches(self, world):
        sales = [sale(world.jingan, line(world.tote), no=f"T-{n}") for n in range(12)]
        return [lambda told=told: purchase.paid_all(told, by=TILL) for told in (sales, sales[::-1])]

    def test_numbers_held_in_the_order_of_the_tills_wait_for_each_other(
        self, transactional_db, world, monkeypatch
    ):
        real = recording.hold_numbers

        def as_told(numbers):
            for number in numbers:
                real([number])
                time.sleep(0.01)

        monkeypatch.setattr(recording, "hold_numbers", as_told)
        results = together(*self.batches(world))
        assert [type(result) for result in results if isinstance(result, Exception)] == [OperationalError]

    def test_each_sale_is_kept_once_and_both_get_its_order(self, transactional_db, world):
        first, second = together(*self.batches(world))
        assert [told.order for told in first] == [told.order for told in second[::-1]]
        assert sorted([sum(told.is_new for told in batch) for batch in (first, second)]) == [0, 12]


class TestRefundsAtOnce:
    def refund(self, world, number, amount):
        wish = RefundLineFacts(sku="HH-TOTE", amount=amount)
        return lambda: money_back(world.hehe, wish, no=number)

    def test_without_locks_only_the_database_stops_the_second(self, transactional_db, world, monkeypatch):
        meet = meeting()

        def read_by_both(facts, teller):
            order = Order.objects.get(external_no=facts.order_external_no)
            meet()
            return order

        sold(world.jingan, line(world.tote))
        monkeypatch.setattr(refunds, "hold_number", lambda **number: None)
        monkeypatch.setattr(refunds, "_locked", read_by_both)
        results = together(self.refund(world, "R-1", 3000), self.refund(world, "R-2", 3000))
        with scope(merchant=world.hehe):
            kept = sum(Refund.objects.values_list("amount", flat=True))
            line_says = OrderLine.objects.get().refunded
        lost = kept != line_says  # the later write of the line forgot the earlier one
        assert lost or any(isinstance(result, IntegrityError) for result in results)

    def test_together_they_never_give_back_more_than_was_paid(self, transactional_db, world):
        sold(world.jingan, line(world.tote))
        results = together(*[self.refund(world, f"R-{n}", 1000) for n in range(8)])
        assert codes(results) == ["refund.above_paid"] * 4
        with world.inside(world.hehe):
            assert OrderLine.objects.get().refunded == Order.objects.get().refunded_total == 4000

    def numbered_twice(self, world):
        """One refund number, of a sale that is there and of one that is not yet."""
        sold(world.jingan, line(world.tote), no="T-1")
        wish = RefundLineFacts(sku="HH-TOTE", amount=100)
        return [lambda no=no: money_back(world.hehe, wish, order_no=no, no="R-1") for no in ("T-1", "T-2")]

    def test_without_holding_a_refunds_number_two_sales_take_it(self, transactional_db, world, monkeypatch):
        told_before, meet = refunds._told_before, meeting()

        def read_by_both(facts, teller):
            told = told_before(facts, teller)
            meet()
            return told

        monkeypatch.setattr(refunds, "hold_refund_number", lambda **number: None)
        monkeypatch.setattr(refunds, "_told_before", read_by_both)
        assert not codes(together(*self.numbered_twice(world)))

    def test_a_refunds_number_is_taken_once_whatever_sale_it_names(self, transactional_db, world):
        assert codes(together(*self.numbered_twice(world))) == ["refund.reused_number"]

    def test_a_refund_that_crosses_its_sale_is_applied_once(self, transactional_db, world):
        for n in range(5):
            number = f"T-{n}"
            wish = RefundLineFacts(sku="HH-TOTE", amount=100)
            results = together(
                till(world.jingan, number, line(world.tote)),
                lambda number=number, wish=wish: money_back(
                    world.hehe, wish, order_no=number, no=f"R-{number}"
                ),
            )
            assert not codes(results)
        with world.inside(world.hehe):
            assert Refund.objects.count() == 5
            assert not ParkedRefund.objects.filter(applied_at=None).exists()


class TestARefundPutAwayByTwo:
    @pytest.fixture
    def row(self, transactional_db, world):
        row, _is_new = money_back(world.hehe, RefundLineFacts(number=9, amount=700))
        sold(world.jingan, line(world.shirt))
        return row

    def told(self):
        return Event.objects.filter(kind="refund.put_away").count()

    def test_without_the_lock_the_second_fails_or_tells_it_again(self, row, monkeypatch):
        meet, save = meeting(), ParkedRefund.save

        def saved_by_both(parked, **given):
            meet()
            save(parked, **given)

        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows.all())
        monkeypatch.setattr(ParkedRefund, "save", saved_by_both)
        results = together(*[lambda: early_refunds.put_away(row, by=TILL)] * 2)
        failed = sum(isinstance(result, Exception) for result in results)
        assert failed + self.told() == 2

    def test_it_is_told_once(self, row):
        results = together(*[lambda: early_refunds.put_away(row, by=TILL)] * 2)
        assert not codes(results) and self.told() == 1
        assert results[0].put_away_at == results[1].put_away_at
