"""T+1: a book's day closes when it is over at every store; every step may be lost or come twice."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from commissions import appeals, batches, clawback, reserves
from commissions.models import BatchDue, Settlement, SettlementBatch, SettlementItem, SettlementPolicy
from events.models import Event
from ledger import proof
from merchants.errors import Conflict
from orders.facts import RefundLineFacts
from orders.models import OrderLine
from tests.commissions.closing import PRICE, TO_OTHERS, booked, carried, chens
from tests.people import ONBOARDING, make_contract, make_guide, make_store
from tests.selling import money_back

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # in Shanghai
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)  # where the 21st begins in Shanghai
TICK = timedelta(milliseconds=1)
State = SettlementBatch.State


@pytest.fixture
def world(world):
    return carried(world)


def books_hold(world):
    for merchant in (world.qinglan, world.mubai):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def test_a_day_closes_when_it_is_over_in_the_store_whatever_the_workers_clock_says(world):
    booked(world, "T-1", at=MIDNIGHT - TICK)
    booked(world, "T-2", at=MIDNIGHT)
    assert batches.close(world.mubai, now=MIDNIGHT - TICK) is None
    batch = batches.close(world.mubai, now=MIDNIGHT)
    assert (batch.state, batch.business_date, batch.lines, batch.total) == (State.POSTED, DAY, 1, TO_OTHERS)
    assert chens(world) == {"due": 640, "pending": 640}
    books_hold(world)


def test_the_cut_off_of_the_merchant_that_sells_decides(world):
    type(world.qinglan).objects.filter(pk=world.qinglan.pk).update(cut_off=time(4))
    world.qinglan.refresh_from_db()
    booked(world, "T-1", at=MIDNIGHT + timedelta(hours=3))
    four = MIDNIGHT + timedelta(hours=4)
    assert batches.close(world.mubai, now=four - TICK) is None
    assert batches.close(world.mubai, now=four).business_date == DAY


@pytest.mark.parametrize(
    ("zone", "over"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 23, tzinfo=UTC)),  # the day the clock goes back: 25 hours
        ("Asia/Tokyo", datetime(2026, 10, 25, 16, tzinfo=UTC)),  # over at 15:00, Shanghai's an hour later
    ],
)
def test_a_book_waits_for_the_last_of_its_stores(world, zone, over):
    with world.inside(world.qinglan):
        abroad = make_store(world.qinglan, code="AB01", name="海外店", kind="direct", lng=1.0, lat=1.0)
        type(abroad).objects.filter(pk=abroad.pk).update(time_zone=zone)
        abroad.refresh_from_db()
    carried_there = datetime(2026, 10, 25, 6, tzinfo=UTC)
    make_contract(world.mubai_brand, abroad, mode="central", settlement="T1")
    booked(world, "T-1", at=carried_there)
    booked(world, "T-2", at=carried_there, store=abroad)
    assert batches.close(world.mubai, now=over - TICK) is None
    assert batches.close(world.mubai, now=over).lines == 2


def test_closing_again_changes_nothing_and_a_late_order_falls_into_the_next_batch(world):
    booked(world, "T-1", at=NOON)
    first = batches.close(world.mubai, now=MIDNIGHT)
    booked(world, "T-2", at=NOON)  # of the 20th too, told on the 21st
    assert batches.close(world.mubai, now=MIDNIGHT + timedelta(hours=23)).pk == first.pk
    assert chens(world) == {"due": 640, "pending": 640}
    second = batches.close(world.mubai, now=MIDNIGHT + timedelta(days=1))
    assert (second.business_date, second.lines) == (DAY + timedelta(days=1), 1)
    assert chens(world) == {"due": 1280}


@pytest.mark.parametrize("killed_after", range(6))
def test_killed_after_any_step_it_goes_on_to_the_same_books(world, monkeypatch, killed_after):
    monkeypatch.setattr(batches, "PAGE", 2)
    for number in range(5):
        booked(world, f"T-{number}", at=NOON)
    batch = batches.open_batch(world.mubai, DAY)
    steps = [
        lambda: batches.freeze(batch, by=ONBOARDING, at=MIDNIGHT),
        *[lambda: batches.post_page(batch, at=MIDNIGHT)] * 4,
    ]
    for step in steps[:killed_after]:
        step()
    batches.close(world.mubai, now=MIDNIGHT)
    with world.inside(world.mubai):
        batch.refresh_from_db()
        assert (batch.state, batch.lines, batch.total) == (State.POSTED, 5, 5 * TO_OTHERS)
        assert [one.lines for one in Settlement.objects.filter(batch=batch).order_by("id")] == [2, 2, 1]
        assert SettlementItem.objects.count() == 15
        assert [due.amount for due in BatchDue.objects.order_by("payee")] == [5 * 2560, 5 * 640]
    assert Event.objects.filter(kind="settlement.posted", merchant_id=world.mubai.id).count() == 1
    assert chens(world) == {"due": 5 * 640}
    books_hold(world)


def test_what_a_refund_takes_before_a_lines_page_is_not_settled_and_after_it_is_taken_from_what_was(world):
    for number in (1, 2):
        booked(world, f"T-{number}", at=NOON)
    batch = batches.open_batch(world.mubai, DAY)
    batches.freeze(batch, by=ONBOARDING, at=MIDNIGHT)
    refund, _new = money_back(world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2), order_no="T-1")
    clawback.claw(refund)
    assert chens(world) == {"pending": 960}
    batches.advance(batch, at=MIDNIGHT)
    assert chens(world) == {"due": 960}
    refund, _new = money_back(
        world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2), order_no="T-2", no="R-2"
    )
    clawback.claw(refund)
    assert chens(world) == {"due": 640}
    books_hold(world)


def test_where_finance_asks_for_it_a_batch_waits_frozen_until_it_is_approved(world):
    with world.inside(world.mubai):
        SettlementPolicy.objects.create(merchant=world.mubai, needs_approval=True)
    booked(world, "T-1", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    assert batch.state == State.FROZEN
    assert batches.close(world.mubai, now=MIDNIGHT + timedelta(days=3)).pk == batch.pk
    assert chens(world) == {"pending": 640}
    batches.approve(batch, by=ONBOARDING)
    with pytest.raises(Conflict):
        batches.approve(batch, by=ONBOARDING)
    assert batches.close(world.mubai, now=MIDNIGHT).state == State.POSTED
    assert chens(world) == {"due": 640}


def test_a_closed_day_is_told_once_a_payee_and_store_with_what_it_came_to(world, monkeypatch):
    monkeypatch.setattr(batches, "PAGE", 2)
    for number in range(3):
        booked(world, f"T-{number}", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    batches.advance(batch, at=MIDNIGHT)
    told = Event.objects.filter(kind="commission.settled").order_by("merchant_id", "subject")
    rows = {(row.merchant_id, row.subject, row.payload["amount"], row.payload["count"]) for row in told}
    both = (world.mubai.id, world.qinglan.id)
    shares = [(world.chen.ref, 3 * 640, 3), (world.qinglan.ref, 3 * 2560, 3)]
    assert rows == {(merchant, *share) for merchant in both for share in shares}
    assert len(told) == 4
    chens_own = next(row for row in told if row.subject == world.chen.ref)
    assert chens_own.concerns == [world.chen.ref, world.chen.user.ref, world.xuhui.ref]
    assert chens_own.payload["batch"] == batch.ref


def test_preview_says_what_the_day_would_come_to(world):
    booked(world, "T-1", at=NOON)
    assert batches.preview(world.mubai, day=DAY) == (1, TO_OTHERS)
    assert batches.preview(world.mubai, day=DAY - timedelta(days=1)) == (0, 0)


def test_a_reserve_is_released_once_when_the_window_has_closed(world, monkeypatch):
    monkeypatch.setattr(reserves, "PAGE", 1)
    with world.inside(world.qinglan):
        kept = make_store(world.qinglan, code="RS01", name="留存店", kind="direct", lng=1.0, lat=1.0)
    terms = {"reserve_ppm": 200_000, "return_window_days": 7}
    make_contract(world.mubai_brand, kept, mode="central", settlement="T1", **terms)
    for number in (1, 2):
        booked(world, f"T-{number}", at=NOON, store=kept)
    batches.close(world.mubai, now=MIDNIGHT)
    assert chens(world) == {"due": 1024, "reserve": 256}
    on = DAY + timedelta(days=7)
    assert reserves.release_due(world.mubai, on=on - timedelta(days=1), at=MIDNIGHT) == 0
    assert reserves.release_due(world.mubai, on=on, at=MIDNIGHT) == 2
    assert reserves.release_due(world.mubai, on=on, at=MIDNIGHT) == 0
    assert chens(world) == {"due": 1280}
    books_hold(world)


def locked(world) -> SettlementBatch:
    """Two teas, closed and approved, not posted yet."""
    with world.inside(world.mubai):
        SettlementPolicy.objects.create(merchant=world.mubai, needs_approval=True)
    for number in (1, 2):
        booked(world, f"T-{number}", at=NOON)
    return batches.approve(batches.close(world.mubai, now=MIDNIGHT), by=ONBOARDING)


def half_back(world, no="T-1"):
    refund, _new = money_back(
        world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2), order_no=no, no=f"R-{no}"
    )
    clawback.claw(refund)
    return refund


def test_what_finance_approved_is_what_becomes_payable_and_a_refund_waits_until_then(world):
    batch = locked(world)
    refund = half_back(world)
    assert chens(world) == {"pending": 1280}
    with world.inside(world.qinglan):
        assert clawback.unclawed(recorded_before=timezone.now() + TICK) == [refund]
    batches.close(world.mubai, now=MIDNIGHT)
    with world.inside(world.mubai):
        batch.refresh_from_db()
        assert batch.locked_total == 2 * TO_OTHERS == Settlement.objects.get().total
    clawback.claw(refund)
    assert chens(world) == {"due": 960}
    books_hold(world)


def test_what_a_refund_took_before_the_approval_is_not_locked(world):
    with world.inside(world.mubai):
        SettlementPolicy.objects.create(merchant=world.mubai, needs_approval=True)
    booked(world, "T-1", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    half_back(world)
    approved = batches.approve(batch, by=ONBOARDING)
    assert (approved.total, approved.locked_total) == (TO_OTHERS, TO_OTHERS // 2)
    assert batches.close(world.mubai, now=MIDNIGHT).state == State.POSTED
    assert chens(world) == {"due": 320}


def test_an_appeal_of_a_locked_line_is_answered_when_it_is_payable(world):
    with world.inside(world.qinglan):
        other = make_guide(world.xuhui, code="G202", name="周远", phone="+8613900000102")
    batch = locked(world)
    with world.inside(world.qinglan):
        sale = OrderLine.objects.order_by("id").first()
    case = appeals.appeal(line=sale, guide=other, reason="served", by=ONBOARDING, at=NOON)
    with pytest.raises(Conflict, match="settlement.locked"):
        appeals.decide(appeal=case, uphold=True, by=ONBOARDING, at=NOON)
    batches.advance(batch, at=MIDNIGHT)
    assert appeals.decide(appeal=case, uphold=True, by=ONBOARDING, at=NOON).state == "upheld"
    assert chens(world) == {"due": 640}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE commissions_settlementbatch SET total = total - 1", "total is frozen"),
        ("UPDATE commissions_settlementbatch SET lines = 1", "lines is frozen"),
        ("UPDATE commissions_settlementbatch SET last_split = 0", "last_split is frozen"),
        ("UPDATE commissions_settlementbatch SET locked_total = 1", "locked_total is frozen"),
        ("UPDATE commissions_settlementbatch SET state = 'frozen'", "does not become"),
        ("UPDATE commissions_settlementbatch SET state = 'posted'", "was locked at 6400, not at 0"),
        ("UPDATE commissions_share SET clawed = 1 WHERE guide_id IS NOT NULL", "stands in a locked batch"),
        ("UPDATE commissions_share SET moved_out = 1 WHERE guide_id IS NOT NULL", "stands in a locked batch"),
    ],
)
def test_the_database_keeps_a_locked_batch_as_it_was_approved(world, statement, words):
    locked(world)
    with pytest.raises(IntegrityError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_no_batch_that_waits_is_posted_without_finance_by_anybody(world):
    with world.inside(world.mubai):
        SettlementPolicy.objects.create(merchant=world.mubai, needs_approval=True)
    booked(world, "T-1", at=NOON)
    batches.close(world.mubai, now=MIDNIGHT)
    posting = "UPDATE commissions_settlementbatch SET state = 'posted'"
    refused = pytest.raises(IntegrityError, match="waits for approval")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(posting)
