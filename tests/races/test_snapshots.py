"""A slow sale's transfers have lower ids than a quick one's that is there before them: none is ever passed over."""

from threading import Event

import pytest
from django.db import transaction

from ledger import balances, blocks, snapshots
from ledger.accounts import held, named
from ledger.models import Block, Snapshot, Transfer
from ledger.transfers import Entry, Story, post
from merchants.scoping import acting_for
from tests.people import NOON
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def paid_in(world, amount, source_id):
    entry = Entry(world.hehe.pk, "sale", held("cash"), named("own:residual"), amount)
    post([Story("sale", source_id, NOON.date(), NOON, "CNY", (entry,))])


def cash_after_rolling_beside_a_slow_sale(world, *, patience):
    paid_in(world, 1, "before")
    written, rolled = Event(), Event()

    def slow():
        with transaction.atomic():
            paid_in(world, 100, "slow")
            written.set()
            rolled.wait(10)

    def roll():
        written.wait(10)
        paid_in(world, 10, "quick")
        passed = snapshots.roll(patience=patience)
        rolled.set()
        return passed

    _slow, passed = together(slow, roll)
    snapshots.roll()
    with acting_for(world.hehe):
        assert Snapshot.objects.count() == 2
        cash = {str(b.account): -b.amount for b in balances.of_book(world.hehe)}["held:cash"]
    return passed, cash, snapshots.differences(world.hehe)


def test_without_the_frontier_a_slow_sale_is_never_folded_in(world, monkeypatch):
    monkeypatch.setattr(snapshots, "_writing", set)
    passed, cash, differences = cash_after_rolling_beside_a_slow_sale(world, patience=5)
    assert passed and cash == 11, "100 of 111 are lost"
    assert len(differences) == 2, "and the proof finds it"


def test_a_roller_waits_for_who_is_writing_and_passes_nothing_over(world):
    passed, cash, differences = cash_after_rolling_beside_a_slow_sale(world, patience=0.3)
    assert (passed, cash, differences) == (0, 111, [])


def test_a_roller_goes_on_once_the_slow_one_has_ended(world):
    paid_in(world, 1, "before")
    written = Event()

    def slow():
        with transaction.atomic():
            paid_in(world, 100, "slow")
            written.set()
            Event().wait(0.5)

    def roll():
        written.wait(10)
        return snapshots.roll(patience=10)

    _slow, passed = together(slow, roll)
    assert passed and snapshots.differences(world.hehe) == []


def test_rollers_beside_writers_lose_and_double_nothing(world, monkeypatch):
    """Six tills, some slow, some undone, and two rollers; one looks at the cash meanwhile."""
    monkeypatch.setattr(snapshots, "STEP", 7)

    def till(name):
        def sell():
            for number in range(25):
                try:
                    with transaction.atomic():
                        paid_in(world, 1, f"{name}.{number}")
                        Event().wait(0.02 * (number % 3))
                        if number % 5 == 4:
                            raise LookupError
                except LookupError:
                    pass

        return sell

    def roller():
        return sum(snapshots.roll(patience=1) for _ in range(30))

    def watcher():
        seen = []
        for _ in range(60):
            with acting_for(world.hehe):
                seen += [b.debits for b in balances.of_book(world.hehe) if b.account.code == "held:cash"]
            Event().wait(0.02)
        return seen

    results = together(*[till(name) for name in "abcdef"], roller, roller, watcher, wait=60)
    assert not [result for result in results if isinstance(result, Exception)]
    assert results[-1] == sorted(results[-1]), "a balance that only grows was never read smaller"
    snapshots.roll()
    with acting_for(world.hehe):
        cash = next(b for b in balances.of_book(world.hehe) if b.account.code == "held:cash")
    assert cash.debits == 6 * 20 and snapshots.differences(world.hehe) == []


def sealed_beside_a_slow_sale(world, frontier):
    """What the chain says of itself once the slow sale has ended; and how many blocks there were before that."""
    paid_in(world, 1, "before")
    written, rolled = Event(), Event()

    def slow():
        with transaction.atomic():
            paid_in(world, 100, "slow")
            written.set()
            rolled.wait(10)

    def seal():
        written.wait(10)
        paid_in(world, 10, "quick")
        through = frontier()
        added = blocks.seal(world.hehe, through=through) if through else 0
        rolled.set()
        return added

    _slow, added = together(slow, seal)
    blocks.seal(world.hehe, through=snapshots.frontier())
    with acting_for(world.hehe):
        return added, [flaw.what for flaw in blocks.verify(world.hehe)]


def test_without_the_frontier_a_slow_sale_seems_to_have_been_slipped_in(world):
    newest = lambda: Transfer._base_manager.latest("id").pk  # noqa: E731
    assert sealed_beside_a_slow_sale(world, newest) == (1, ["extra"])


def test_a_block_holds_all_there_will_ever_be_up_to_its_end(world):
    assert sealed_beside_a_slow_sale(world, lambda: snapshots.frontier(patience=0.3)) == (0, [])


def test_sealers_at_once_make_one_chain(world, monkeypatch):
    monkeypatch.setattr(blocks, "SIZE", 2)
    for number in range(9):
        paid_in(world, 1, f"o{number}")
    through = snapshots.frontier()
    added = together(*[lambda: blocks.seal(world.hehe, through=through)] * 4)
    added.append(blocks.seal(world.hehe, through=through))
    with acting_for(world.hehe):
        assert sum(added) == Block.objects.count() == 5
        assert list(blocks.verify(world.hehe)) == []
