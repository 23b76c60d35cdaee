"""A party's statement: what stood, what moved, what stands; and a closed period that stays as it was told."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from ledger import periods
from ledger.accounts import CLEARING, held, named
from ledger.models import BookClosing
from ledger.statements import Movement, movements, on_its_way, statement
from ledger.transfers import Entry, Story, post

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
FIRST, TODAY, LAST = date(2026, 11, 1), date(2026, 11, 20), date(2026, 11, 30)


def told(book, kind, debit, credit, amount, *, no="1", on=TODAY):
    entries = (Entry(book.pk, kind, debit, credit, amount),)
    if CLEARING in (debit, credit):
        other = Entry(book.pk, "tender", held("cash"), CLEARING, amount)
        back = Entry(book.pk, "refund", CLEARING, held("cash"), amount)
        entries += (other if debit == CLEARING else back,)
    post([Story("test", f"{kind}-{no}", on, AT, "CNY", entries)])


def lins(world, first=FIRST, last=LAST):
    with world.inside(world.hehe):
        return statement(world.hehe, world.lin.party, first=first, last=last)


@pytest.fixture
def purse(world):
    """Lin: 1000 earned in October; 500 earned, 300 clawed and 200 paid in November, with moves in between."""
    pending, due, owed = (named(code, world.lin.party) for code in ("pending", "due", "owed"))
    told(world.hehe, "share", CLEARING, pending, 1000, on=date(2026, 10, 31))
    told(world.hehe, "share", CLEARING, pending, 500, no="2")
    told(world.hehe, "settle_t0", pending, due, 1500)
    told(world.hehe, "clawback", owed, CLEARING, 300)
    told(world.hehe, "recover", due, owed, 300)
    told(world.hehe, "payout", due, named("transit", world.lin.party), 200)
    return world


def test_closing_is_opening_and_credits_less_debits_and_what_the_accounts_hold(purse):
    found = lins(purse)
    assert (found.opening, found.credits, found.debits, found.closing) == (1000, 500, 500, 1000)
    assert found.by_kind == {"share": 500, "clawback": -300, "payout": -200}
    assert found.by_account == {"due": 1000}


def test_moves_among_the_four_accounts_are_no_movements_and_the_lines_add_up(purse):
    with purse.inside(purse.hehe):
        lines = movements(purse.hehe, purse.lin.party, first=FIRST, last=LAST)
    assert lines[0] == Movement(TODAY, "share", "test", "share-2", 500)
    found = lins(purse)
    assert [line.kind for line in lines] == ["share", "clawback", "payout"]
    assert sum(line.amount for line in lines) == found.credits - found.debits


def test_what_is_on_its_way_is_told_beside_it_as_it_was_when_the_period_ended(purse):
    lin = purse.lin.party
    told(purse.hehe, "payout_paid", named("transit", lin), held("bank"), 150, on=LAST + timedelta(days=1))
    with purse.inside(purse.hehe):
        assert (
            on_its_way(purse.hehe, last=LAST) == {lin.pk: 200} == on_its_way(purse.hehe, last=LAST, party=lin)
        )
        assert on_its_way(purse.hehe, last=LAST + timedelta(days=1), party=lin) == {lin.pk: 50}
        assert (
            on_its_way(purse.hehe, last=FIRST)
            == on_its_way(purse.hehe, last=LAST, party=purse.chen.party)
            == {}
        )


def test_one_periods_closing_is_the_nexts_opening(purse):
    october = lins(purse, date(2026, 10, 1), date(2026, 10, 31))
    assert (october.opening, october.closing) == (0, 1000)
    assert lins(purse).opening == october.closing


def test_what_comes_late_is_booked_in_the_open_period(purse):
    periods.close(purse.hehe, through=LAST)
    before = lins(purse)
    told(
        purse.hehe, "share", CLEARING, named("pending", purse.lin.party), 70, no="late", on=date(2026, 11, 29)
    )
    assert lins(purse) == before
    december = lins(purse, LAST + timedelta(days=1), date(2026, 12, 31))
    assert (december.opening, december.credits) == (before.closing, 70)


def test_a_closed_book_closes_only_further(purse):
    assert periods.close(purse.hehe, through=LAST) == LAST
    assert periods.close(purse.hehe, through=TODAY) == LAST
    with purse.inside(purse.hehe):
        assert periods.closed_through(purse.hehe) == LAST
        with pytest.raises(IntegrityError, match="stays closed"), transaction.atomic():
            BookClosing.objects.filter(book=purse.hehe).update(through=TODAY)
    with purse.inside(purse.mubai):
        assert periods.closed_through(purse.mubai) is None
