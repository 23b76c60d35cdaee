"""What is withheld follows the payer's own rule, on the month's total, and goes back with what did not arrive."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from commissions.models import WithholdingRule
from commissions.payouts import answers, paying, withholding
from merchants.errors import DomainError
from tests.commissions.earning import (
    EARNED,
    TO_QINGLAN,
    books_hold,
    earn,
    give_back,
    pay_lin,
    sent,
    stands,
    told,
)
from tests.people import NOON, ONBOARDING

BY = {"by": ONBOARDING}
NOVEMBER = date(2026, 11, 1)
BRACKETS = [[1000, 100_000], [2000, 200_000]]  # 10 % above 10.00, 20 % above 20.00


@pytest.fixture
def world(plans_published):
    return plans_published


def rule(world, brackets=BRACKETS, *, starts_on=NOVEMBER, at=NOON):
    return withholding.withhold_from(
        merchant=world.qinglan, starts_on=starts_on, brackets=brackets, at=at, **BY
    )


@pytest.mark.parametrize(
    ("total", "tax"),
    [(0, 0), (1000, 0), (1004, 0), (1005, 1), (2000, 100), (2002, 100), (2003, 101), (3000, 300)],
)
def test_brackets_are_marginal_and_rounded_once_half_up(total, tax):
    assert withholding.tax_of(total, BRACKETS) == tax


def test_nothing_is_withheld_without_a_rule_nor_by_an_empty_one(world):
    earn(world)
    payout = answers.fail(pay_lin(world), **BY)
    assert (payout.tax, payout.withholding) == (0, None)
    empty = rule(world, [])
    payout = pay_lin(world)
    assert (payout.tax, payout.withholding) == (0, empty)


def test_each_payout_brings_the_months_tax_to_what_its_total_asks_for(world):
    kept = rule(world)
    taken = []
    for no in ("T-1", "T-2", "T-3"):
        earn(world, no)
        payout = answers.succeed(sent(pay_lin(world)), **BY)
        taken.append((payout.tax, payout.net, payout.withholding))
    # totals 995, 1990, 2985: tax 0, 99, 297
    assert taken == [(0, EARNED, kept), (99, EARNED - 99, kept), (198, EARNED - 198, kept)]
    assert stands(world, world.qinglan)["tax"] == 297
    books_hold(world)


def test_a_rule_that_comes_within_the_month_makes_up_for_what_was_withheld_too_little(world):
    earn(world)
    answers.succeed(sent(pay_lin(world)), **BY)
    rule(world, [[0, 100_000]])
    earn(world, "T-2")
    assert pay_lin(world).tax == 199  # 10 % of both


def test_what_is_recovered_is_not_taxed(world):
    earn(world)
    answers.succeed(sent(pay_lin(world, at=NOON - timedelta(days=40))), **BY)  # of October
    give_back(world)
    rule(world, [[0, 100_000]])
    earn(world, "T-2", shirts=2)
    payout = pay_lin(world)
    assert (payout.recovered, payout.tax, payout.net) == (EARNED, 100, EARNED - 100)


@pytest.mark.parametrize("verb", [answers.fail, answers.come_back])
def test_a_failure_or_return_gives_the_tax_back_and_lowers_the_months_total(world, verb):
    rule(world, [[0, 100_000]])
    earn(world)
    payout = sent(pay_lin(world))
    assert (payout.tax, payout.net) == (100, 895)
    verb(payout, **BY)
    assert stands(world, world.qinglan, world.lin.party) == {"due": EARNED}
    assert "tax" not in stands(world, world.qinglan)
    assert told(world, world.qinglan, payout)["withhold_back"] == 100
    assert pay_lin(world).tax == 100
    books_hold(world)


def test_a_return_after_success_lowers_its_own_month_though_it_comes_in_the_next(world):
    rule(world, [[1000, 100_000]])
    for no in ("T-1", "T-2"):
        earn(world, no)
    november = answers.succeed(sent(pay_lin(world)), **BY, at=NOON)
    assert november.tax == 99
    december = NOON + timedelta(days=20)
    answers.come_back(november, **BY, at=december)
    again = pay_lin(world, at=december)
    assert (again.tax, again.tax_month) == (99, date(2026, 12, 1))
    books_hold(world)


def test_the_month_is_that_of_the_payers_wall_clock(world):
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)  # in Shanghai December begins
    tick = timedelta(milliseconds=1)
    assert withholding.month_of(midnight - tick, book=world.qinglan) == NOVEMBER
    assert withholding.month_of(midnight, book=world.qinglan) == date(2026, 12, 1)


def test_a_month_is_taxed_by_the_rule_that_holds_for_it(world):
    old = rule(world)
    new = rule(world, [], starts_on=date(2026, 12, 1))
    corrected = rule(world, [[0, 1]], starts_on=date(2026, 12, 1))
    with world.inside(world.qinglan):
        assert withholding.rule_for(world.qinglan, date(2026, 10, 1)) is None
        assert withholding.rule_for(world.qinglan, NOVEMBER) == old
        assert withholding.rule_for(world.qinglan, date(2027, 3, 1)) == corrected != new
        with pytest.raises(DatabaseError), transaction.atomic():  # the right to change it is taken away
            WithholdingRule.objects.update(starts_on=NOVEMBER)


def test_merchants_are_paid_whole(world):
    with world.inside(world.hehe):
        withholding.withhold_from(
            merchant=world.hehe, starts_on=NOVEMBER, brackets=[[0, 500_000]], at=NOON, **BY
        )
    earn(world)
    payout = paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", at=NOON, **BY)
    assert (payout.tax, payout.net) == (0, TO_QINGLAN)


def test_all_of_it_may_be_withheld_and_then_nothing_is_sent(world):
    rule(world, [[0, 1_000_000]])
    earn(world)
    payout = pay_lin(world)
    assert (payout.tax, payout.net, payout.state) == (EARNED, 0, "succeeded")
    assert stands(world, world.qinglan, world.lin.party) == {}
    books_hold(world)


@pytest.mark.parametrize(
    "brackets",
    [[[0, 1_000_001]], [[-1, 5]], [[10, 5], [10, 6]], [[20, 5], [10, 6]], [[1]], [[1, 0.5]], [[True, 5]]],
)
def test_brackets_that_make_no_sense_are_refused(world, brackets):
    with pytest.raises(DomainError, match="withholding.brackets_invalid"):
        rule(world, brackets)


def test_a_rule_starts_with_a_month_that_is_not_over(world):
    with pytest.raises(DomainError, match="withholding.starts_within_month"):
        rule(world, starts_on=date(2026, 11, 2))
    with pytest.raises(DomainError, match="withholding.too_late"):
        rule(world, starts_on=date(2026, 10, 1))
