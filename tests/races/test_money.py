"""Two workers, one order; two refunds, one purse: the books come out as if they had taken turns."""

import time
from datetime import timedelta
from threading import Event

import pytest
from django.db import IntegrityError, transaction

from commissions import accruals, batches, clawback, locked, settlement, settling
from commissions.models import BatchDue, Clawback, Settlement, SettlementBatch, SettlementItem, Share, Split
from ledger import accounts, balances, periods, proof, transfers
from ledger.accounts import held, named
from ledger.models import Transfer
from ledger.transfers import Entry, Story, post
from merchants.scoping import acting_for
from orders.facts import RefundLineFacts
from orders.models import Order
from tests.commissions.closing import PRICE, booked, carried, chens
from tests.people import NOON, ONBOARDING
from tests.plans import publish_plans
from tests.races.together import together
from tests.selling import line, money_back, sold

pytestmark = pytest.mark.django_db(transaction=True)
SERVED = {"serving": "G101"}
WORKERS = 4


@pytest.fixture
def world(transactional_db, world):
    return publish_plans(world)


def books_hold(world):
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def booked_at_once(world):
    order = sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED)
    results = together(*[lambda: accruals.book(order)] * WORKERS)
    with world.inside(world.hehe):
        assert (Split.party.count(), Share.party.count()) == (2, 6)
    books_hold(world)
    return results


def test_without_the_orders_lock_only_the_constraint_saves_the_books(world, monkeypatch):
    def unlocked(order_ids):
        return list(Order.objects.filter(id__in=order_ids).select_related("store"))

    real = accruals.assessing.assess

    def slowly(orders, **given):
        sheets = real(orders, **given)
        time.sleep(0.2)
        return sheets

    monkeypatch.setattr(accruals, "_locked", unlocked)
    monkeypatch.setattr(accruals.assessing, "assess", slowly)
    failed = [result for result in booked_at_once(world) if isinstance(result, Exception)]
    assert len(failed) == WORKERS - 1
    assert all(isinstance(failure, IntegrityError) for failure in failed)


def test_an_order_booked_by_many_workers_at_once_is_booked_once(world):
    results = booked_at_once(world)
    assert [len(splits) for splits in results] == [2] * WORKERS


def settled_at_once(world):
    order = sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED)
    accruals.book(order)

    def settle():
        with acting_for(world.hehe):
            return settlement.settle_t0(orders=[order.id], at=NOON)

    results = together(*[settle] * WORKERS)
    for merchant in (world.qinglan, world.hehe):
        with world.inside(merchant):
            assert Settlement.objects.count() == 1
    with world.inside(world.hehe):
        assert balances.of_party(world.hehe, world.lin.party) == {"due": 384}
    books_hold(world)
    return results


def test_without_the_splits_lock_only_the_constraint_saves_the_settling(world, monkeypatch):
    real = settlement.open_splits

    def slowly(orders, **given):
        splits = real(orders, **given)
        time.sleep(0.2)
        return splits

    monkeypatch.setattr(settlement, "lock", lambda splits: None)
    monkeypatch.setattr(settlement, "open_splits", slowly)
    failed = [result for result in settled_at_once(world) if isinstance(result, Exception)]
    assert len(failed) == WORKERS - 1


def test_a_line_settled_by_many_workers_at_once_is_settled_once(world):
    results = settled_at_once(world)
    assert sorted(len(settlements) for settlements in results) == [0, 0, 0, 2]


def one_purse_two_refunds(world):
    """Lin's purse at Qinglan holds 995 of two sales' 1990, and both sales come back at once."""
    orders = [sold(world.jingan, line(world.shirt), touches=SERVED, no=no) for no in ("T-1", "T-2")]
    for order in orders:
        accruals.book(order)
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id for order in orders], at=NOON)
    paid_out = Entry(world.qinglan.pk, "payout_paid", named("due", world.lin.party), held("bank"), 995)
    post([Story("test", "y1", NOON.date(), NOON, "CNY", (paid_out,))])
    back = RefundLineFacts(number=1, amount=19900)
    refunds = [
        money_back(world.hehe, back, order_no=order.external_no, no=f"R-{order.external_no}")[0]
        for order in orders
    ]
    results = together(*[lambda refund=refund: clawback.claw(refund) for refund in refunds])
    assert not [result for result in results if isinstance(result, Exception)]
    with world.inside(world.qinglan):
        return balances.of_party(world.qinglan, world.lin.party)


