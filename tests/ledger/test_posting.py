"""Money moves once, inside one book, and stays where it was put."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import balances, proof
from ledger.accounts import CLEARING, Place, held, ids_of, named
from ledger.models import Account, Transfer
from ledger.transfers import Entry, Story, post
from merchants.errors import Conflict
from merchants.models import Party

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def sale(book, amount=1000, *, to=None, source_id="ord_1/1", on=TODAY):
    payee = named("own:residual") if to is None else named("pending", to)
    entries = (
        Entry(book.pk, "tender", held("cash"), CLEARING, amount),
        Entry(book.pk, "share", CLEARING, payee, amount),
    )
    return Story("sale", source_id, on, AT, "CNY", entries)


def test_a_story_moves_money_and_a_replay_moves_nothing(world):
    assert len(post([sale(world.hehe)])) == 2
    assert post([sale(world.hehe)]) == set()
    with world.inside(world.hehe):
        assert Transfer.objects.count() == 2
        standing = {str(b.account): b.amount for b in balances.of_book(world.hehe)}
    assert standing == {"clearing": 0, "held:cash": -1000, "own:residual": 1000}


def test_a_replay_with_another_amount_is_an_error(world):
    post([sale(world.hehe)])
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        post([sale(world.hehe, 1001)])
    assert refusal.value.code == "ledger.source_reused"


def test_a_story_that_leaves_clearing_open_is_refused(world):
    story = sale(world.hehe)
    lame = Story(story.source, story.source_id, TODAY, AT, "CNY", story.entries[:1])
    with pytest.raises(IntegrityError, match="leaves clearing"), transaction.atomic():
        post([lame])
    uneven = (story.entries[0], Entry(world.hehe.pk, "share", CLEARING, named("own:residual"), 999))
    with pytest.raises(IntegrityError, match="leaves clearing"), transaction.atomic():
        post([Story("sale", "ord_2/1", TODAY, AT, "CNY", uneven)])


@pytest.mark.parametrize("amount", [0, -5])
def test_a_transfer_is_above_zero(world, amount):
    entry = Entry(world.hehe.pk, "tender", held("cash"), named("own:residual"), amount)
    with pytest.raises(IntegrityError, match="transfer_above_zero"), transaction.atomic():
        post([Story("sale", "ord_1/1", TODAY, AT, "CNY", (entry,))])


def test_a_transfer_never_leaves_its_book(world):
    places = [Place(world.hehe.pk, held("cash"), "CNY"), Place(world.mubai.pk, held("cash"), "CNY")]
    ours, theirs = (ids_of(places)[place] for place in places)
    with pytest.raises(IntegrityError, match="in_its_book"), transaction.atomic():
        Transfer.objects.create(
            book=world.hehe,
            debit_id=ours,
            credit_id=theirs,
            amount=1,
            currency="CNY",
            kind="tender",
            source="sale",
            source_id="x",
            business_date=TODAY,
            at=AT,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_transfer SET amount = 1", "DELETE FROM ledger_transfer"]
)
def test_nothing_in_the_ledger_is_changed(world, owner, statement):
    post([sale(world.hehe)])
    with (
        pytest.raises(Exception, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_account_keeps_its_name(world):
    post([sale(world.hehe)])
    with (
        world.inside(world.hehe),
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
    ):
        Account.objects.update(code="own:adjust")


def test_an_account_without_a_party_is_made_once(world):
    place = Place(world.hehe.pk, CLEARING, "CNY")
    assert ids_of([place, place]) == ids_of([place])
    with pytest.raises(IntegrityError, match="account_once_a_book"), transaction.atomic():
        Account.objects.create(book=world.hehe, code="clearing", currency="CNY")


def test_a_balance_can_be_read_as_of_a_business_date(world):
    lin = world.lin.party
    post([sale(world.hehe, 300, to=lin), sale(world.hehe, 50, to=lin, source_id="o2", on=date(2026, 11, 21))])
    with world.inside(world.hehe):
        assert balances.of_party(world.hehe, lin) == {"pending": 350}
        assert balances.of_party(world.hehe, lin, as_of=TODAY) == {"pending": 300}
        assert proof.trial_balance(world.hehe, as_of=TODAY).debits == 600


def test_a_mirror_that_is_missing_breaks_the_proof_of_both(world):
    post([sale(world.hehe, 700, to=world.mubai.party)])
    for book, here, there in ((world.hehe, 700, 0), (world.mubai, 0, 700)):
        with world.inside(book):
            trial = proof.trial_balance(book)
        assert [(b.code, b.here, b.there) for b in trial.breaks] == [("pending", here, there)]
        assert not trial.holds and trial.total == 0


def test_a_book_is_read_by_its_owner_alone(world):
    post([sale(world.hehe)])
    with world.inside(world.stranger):
        assert not Transfer.objects.exists() and not Account.objects.exists()
        assert proof.trial_balance(world.stranger).holds


def test_the_platform_has_accounts_and_no_book(world):
    party = Party.objects.create(kind=Party.Kind.PLATFORM)
    post([sale(world.hehe, 10, to=party)])
    with world.inside(world.hehe):
        assert proof.trial_balance(world.hehe).holds


def test_sums_have_no_end_though_a_transfer_has(world):
    largest = 2**63 - 1
    for source_id in ("o1", "o2"):
        post([sale(world.hehe, largest, to=world.mubai.party, source_id=source_id)])
    with world.inside(world.hehe):
        trial = proof.trial_balance(world.hehe)
        assert balances.of_party(world.hehe, world.mubai.party) == {"pending": 2 * largest}
    assert (trial.debits, trial.total) == (4 * largest, 0)
    [unmirrored] = trial.breaks
    assert (unmirrored.here, type(unmirrored.here)) == (2 * largest, int)
