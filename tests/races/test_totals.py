"""Two workers book sales of one guide whose plan has tiers and a cap: they must not see the same total."""

import time

import pytest

from commissions import accruals, running
from commissions.splitting import Term
from tests.commissions.tiered import TIERS, amounts, published, shirt, total
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


@pytest.fixture
def world(transactional_db, world):
    return world


def booked_at_once(world):
    """Four shirts of Lin, a worker each; what she got of them, smallest first."""
    orders = [shirt(world, f"T-{n}") for n in range(WORKERS)]
    results = together(*[lambda order=order: accruals.book(order) for order in orders])
    assert not [result for result in results if isinstance(result, Exception)], results
    return sorted(amounts(world, order)[0] for order in orders)


def slow_and_unlocked(monkeypatch):
    real = running.held

    def slowly(keys):
        totals = real(keys)
        time.sleep(0.3)
        return totals

    monkeypatch.setattr(running, "_LOCK", "")
    monkeypatch.setattr(running, "held", slowly)


def made(world):
    """The row is there: one that is missing would make the workers wait for whoever makes it."""
    accruals.book(shirt(world, "T-first"))


def test_without_the_totals_lock_all_workers_pay_by_the_same_tier(world, monkeypatch):
    published(world, Term(1, "guide", tiers=TIERS))
    made(world)
    slow_and_unlocked(monkeypatch)
    assert booked_at_once(world) == [793] * WORKERS
    assert total(world)[0] == 39_800  # and three of the four are lost to the month


def test_a_tier_is_crossed_once_however_many_workers_book(world):
    published(world, Term(1, "guide", tiers=TIERS))
    assert booked_at_once(world) == [597, 793, 995, 995]
    assert total(world) == (4 * 19_900, 597 + 793 + 2 * 995)


def test_without_the_totals_lock_a_cap_of_the_month_is_paid_by_every_worker(world, monkeypatch):
    published(world, Term(1, "guide", 100_000, period_cap=3_000))
    made(world)
    slow_and_unlocked(monkeypatch)
    assert booked_at_once(world) == [1010] * WORKERS


def test_a_cap_of_the_month_is_paid_once_however_many_workers_book(world):
    published(world, Term(1, "guide", 100_000, period_cap=3_000))
    assert booked_at_once(world) == [0, 0, 1010, 1990]
