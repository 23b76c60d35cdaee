"""A number that a merchant's system gives is kept as it can be read out, or not at all."""

import pytest

from merchants.errors import DomainError
from orders.facts import RefundLineFacts
from orders.models import Order, ParkedRefund
from tests.selling import line, money_back, sold

UNREADABLE = ["", "T" * 65, "T-1\r\nX-Evil: 1", "T\t1", "T\x1b[31m", "T\u202e1", "T\x7f", "T\u2028"]
GIVES_BACK = RefundLineFacts(sku="HH-TOTE", amount=1)


@pytest.mark.parametrize("number", UNREADABLE)
def test_a_sale_under_a_number_nobody_can_read_out_is_refused(world, number):
    with pytest.raises(DomainError, match="order.number_invalid") as refusal:
        sold(world.jingan, line(world.tote), no=number)
    assert refusal.value.field == "external_no" and refusal.value.next_step
    with world.inside(world.hehe):
        assert not Order.objects.exists()


@pytest.mark.parametrize("number", UNREADABLE)
def test_a_refund_under_such_a_number_or_of_such_a_sale_is_refused_and_not_parked(world, number):
    with pytest.raises(DomainError, match="refund.number_invalid") as refusal:
        money_back(world.hehe, GIVES_BACK, no=number)
    assert refusal.value.field == "external_no"
    if number:
        with pytest.raises(DomainError, match="refund.number_invalid") as refusal:
            money_back(world.hehe, GIVES_BACK, order_no=number)
        assert refusal.value.field == "order_external_no"
    with world.inside(world.hehe):
        assert not ParkedRefund.objects.exists()


@pytest.mark.parametrize("number", ["T-1", "2026/11/20 #7", "和合-0001", "订单 七"])
def test_a_number_may_be_written_in_any_script(world, number):
    assert sold(world.jingan, line(world.tote), no=number).external_no == number
    assert money_back(world.hehe, GIVES_BACK, no=number, order_no=number)[1]
