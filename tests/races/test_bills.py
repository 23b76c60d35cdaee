"""One file imported from several desks is one bill; two bills with one line know it once; a break is worked once."""

import time

import pytest
from django.db import IntegrityError

from commissions.models import BillLine, BreakStep, RailBill
from commissions.reconciliation import importing, working
from tests.commissions.billing import BY, NEXT, ON, breaks, by_bank, imported, kinds, now, paid, statement
from tests.commissions.earning import books_hold, stands
from tests.plans import publish_plans
from tests.races.together import codes, together

pytestmark = pytest.mark.django_db(transaction=True)
DESKS = 4


@pytest.fixture
def world(transactional_db, world):
    return publish_plans(world)


@pytest.fixture
def lin(world):
    return by_bank(world, (world.lin.party, 995))[0]


@pytest.fixture
def unguarded(monkeypatch):
    """Imports do not take turns, and between looking what is known and writing there is time for others."""
    real = importing._known_lines

    def slowly(told):
        found = real(told)
        time.sleep(0.4)
        return found

    monkeypatch.setattr(importing, "hold_bills", lambda merchant: None)
    monkeypatch.setattr(importing, "_known_lines", slowly)


@pytest.fixture
def break_unguarded(monkeypatch):
    """Nobody locks the break, and between looking and working there is time for others."""

    def unlocked(found):
        row = working.Break.objects.select_related("merchant", "payout__merchant", "payout__payee").get(
            pk=found.pk
        )
        time.sleep(0.4)
        return row

    monkeypatch.setattr(working, "_locked", unlocked)


def one_file_from_every_desk(world, lin):
    paid(lin)
    file = statement((lin.number, 994, ON))
    return together(*[lambda: imported(world, file, at=NEXT)] * DESKS)


def test_without_taking_turns_only_the_constraint_keeps_a_file_from_being_two_bills(world, lin, unguarded):
    results = one_file_from_every_desk(world, lin)
    assert codes(results) == ["bill.imported_meanwhile"] * (DESKS - 1)


def test_one_file_is_one_bill_and_all_the_others_hear_so(world, lin):
    results = one_file_from_every_desk(world, lin)
    assert sorted(is_new for _bill, is_new in results) == [False] * (DESKS - 1) + [True]
    with world.inside(world.qinglan):
        assert (RailBill.objects.count(), BillLine.objects.count()) == (1, 1)
    assert kinds(world) == [("amount", "open")]


def two_bills_with_one_line(world, lin):
    paid(lin)
    first, second = statement((lin.number, 995, ON)), statement((lin.number, 995, ON), ("", 7, ON))
    return together(lambda: imported(world, first, at=NEXT), lambda: imported(world, second, at=NEXT))


def test_without_taking_turns_only_the_constraint_keeps_a_line_from_being_doubled(world, lin, unguarded):
    results = two_bills_with_one_line(world, lin)
    assert len([result for result in results if isinstance(result, IntegrityError)]) == 1


def test_two_bills_know_their_common_line_once(world, lin):
    results = two_bills_with_one_line(world, lin)
    assert codes(results) == []
    with world.inside(world.qinglan):
        assert BillLine.objects.count() == 2
    assert kinds(world) == [("missing_ours", "open")]


PAID, BACK = [995], [995, -995]  # what the bill tells of a payout, the last is the news


def worked_twice(world, lin, told):
    """One desk takes the bill's word while another explains the break away."""
    if told == BACK:
        paid(lin)
    imported(world, statement(*[(lin.number, fen, ON) for fen in told]), at=NEXT)
    (found,) = breaks(world)
    return together(
        *[lambda: working.take_word(found, **BY)] * 2,
        *[lambda: working.explain(found, note="Somebody looked", **BY)] * 2,
    )


@pytest.mark.parametrize("told", [PAID, BACK])
def test_without_its_lock_only_the_constraint_keeps_a_break_from_being_worked_twice(
    world, lin, break_unguarded, told
):
    results = worked_twice(world, lin, told)
    assert [result for result in results if isinstance(result, IntegrityError)]


@pytest.mark.parametrize(
    ("told", "state", "purse"), [(PAID, "succeeded", {}), (BACK, "returned", {"due": 995})]
)
def test_a_break_is_worked_by_one_after_the_other_and_the_late_one_hears_so(world, lin, told, state, purse):
    results = worked_twice(world, lin, told)
    assert set(codes(results)) == {"break.worked"}
    assert len(codes(results)) in (2, 3)  # explained first, the bill's word may still be taken
    assert now(lin).state == state
    assert stands(world, world.qinglan, world.lin.party) == purse
    with world.inside(world.qinglan):
        assert BreakStep.objects.count() == 4 - len(codes(results))
    books_hold(world)