def test_without_the_purses_lock_a_purse_falls_below_zero(world, monkeypatch):
    real = balances.of_accounts

    def slowly(account_ids, **given):
        standing = real(account_ids, **given)
        time.sleep(0.3)
        return standing

    monkeypatch.setattr(accounts, "lock", lambda account_ids: None)
    monkeypatch.setattr(balances, "of_accounts", slowly)
    assert one_purse_two_refunds(world) == {"due": -995}


def test_a_purse_never_falls_below_zero(world):
    assert one_purse_two_refunds(world) == {"owed": -995}
    books_hold(world)


def test_a_refund_racing_the_settling_takes_what_is_there_once(world):
    order = sold(world.jingan, line(world.shirt), touches=SERVED)
    accruals.book(order)
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=9950))

    def settle():
        with acting_for(world.hehe):
            return settlement.settle_t0(orders=[order.id], at=NOON)

    results = together(settle, lambda: clawback.claw(refund), settle, lambda: clawback.claw(refund))
    assert not [result for result in results if isinstance(result, Exception)]
    with world.inside(world.hehe):
        assert Clawback.party.count() == 1
    with world.inside(world.qinglan):
        assert balances.of_party(world.qinglan, world.lin.party) == {"due": 498}
    books_hold(world)


def closed_at_once(world):
    """Mubai's day with three lines in pages of two, closed by all workers together."""
    carried(world)
    for number in range(3):
        booked(world, f"T-{number}", at=NOON)
    results = together(*[lambda: batches.close(world.mubai, now=NOON + timedelta(days=1))] * WORKERS)
    batches.close(world.mubai, now=NOON + timedelta(days=1))
    with world.inside(world.mubai):
        assert SettlementBatch.objects.get().state == SettlementBatch.State.POSTED
        assert [page.lines for page in Settlement.objects.order_by("id")] == [2, 1]
        assert sorted(BatchDue.objects.values_list("amount", flat=True)) == [3 * 640, 3 * 2560]
    assert chens(world) == {"due": 3 * 640}
    books_hold(world)
    return results


def unlocked_page(batch, *, size):
    ids = list(batches.lines_of(batch).order_by("id").values_list("id", flat=True)[:size])
    time.sleep(0.2)
    return ids


def test_without_the_batchs_lock_only_the_constraint_saves_the_day(world, monkeypatch):
    monkeypatch.setattr(batches, "PAGE", 2)
    monkeypatch.setattr(settling, "locked_page", unlocked_page)
    monkeypatch.setattr(batches, "_taken", lambda batch: SettlementBatch.objects.get(pk=batch.pk))
    assert any(isinstance(result, IntegrityError) for result in closed_at_once(world))


def test_a_day_closed_by_many_workers_at_once_is_closed_once(world, monkeypatch):
    monkeypatch.setattr(batches, "PAGE", 2)
    assert not [result for result in closed_at_once(world) if isinstance(result, Exception)]


def refunded_within_a_page(world, monkeypatch):
    """Half of a line is refunded after its page has written the items and before it posts: (what Chen's item says,
    what became due)."""
    written, post_set = Event(), settling.post_set

    def slowly(*args, **given):
        written.set()
        time.sleep(0.5)
        return post_set(*args, **given)

    def claw():
        written.wait(20)
        clawback.claw(refund)

    monkeypatch.setattr(settling, "post_set", slowly)
    carried(world)
    booked(world, "T-1", at=NOON)
    refund, _is_new = money_back(world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2))
    results = together(lambda: batches.close(world.mubai, now=NOON + timedelta(days=1)), claw)
    assert not [result for result in results if isinstance(result, Exception)]
    with world.inside(world.mubai):
        item = SettlementItem.objects.get(share__guide=world.chen)
        moved = Transfer.objects.get(kind="settle_t1", credit__code="due", credit__party=world.chen.party)
    return item.due, moved.amount


