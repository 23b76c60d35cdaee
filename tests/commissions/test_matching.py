"""A bill's lines beside our payouts: no database, one break a line."""

from dataclasses import dataclass
from datetime import date, timedelta

from commissions.reconciliation.matching import Days, Kind, Ours, match

D20, D21, D22 = (date(2026, 11, day) for day in (20, 21, 22))


@dataclass
class Line:
    number: str = "A"
    amount: int = 100
    day: date = D21
    business_day: date | None = None
    incoming: bool = False


def ours(
    amount=100, *, left=True, first=D21, last: date | None = D21, calendar: Days | None = None, back=False
):
    return Ours(amount, left, Days(first, last), calendar or Days(first, last), given_back=back)


def test_what_agrees_in_number_amount_and_day_is_no_break():
    assert match([Line()], {"A": ours()}) == [None]


def test_money_moved_without_a_payout_of_ours():
    assert match([Line("B"), Line("")], {"A": ours()}) == [Kind.MISSING_OURS] * 2


def test_a_fen_off():
    assert match([Line(amount=101)], {"A": ours()}) == [Kind.AMOUNT]


def test_paid_there_and_not_here():
    assert match([Line()], {"A": ours(left=False, last=None)}) == [Kind.STATE]


def test_a_wrong_amount_is_graver_than_a_missing_answer():
    assert match([Line(amount=99)], {"A": ours(left=False, last=None)}) == [Kind.AMOUNT]


def test_between_sending_and_hearing_every_day_is_right_and_no_other():
    payout = {"A": ours(first=D21, last=D22)}
    days = [D20, D21, D22, D22 + timedelta(days=1)]
    assert [match([Line(day=day)], payout)[0] for day in days] == [Kind.DATE, None, None, Kind.DATE]


def test_a_time_is_looked_at_by_the_business_date_and_a_date_alone_by_the_calendar():
    """Paid at 02:00 on the 22nd, which is still the 21st where the day begins at four."""
    payout = {"A": ours(first=D21, last=D21, calendar=Days(D22, D22))}
    assert match([Line(day=D22, business_day=D21)], payout) == [None]
    assert match([Line(day=D22, business_day=None)], payout) == [None]
    assert match([Line(day=D22, business_day=D22)], payout) == [Kind.DATE]
    assert match([Line(day=D21, business_day=None)], payout) == [Kind.DATE]


def test_paid_without_ever_being_sent_has_no_right_day():
    assert match([Line()], {"A": Ours(100, True, None, None)}) == [Kind.DATE]


def test_a_number_twice_is_once_too_often_and_the_line_that_agrees_is_the_payment():
    assert match([Line(), Line()], {"A": ours()}) == [None, Kind.DUPLICATE]
    assert match([Line(amount=99), Line()], {"A": ours()}) == [Kind.DUPLICATE, None]
    assert match([Line(amount=99), Line(amount=98)], {"A": ours()}) == [Kind.AMOUNT, Kind.DUPLICATE]


def test_a_number_that_an_earlier_bill_had_is_once_too_often_whatever_it_says():
    assert match([Line(), Line(amount=1)], {"A": ours()}, told_before=[("A", False)]) == [Kind.DUPLICATE] * 2


def back(**changed) -> Line:
    return Line(incoming=True, **changed)


def test_what_came_back_is_our_return_on_whatever_day_and_the_payment_is_left_alone():
    assert match([Line(), back(day=D22)], {"A": ours(back=True)}) == [None, None]
    assert match([back(), Line()], {"A": ours()}) == [Kind.RETURNED, None]
    assert match([back()], {"A": ours(left=False, last=None)}) == [Kind.RETURNED]


def test_a_return_of_another_amount_or_a_second_one_is_graver_than_one_we_have_not_heard_of():
    assert match([back(amount=99)], {"A": ours()}) == [Kind.AMOUNT]
    assert match([back(amount=99), back()], {"A": ours()}) == [Kind.DUPLICATE, Kind.RETURNED]
    assert match([back()], {"A": ours(back=True)}, told_before=[("A", False)]) == [None]
    assert match([back()], {"A": ours(back=True)}, told_before=[("A", True)]) == [Kind.DUPLICATE]
