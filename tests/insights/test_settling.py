"""What finance reads before it approves a run is what posting makes; and each row of a run foots."""

from datetime import UTC, datetime

from commissions import batches
from commissions.payouts import answers, paying
from insights import settling
from tests.commissions.closing import booked, carried
from tests.people import ONBOARDING, World

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)
BY = {"by": ONBOARDING, "at": MIDNIGHT}
STORE = (2 * (2560 - 857), 2 * 857)  # 33.5 % of each share, rounded down by itself, is kept
CHEN = (2 * (640 - 214), 2 * 214)


def closed(world: World):
    batches.ask_for_approval(world.mubai, True, by=ONBOARDING)
    booked(world, "T-1", at=NOON)
    booked(world, "T-2", at=NOON)
    return batches.close(world.mubai, now=MIDNIGHT)


def read(world: World, batch) -> tuple[settling.BatchRow, settling.Payees]:
    batch.refresh_from_db()
    with world.inside(world.mubai):
        (row,) = settling.progress_of(world.mubai, [batch])
        return row, settling.payees(batch, row.reached)


def test_a_run_shows_before_it_is_posted_what_posting_will_keep_and_make_payable(world):
    batch = closed(carried(world, reserve_ppm=335_000))
    for step in (lambda: None, lambda: batches.approve(batch, by=ONBOARDING)):
        step()
        row, payees = read(world, batch)
        assert [(one.due, one.reserve) for one in payees.rows] == [STORE, CHEN]
        assert (row.due, row.reserve, row.comes_to) == (payees.due, payees.reserve, 6400)
        assert (row.paid_into, row.reached.amount) == (0, 0), "nothing is payable yet"
    batches.close(world.mubai, now=MIDNIGHT)
    row, after = read(world, batch)
    assert [(one.due, one.reserve) for one in after.rows] == [STORE, CHEN]
    assert (row.due, row.reserve, row.comes_to) == (payees.due, payees.reserve, 6400)


def test_every_payee_of_a_posted_run_foots_and_so_do_all_together(world):
    batch = closed(carried(world, reserve_ppm=335_000))
    batches.approve(batch, by=ONBOARDING)
    batches.close(world.mubai, now=MIDNIGHT)
    payout = paying.pay(book=world.mubai, payee=world.chen.party, rail="manual", amount=100, **BY)
    answers.succeed(answers.submit(payout, **BY), **BY)
    row, payees = read(world, batch)
    for one in payees.rows:
        assert one.share == one.due + one.reserve
        assert one.due == one.part.paid + one.part.set_off + one.part.unpaid
    reached = row.reached
    assert row.comes_to == payees.share == payees.due + payees.reserve == row.paid_into
    assert payees.due == reached.paid + reached.set_off + reached.unpaid
    # Qinglan took the money at the till: its share is set against that.
    assert (reached.paid, reached.set_off, reached.unpaid) == (100, STORE[0], CHEN[0] - 100)


def test_what_the_employer_passes_on_stands_with_the_employer_whom_the_book_owes_it(world):
    batch = closed(carried(world, guide_pay="employer"))
    for is_posted in (False, True):
        if is_posted:
            batches.approve(batch, by=ONBOARDING)
            batches.close(world.mubai, now=MIDNIGHT)
        _row, payees = read(world, batch)
        told = [(one.name, one.share, one.for_guides) for one in payees.rows]
        assert told == [(world.qinglan.name, 6400, {world.chen.name: 1280})]
