"""Two workers book sales of one guide whose plan has tiers and a cap: they must not see the same total."""

import time

import pytest
from django.db import IntegrityError

from commissions import accruals, clawback, running, trueup
from commissions.models import TrueUp
from commissions.splitting import Term
from ledger import balances
from orders.facts import RefundLineFacts
from tests.commissions.tiered import TIERS, amounts, published, shirt, total, trued_up
from tests.races.together import together
from tests.selling import money_back

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


def trued_up_at_once(world):
    """Lin's November is worth 196 less than was booked, and four workers see to it."""
    published(world, Term(1, "guide", tiers=TIERS))
    orders = [shirt(world, "T-1"), shirt(world, "T-2", hours=1)]
    for order in orders:
        accruals.book(order)
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=19_900))
    clawback.claw(refund)
    results = together(*[lambda: trued_up(world)] * WORKERS)
    with world.inside(world.qinglan):
        assert TrueUp.objects.get().adjustment == -196
        assert balances.of_party(world.qinglan, world.lin.party) == {"pending": 793, "owed": -196}
    return [result for result in results if isinstance(result, Exception)]


def test_without_the_totals_lock_only_the_constraint_saves_the_month(world, monkeypatch):
    slow_and_unlocked(monkeypatch)
    real = trueup._standing
    monkeypatch.setattr(trueup, "_standing", lambda key: (real(key), time.sleep(0.3))[0])
    failed = trued_up_at_once(world)
    assert failed and all(isinstance(failure, IntegrityError) for failure in failed)


def test_a_month_trued_up_by_many_workers_at_once_is_trued_up_once(world):
    assert not trued_up_at_once(world)


def test_a_refund_and_a_true_up_at_once_take_what_is_there_once(world):
    """In either order: before it, the refund is in the month; after it, it claws at the share's own rate."""
    published(world, Term(1, "guide", tiers=TIERS))
    for no in ("T-1", "T-2"):
        accruals.book(shirt(world, no))
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=19_900))
    results = together(lambda: clawback.claw(refund), lambda: trued_up(world))
    assert not [result for result in results if isinstance(result, Exception)]
    with world.inside(world.qinglan):
        adjusted = TrueUp.objects.get().adjustment
        standing = sum(balances.of_party(world.qinglan, world.lin.party).values())
    assert adjusted in (0, -196) and standing == 793 + adjusted
