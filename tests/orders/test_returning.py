"""From which payments money goes back: those the refund names, else all that paid the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.models import Event
from merchants.errors import DomainError
from merchants.money import take_back
from orders.facts import RefundLineFacts, RefundTenderFacts, TenderFacts
from orders.models import OrderLine, ParkedRefund, Refund, RefundLine
from orders.returning import PaidLine
from orders.tendering import MOST_TENDERS
from tests.selling import line, money_back, sold

CASH, CARD = 1, 2  # 100.00 and 99.00 of a shirt of 199.00


@pytest.fixture
def shirt(world):
    tenders = (TenderFacts(place="cash", amount=10000), TenderFacts(place="acquirer", amount=9900))
    return sold(world.jingan, line(world.shirt), tenders=tenders)


def back(amount, *named, **given):
    tenders = tuple(RefundTenderFacts(number=number, amount=part) for number, part in named)
    return RefundLineFacts(amount=amount, tenders=tenders, **({"number": 1} | given))


def gone(world) -> list[dict[int, int]]:
    with world.inside(world.hehe):
        return [dict(row.tenders) for row in RefundLine.objects.order_by("id")]


def refused(world, *backs, **given) -> DomainError:
    with world.inside(world.hehe):
        before = Refund.objects.count(), Event.objects.count(), OrderLine.objects.get().refunded
        with pytest.raises(DomainError) as error:
            money_back(world.hehe, *backs, **({"no": "R-bad"} | given))
        assert before == (Refund.objects.count(), Event.objects.count(), OrderLine.objects.get().refunded)
    return error.value


def test_a_refund_goes_back_on_the_payments_it_names(world, shirt):
    money_back(world.hehe, back(5000, (CASH, 5000)), no="R-1")
    money_back(world.hehe, back(3000, (CASH, 1000), (CARD, 2000)), no="R-2")
    assert gone(world) == [{CASH: 5000}, {CASH: 1000, CARD: 2000}]


def test_without_a_name_it_goes_over_all_that_paid_as_if_no_other_had_named_any(world, shirt):
    money_back(world.hehe, back(1000), no="R-1")
    money_back(world.hehe, back(4000, (CARD, 4000)), no="R-2")
    money_back(world.hehe, back(1000), no="R-3")
    first, named, second = gone(world)
    assert named == {CARD: 4000}
    assert [first[n] + second[n] for n in (CASH, CARD)] == take_back(2000, [10000, 9900])


def test_what_was_named_away_is_passed_over_and_the_whole_comes_back(world, shirt):
    money_back(world.hehe, back(9000, (CASH, 9000)), no="R-1")
    money_back(world.hehe, back(10900), no="R-2")
    assert gone(world) == [{CASH: 9000}, {CASH: 1000, CARD: 9900}]


def test_no_payment_gives_back_more_than_it_paid(world, shirt):
    money_back(world.hehe, back(4000), no="R-1")
    error = refused(world, back(8000, (CASH, 8000)))
    assert (error.code, error.extra["left"]) == ("refund.above_tender", 10000 - gone(world)[0][CASH])


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ([(CASH, 400)], "refund.tenders_differ"),
        ([(CASH, 600)], "refund.tenders_differ"),
        ([(CASH, 250), (CASH, 250)], "refund.tenders_differ"),
        ([(CASH, 600), (CARD, -100)], "refund.tenders_differ"),
        ([(CASH, 500), (CARD, 0)], "refund.tenders_differ"),
        ([(3, 500)], "refund.tender_unknown"),
        ([(0, 500)], "refund.tender_unknown"),
    ],
)
def test_the_payments_named_are_of_the_line_and_come_to_its_amount(world, shirt, named, code):
    assert refused(world, back(500, *named)).code == code


def test_a_line_names_its_payments_for_all_that_goes_back_on_it(world, shirt):
    assert refused(world, back(500, (CASH, 500)), back(100)).code == "refund.tenders_differ"
    money_back(world.hehe, back(500, (CASH, 500)), back(100, (CARD, 100)))
    assert gone(world) == [{CASH: 500, CARD: 100}]


def test_an_article_on_several_lines_is_named_by_its_line(world):
    sold(world.jingan, line(world.shirt), line(world.shirt))
    with pytest.raises(DomainError) as error:
        money_back(world.hehe, back(500, (CASH, 500), number=None, sku="QL-SHIRT"))
    assert error.value.code == "refund.line_unclear"


def test_a_payment_of_another_line_cannot_go_back_on_this_one(world):
    tenders = (
        TenderFacts(place="cash", amount=19900, lines=(1,)),
        TenderFacts(place="acquirer", amount=12800, lines=(2,)),
    )
    sold(world.jingan, line(world.shirt), line(world.tea), tenders=tenders)
    with pytest.raises(DomainError) as error:
        money_back(world.hehe, back(500, (2, 500)))
    assert error.value.code == "refund.tender_unknown"


def test_what_waited_for_its_sale_still_knows_its_payments(world):
    waiting, _is_new = money_back(world.hehe, back(500, (CARD, 500)), no="R-1")
    assert isinstance(waiting, ParkedRefund)
    money_back(world.hehe, back(500, (9, 500)), no="R-2")
    tenders = (TenderFacts(place="cash", amount=10000), TenderFacts(place="acquirer", amount=9900))
    sold(world.jingan, line(world.shirt), tenders=tenders)
    assert gone(world) == [{CARD: 500}]
    with world.inside(world.hehe):
        codes = ParkedRefund.objects.order_by("id").values_list("refused_code", flat=True)
        assert list(codes) == ["", "refund.tender_unknown"]


@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=MOST_TENDERS),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 30), st.booleans()), max_size=12),
)
def test_however_they_come_nothing_goes_back_twice_and_the_rest_always_fits(paid, refunds):
    line = PaidLine(dict(enumerate(paid, start=1)))
    for amount, which, named in refunds:
        number = which % len(paid) + 1
        if named:
            line.named[number] += min(amount, line.left(number))
        else:
            amount = min(amount, sum(line.left(n) for n in line.paid))
            over = line.over_all(amount)
            assert sum(over.values()) == amount and all(part > 0 for part in over.values())
            line.unnamed.update(over)
        assert all(line.left(n) >= 0 for n in line.paid)
    rest = line.over_all(sum(line.left(n) for n in line.paid))
    assert rest == {n: left for n in line.paid if (left := line.left(n))}
