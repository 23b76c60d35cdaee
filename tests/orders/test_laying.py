"""Payments over lines, to the fen; and what cannot be laid is never taken in."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import purchase
from merchants.errors import DomainError
from orders.facts import TenderFacts
from orders.laying import lay
from orders.models import Order
from tests.selling import TILL, line, sale


def test_tenders_are_laid_over_lines_restricted_ones_first():
    laid = lay([(1500, []), (10_000, [1]), (33_475, [])], {1: 25_841, 2: 19_134})
    assert [(part.index, part.line, part.amount) for part in laid] == [
        (1, 1, 10_000),
        (0, 1, 679),
        (0, 2, 821),
        (2, 1, 15_162),
        (2, 2, 18_313),
    ]


@pytest.mark.parametrize("tenders", [[(99, [])], [(101, [])], [(60, [2]), (40, [])]])
def test_tenders_that_do_not_come_to_the_lines_are_refused(tenders):
    with pytest.raises(ValueError, match="paid|lack"):
        lay(tenders, {1: 50, 2: 50})


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.data())
def test_tenders_pay_each_line_exactly(paid, data):
    lines = dict(enumerate(paid, start=1))
    whole = sum(paid)
    cuts = sorted(data.draw(st.lists(st.integers(0, whole), max_size=3)))
    amounts = [b - a for a, b in pairwise([0, *cuts, whole]) if b > a]
    laid = lay([(amount, []) for amount in amounts], lines)
    for number, cost in lines.items():
        assert sum(part.amount for part in laid if part.line == number) == cost
    for index, amount in enumerate(amounts):
        assert sum(part.amount for part in laid if part.index == index) == amount


def cash(amount: int, *lines: int) -> TenderFacts:
    return TenderFacts(place="cash", amount=amount, lines=lines)


@pytest.mark.parametrize(
    ("tenders", "at_fault", "left"),
    [
        ([cash(24800, 1)], 0, 19900),
        ([cash(0), cash(4900, 2), cash(19900, 2)], 2, 0),
    ],
)
def test_a_sale_whose_payments_do_not_fit_its_lines_is_refused_not_left_to_the_worker(
    world, tenders, at_fault, left
):
    with pytest.raises(DomainError, match="order.tender_does_not_fit") as refusal:
        purchase.paid(
            sale(world.jingan, line(world.shirt), line(world.tote), tenders=tuple(tenders)), by=TILL
        )
    assert (refusal.value.field, refusal.value.extra) == (f"tenders[{at_fault}]", {"left": left})
    assert str(refusal.value.next_step)
    with world.inside(world.hehe):
        assert not Order.objects.exists()


def test_a_payment_for_a_line_that_is_not_there_is_refused(world):
    with pytest.raises(DomainError, match="order.tender_invalid") as refusal:
        purchase.paid(sale(world.jingan, line(world.tote), tenders=(cash(4900, 2),)), by=TILL)
    assert refusal.value.field == "tenders[0]"