def test_without_the_lines_lock_a_page_posts_other_money_than_its_items_say(world, monkeypatch):
    monkeypatch.setattr(settling, "locked_page", unlocked_page)
    monkeypatch.setattr(
        settling, "keep_dues", lambda batch, sums: None
    )  # the database would refuse what these say
    assert refunded_within_a_page(world, monkeypatch) == (640, 320)


def test_a_refund_waits_for_the_page_of_its_line(world, monkeypatch):
    assert refunded_within_a_page(world, monkeypatch) == (640, 640)
    assert chens(world) == {"due": 320}
    books_hold(world)


def approved_while_a_refund_is_taken_back(world, monkeypatch):
    """Finance approves Mubai's day, with one line, when half of it has been taken back and nobody sees that yet."""
    taken, real = Event(), clawback.post

    def slowly(stories):
        taken.set()
        time.sleep(0.5)
        return real(stories)

    def approve():
        taken.wait(20)
        return batches.approve(batch, by=ONBOARDING)

    carried(world)
    batches.ask_for_approval(world.mubai, True, by=ONBOARDING)
    booked(world, "T-1", at=NOON)
    batch = batches.close(world.mubai, now=NOON + timedelta(days=1))
    refund, _is_new = money_back(world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2))
    monkeypatch.setattr(clawback, "post", slowly)
    results = together(lambda: clawback.claw(refund), approve)
    assert not [result for result in results if isinstance(result, Exception)]
    return batches.close(world.mubai, now=NOON + timedelta(days=1))


def test_unless_approving_waits_for_it_a_refund_changes_what_was_locked(world, monkeypatch):
    monkeypatch.setattr(locked, "splits_of", lambda order_id: set())
    with pytest.raises(IntegrityError, match="was locked at 3200, not at 1600"):
        approved_while_a_refund_is_taken_back(world, monkeypatch)


def test_approving_waits_for_a_refund_that_is_being_taken_back(world, monkeypatch):
    batch = approved_while_a_refund_is_taken_back(world, monkeypatch)
    assert (batch.state, batch.total, batch.locked_total) == ("posted", 3200, 1600)
    assert chens(world) == {"due": 320}
    books_hold(world)


def arrived(world, source_id):
    arrival = Entry(world.hehe.pk, "arrival", held("bank"), held("cash"), 5)
    post([Story("test", source_id, NOON.date(), NOON, "CNY", (arrival,))])


def told_while_closing(world, *, patience):
    """A sale's story is told, and its day closed before it is kept; in which period does it stand?"""
    booked_at, may_end = Event(), Event()

    def tell():
        with transaction.atomic():
            arrived(world, "late")
            booked_at.set()
            may_end.wait(patience)

    def close():
        booked_at.wait(5)
        periods.close(world.hehe, through=NOON.date())
        seen = Transfer.objects.filter(source_id="late").exists()
        may_end.set()
        return seen

    def closed():
        with acting_for(world.hehe):
            return close()

    _told, seen = together(tell, closed)
    return seen


@pytest.fixture
def posting_unguarded(owner, monkeypatch):
    """Posting as it is, but for the lock on the closing rows."""
    cursor = owner.cursor()
    cursor.execute("SELECT pg_get_functiondef('ledger_post'::regproc)")
    (guarded,) = cursor.fetchone()
    assert "FOR SHARE" in guarded
    cursor.execute(guarded.replace("FOR SHARE", "").replace("ledger_post(", "ledger_post_unguarded(", 1))
    monkeypatch.setattr(transfers, "_POST", transfers._POST.replace("ledger_post(", "ledger_post_unguarded("))
    yield
    cursor.execute("DROP FUNCTION ledger_post_unguarded")


def test_without_the_closing_lock_a_story_slips_into_a_period_that_is_closed(world, posting_unguarded):
    arrived(world, "early")  # the book has its row, only nobody waits at it
    assert told_while_closing(world, patience=20) is False


def test_a_period_closes_only_after_what_is_being_told_in_it(world):
    assert told_while_closing(world, patience=1) is True
