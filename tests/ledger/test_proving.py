"""The nightly proof: a good book holds, and each way of spoiling one is found, kept, told and logged."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from events.models import Event
from ledger import periods, proving, snapshots
from ledger.accounts import CLEARING, Place, held, ids_of, named
from ledger.models import Block, ClosedPeriod, ProofRun, Snapshot, Transfer, TransferKey
from ledger.transfers import Entry, Story, post
from tests.ledger.tampering import tamper

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)  # 2:00 of the 21st in Shanghai


@pytest.fixture
def world(transactional_db, world):
    """Hehe sold for 1000: 700 to Mubai, 200 to Lin, 100 are its own. Both books know of the 700."""
    entries = (
        Entry(world.hehe.pk, "tender", held("cash"), CLEARING, 1000),
        Entry(world.hehe.pk, "share", CLEARING, named("due", world.mubai.party), 700),
        Entry(world.hehe.pk, "share", CLEARING, named("due", world.lin.party), 200),
        Entry(world.hehe.pk, "share", CLEARING, named("own:residual"), 100),
        Entry(world.mubai.pk, "mirror", named("due", world.hehe.party), named("own:residual"), 700),
    )
    post([Story("sale", "ord_1/1", TODAY, AT, "CNY", entries)])
    return world


def proved(book, at=NIGHT):
    run = proving.prove(book, at=at)
    return {name: [f for f in run.findings if f["check"] == name] for name in run.failed}


def only(book, check, **facts):
    found = proved(book)
    assert set(found) == {check}
    assert [{"check": check} | facts] == found[check]


def ids(world) -> list[int]:
    with world.inside(world.hehe):
        return list(Transfer.objects.order_by("id").values_list("id", flat=True))


def test_a_good_book_holds_and_the_proof_is_kept(world):
    run = proving.prove(world.hehe, at=NIGHT)
    assert (run.holds, run.transfers, run.block, run.business_date) == (True, 4, 1, TODAY)
    assert proving.prove(world.hehe, at=NIGHT).holds and proving.prove(world.mubai, at=NIGHT).holds
    with world.inside(world.hehe):
        assert proving.last_proof(world.hehe).head == Block.objects.get().sha256
        assert ProofRun.objects.count() == 2
    assert not Event.objects.filter(kind="ledger.proof_failed").exists()


def test_a_failing_proof_is_kept_told_and_logged(world, owner, caplog):
    tamper(owner, "ledger_transfer", "DELETE FROM ledger_transfer WHERE source = 'sale' AND kind = 'mirror'")
    with caplog.at_level(logging.ERROR, logger="ledger.proving"):
        run = proving.prove(world.mubai, at=NIGHT)
    assert not run.holds and run.failed == ["keys", "mirrors"]
    assert run.ref in caplog.text and "keys, mirrors" in caplog.text
    event = Event.objects.get(kind="ledger.proof_failed")
    assert (event.merchant_id, event.subject) == (world.mubai.pk, world.mubai.ref)
    assert event.payload == {"proof": run.ref, "checks": ["keys", "mirrors"]}


def test_a_transfer_whose_account_is_in_another_book_is_found_in_both(world, owner):
    place = Place(world.mubai.pk, named("own:residual"), "CNY")
    theirs = ids_of([place])[place]
    proved(world.hehe)
    mine = ids(world)[3]
    (was,) = Transfer._base_manager.filter(pk=mine).values_list("credit_id", flat=True)
    change = "UPDATE ledger_transfer SET credit_id = %s WHERE id = %s"
    tamper(owner, "ledger_transfer", change, theirs, mine)
    found = proved(world.hehe)
    assert found["zero"] == [{"check": "zero", "currency": "CNY", "amount": -100}]
    assert set(found) == {"zero", "snapshots", "chain"}
    assert proved(world.mubai)["zero"] == [{"check": "zero", "currency": "CNY", "amount": 100}]
    tamper(owner, "ledger_transfer", change, was, mine)
    assert proved(world.hehe) == {}


def test_a_story_that_leaves_clearing_open_is_found(world, owner):
    tamper(owner, "ledger_transfer", "UPDATE ledger_transfer SET amount = 1001 WHERE kind = 'tender'")
    only(world.hehe, "clearing", source="sale", source_id="ord_1/1", amount=1)


def test_two_stories_that_make_up_for_each_other_are_both_found(world, owner):
    pair = (
        Entry(world.hehe.pk, "tender", held("cash"), CLEARING, 5),
        Entry(world.hehe.pk, "share", CLEARING, named("own:residual"), 5),
    )
    post([Story("sale", f"ord_{number}/1", TODAY, AT, "CNY", pair) for number in (2, 3)])
    swap = "UPDATE ledger_transfer SET amount = amount + %s WHERE source_id = %s AND kind = 'tender'"
    tamper(owner, "ledger_transfer", swap, 1, "ord_2/1")
    tamper(owner, "ledger_transfer", swap, -1, "ord_3/1")
    assert [(f["source_id"], f["amount"]) for f in proved(world.hehe)["clearing"]] == [
        ("ord_2/1", 1),
        ("ord_3/1", -1),
    ]


def test_two_merchants_who_disagree_both_find_it(world):
    post(
        [
            Story(
                "test",
                "t1",
                TODAY,
                AT,
                "CNY",
                (Entry(world.hehe.pk, "share", held("cash"), named("due", world.mubai.party), 7),),
            )
        ]
    )
    only(world.hehe, "mirrors", account="due", merchant=world.mubai.ref, here=707, there=-700)
    only(world.mubai, "mirrors", account="due", merchant=world.hehe.ref, here=-700, there=707)


def test_a_purse_below_zero_is_found(world):
    post(
        [
            Story(
                "test",
                "t1",
                TODAY,
                AT,
                "CNY",
                (Entry(world.hehe.pk, "share", named("due", world.lin.party), held("cash"), 201),),
            )
        ]
    )
    only(world.hehe, "purses", party=world.lin.party.ref, amount=-1)


def test_a_wrong_snapshot_is_found(world):
    snapshots.roll()
    with world.inside(world.hehe):
        row = Snapshot.objects.get(account__code="own:residual")
        Snapshot.objects.filter(pk=row.pk).update(credits=101)
    only(world.hehe, "snapshots", account="own:residual", id=row.pk, cursor=row.cursor, kept=101, entries=100)
    assert proved(world.mubai) == {}


def test_a_key_that_is_gone_is_found_for_the_same_could_be_told_again(world, owner):
    tamper(owner, "ledger_transferkey", "DELETE FROM ledger_transferkey WHERE kind = 'share'")
    only(world.hehe, "keys", source="sale", source_id="ord_1/1", kind="share", told=0, standing=3)


def test_a_change_that_leaves_every_sum_alone_is_found_by_the_chain(world, owner):
    assert proved(world.hehe) == {}
    tamper(
        owner,
        "ledger_transfer",
        "UPDATE ledger_transfer SET at = at - interval '1 day' WHERE kind = 'tender'",
    )
    only(world.hehe, "chain", what="changed", block=1, transfers=ids(world)[:1])


def test_a_chain_that_was_written_anew_is_convicted_by_every_later_proof(world, owner):
    """The last block is taken out, a transfer changed, and the night seals it as if nothing had been."""
    assert proved(world.hehe) == {}
    tamper(owner, "ledger_block", "DELETE FROM ledger_block")
    tamper(
        owner,
        "ledger_transfer",
        "UPDATE ledger_transfer SET at = at - interval '1 day' WHERE book_id = %s",
        world.hehe.pk,
    )
    for _night in range(2):
        only(world.hehe, "chain", what="rewritten", block=1, transfers=[])


def test_what_is_slipped_into_a_closed_period_is_found_though_the_chain_takes_it_for_new(world, owner):
    periods.close(world.hehe, through=TODAY)
    assert proved(world.hehe) == {}
    with world.inside(world.hehe):
        period = ClosedPeriod.objects.get()
        assert (period.through, period.count, period.amount) == (TODAY, 4, 2000)
    post(
        [
            Story(
                "test",
                "late",
                TODAY,
                AT,
                "CNY",
                (Entry(world.hehe.pk, "arrival", held("bank"), held("cash"), 5),),
            )
        ]
    )
    assert proved(world.hehe) == {}, "a late one is booked in the open period"
    with world.inside(world.hehe):
        late = Transfer.objects.get(source_id="late")
        late.pk, late.source, late.booked_on = late.pk + 1, "again", TODAY
        place = {"booked_on": TODAY, "legs": 1, "first_id": late.pk, "last_id": late.pk}
        key = {"source": "again", "source_id": late.source_id, "kind": late.kind}
        TransferKey.objects.create(book=world.hehe, **key, **place)
        late.save(force_insert=True)
    only(world.hehe, "periods", first="2000-01-01", last=str(TODAY), was=4, now=5)


def test_a_closed_period_that_says_something_else_is_found(world, owner):
    periods.close(world.hehe, through=TODAY)
    assert proved(world.hehe) == {}
    periods.close(world.hehe, through=TODAY + timedelta(days=30))
    assert proved(world.hehe) == {}
    tamper(owner, "ledger_transfer", "UPDATE ledger_transfer SET kind = 'gift' WHERE kind = 'tender'")
    found = proved(world.hehe)
    assert set(found) == {"chain", "keys", "periods"}
    [period] = found["periods"]
    assert (period["first"], period["was"], period["now"]) == ("2000-01-01", 4, 4)


def test_each_book_is_proved_once_a_business_date_in_the_night_after_it(world):
    assert proving.prove_due(now=NIGHT - timedelta(minutes=1)) == 2, "the day before is over"
    assert proving.prove_due(now=NIGHT - timedelta(minutes=1)) == 0
    assert proving.prove_due(now=NIGHT) == 2, "Hehe's and Mubai's; the others have told nothing yet"
    assert proving.prove_due(now=NIGHT + timedelta(hours=23)) == 0
    with world.inside(world.hehe):
        assert [run.business_date for run in ProofRun.objects.order_by("id")] == [
            TODAY - timedelta(days=1),
            TODAY,
        ]


def test_a_book_that_cannot_be_proved_does_not_keep_the_others_waiting(world, monkeypatch, caplog):
    real = proving.prove

    def prove(book, **given):
        if book == world.mubai:
            raise LookupError
        return real(book, **given)

    monkeypatch.setattr(proving, "prove", prove)
    assert proving.prove_due(now=NIGHT) == 1
    assert f"the book of {world.mubai.ref} could not be proved: LookupError" in caplog.text


def test_the_command_proves_one_book_or_all_and_exits_with_1_on_failure(world, owner, capsys):
    call_command("prove")
    assert capsys.readouterr().out.count("holds") == 4
    tamper(owner, "ledger_transfer", "UPDATE ledger_transfer SET amount = 1001 WHERE kind = 'tender'")
    call_command("prove", book=world.mubai.ref)
    with pytest.raises(CommandError, match="1 of 1") as refusal:
        call_command("prove", book=world.hehe.ref)
    assert refusal.value.returncode == 1
    assert "clearing: source sale, source_id ord_1/1, amount 1" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no merchant"):
        call_command("prove", book="mch_nobody")
