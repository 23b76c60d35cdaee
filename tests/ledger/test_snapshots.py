"""Snapshots only spare work: whatever was rolled, and when, every balance is what the transfers say."""

from datetime import UTC, date, datetime

import pytest

from ledger import balances, proof, snapshots
from ledger.accounts import held, named
from ledger.models import Snapshot
from ledger.transfers import Entry, Story, post

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def paid_in(book, amount, source_id, *, to=None, on=TODAY):
    payee = named("pending", to) if to else named("own:residual")
    post([Story("sale", source_id, on, AT, "CNY", (Entry(book.pk, "sale", held("cash"), payee, amount),))])


def standing(world, book):
    with world.inside(book):
        return {str(b.account): (b.debits, b.credits) for b in balances.of_book(book)}


def test_balances_are_the_same_before_and_after_rolling_and_with_a_tail(world):
    paid_in(world.hehe, 700, "o1")
    before = standing(world, world.hehe)
    assert before == {"held:cash": (700, 0), "own:residual": (0, 700)}
    assert snapshots.roll() > 0
    assert standing(world, world.hehe) == before
    paid_in(world.hehe, 50, "o2")
    assert standing(world, world.hehe) == {"held:cash": (750, 0), "own:residual": (0, 750)}
    snapshots.roll()
    assert standing(world, world.hehe) == {"held:cash": (750, 0), "own:residual": (0, 750)}
    assert snapshots.roll() == 0


def test_what_is_folded_in_is_not_read_again(world):
    """A snapshot that says something else shows whether it is read at all."""
    paid_in(world.hehe, 700, "o1")
    snapshots.roll()
    with world.inside(world.hehe):
        Snapshot.objects.update(credits=1_000, debits=1_000)
    assert standing(world, world.hehe) == {"held:cash": (1000, 1000), "own:residual": (1000, 1000)}
    with world.inside(world.hehe):
        as_of = balances.of_book(world.hehe, as_of=TODAY)
    assert [(b.debits, b.credits) for b in as_of] == [(700, 0), (0, 700)], (
        "a day is summed from the beginning"
    )


def test_rolling_goes_in_steps_and_over_ids_that_nothing_came_of(world, owner, monkeypatch):
    monkeypatch.setattr(snapshots, "STEP", 2)
    for number in range(3):
        paid_in(world.hehe, 1, f"o{number}")
    owner.cursor().execute(
        "SELECT nextval(pg_get_serial_sequence('ledger_transfer', 'id')) FROM generate_series(1, 7)"
    )
    for number in range(3):
        paid_in(world.mubai, 10, f"o{number}")
    assert snapshots.roll() >= 13
    assert standing(world, world.mubai)["held:cash"] == (30, 0)
    assert snapshots.differences(world.hehe) == snapshots.differences(world.mubai) == []
    with world.inside(world.mubai):
        assert {row.debits + row.credits for row in Snapshot.objects.all()} == {30}


def test_mirrors_are_read_from_snapshots_of_both_books(world):
    paid_in(world.hehe, 700, "o1", to=world.mubai.party)
    snapshots.roll()
    paid_in(world.hehe, 5, "o2", to=world.mubai.party)
    for book, here, there in ((world.hehe, 705, 0), (world.mubai, 0, 705)):
        with world.inside(book):
            [found] = proof.trial_balance(book).breaks
            [of_the_day] = proof.trial_balance(book, as_of=TODAY).breaks
        assert (found.here, found.there) == (of_the_day.here, of_the_day.there) == (here, there)


def test_a_snapshot_that_its_entries_do_not_bear_out_is_found(world):
    paid_in(world.hehe, 700, "o1")
    snapshots.roll()
    paid_in(world.hehe, 50, "after it")
    assert snapshots.differences(world.hehe) == []
    with world.inside(world.hehe):
        purse = Snapshot.objects.get(account__code="own:residual")
        Snapshot.objects.filter(pk=purse.pk).update(credits=701)
    [found] = snapshots.differences(world.hehe)
    assert (found.account_id, found.kept, found.entries) == (purse.pk, (0, 701), (0, 700))
    assert snapshots.differences(world.mubai) == []


def test_sums_beyond_a_bigint_are_kept(world):
    largest = 2**63 - 1
    for number in range(3):
        paid_in(world.hehe, largest, f"o{number}")
        snapshots.roll()
    assert standing(world, world.hehe)["held:cash"] == (3 * largest, 0)


@pytest.mark.django_db
def test_an_empty_ledger_is_rolled_to_nowhere():
    assert snapshots.roll() == 0
