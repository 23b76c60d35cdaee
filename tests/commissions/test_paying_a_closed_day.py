"""What becomes of a closed day after it is payable: read from payouts and bills, so it says what they say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from commissions import accruals, batches, clawback, progress
from commissions.models import BatchDue, PayoutPart, SettlementBatch
from commissions.payouts import answers, contesting, paying
from commissions.reconciliation import working
from orders.facts import RefundLineFacts, TenderFacts
from tests.commissions import billing
from tests.commissions.closing import PRICE, SERVED, carried
from tests.people import ONBOARDING
from tests.selling import line, money_back, sold

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # in Shanghai
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)  # where the 21st begins in Shanghai
ONE = timedelta(days=1)
BY = {"by": ONBOARDING}
STORES, CHENS = 2560, 640
Stage = progress.Stage


@pytest.fixture
def world(world):
    return carried(world, store_tells_for_brand=True)


def closed(world, no="T-1", *, day=0, at_the_till=False) -> SettlementBatch:
    """A day with one tea, which Mubai is paid for itself or, `at_the_till`, Qinglan takes the money of."""
    tenders = () if at_the_till else (TenderFacts(place="psp", amount=PRICE, collector=world.mubai.ref),)
    order = sold(
        world.xuhui, line(world.tea), no=no, paid_at=NOON + day * ONE, touches=SERVED, tenders=tenders
    )
    accruals.book(order)
    return batches.close(world.mubai, now=MIDNIGHT + day * ONE)


def reached(world, batch) -> progress.Progress:
    with world.inside(world.mubai):
        return progress.of(world.mubai, [batch])[batch.pk]


def stage(world, batch) -> str:
    return reached(world, batch).stage


def sent(world, payee=None, *, at=MIDNIGHT, **given):
    """Mubai pays the store's merchant, or whom it says, all that is due, and has sent it."""
    to = payee or world.qinglan.party
    payout = paying.pay(book=world.mubai, payee=to, rail="manual", at=at, **BY, **given)
    return answers.submit(payout, at=at, **BY)


def part(world, batch, party):
    (found,) = [part for part in reached(world, batch).parts if part.payee == party]
    return found


def test_a_day_is_payable_being_paid_then_paid_and_what_guides_may_draw_is_told_beside(world):
    batch = closed(world)
    assert stage(world, batch) == Stage.POSTED
    payout = sent(world)
    assert stage(world, batch) == Stage.PAYING
    answers.succeed(payout, at=MIDNIGHT, **BY)
    now = reached(world, batch)
    assert (now.stage, now.amount, now.paid, now.in_wallets) == (Stage.PAID, STORES + CHENS, STORES, CHENS)
    hers = sent(world, world.chen.party)
    assert stage(world, batch) == Stage.PAYING
    answers.succeed(hers, at=MIDNIGHT, **BY)
    now = reached(world, batch)
    assert (now.stage, now.paid, now.in_wallets, now.left) == (Stage.PAID, STORES + CHENS, 0, 0)


@pytest.mark.parametrize("verb", [answers.fail, answers.come_back])
def test_what_comes_back_makes_it_partly_paid_until_it_is_paid_anew(world, verb):
    batch = closed(world)
    answers.succeed(sent(world, world.chen.party), at=MIDNIGHT, **BY)
    verb(sent(world), at=MIDNIGHT, **BY)
    now = part(world, batch, world.qinglan.party)
    assert (stage(world, batch), now.left, now.came_back) == (Stage.PARTIALLY_PAID, STORES, STORES)
    again = sent(world)
    assert stage(world, batch) == Stage.PAYING
    answers.succeed(again, at=MIDNIGHT, **BY)
    now = part(world, batch, world.qinglan.party)
    assert (stage(world, batch), now.paid, now.came_back) == (Stage.PAID, STORES, 0)
    with world.inside(world.mubai):
        made = progress.payments_of(batch)[world.qinglan.party_id]
    assert [(payment.payout.state, payment.amount) for payment in made] == [
        ("failed" if verb is answers.fail else "returned", STORES),
        ("succeeded", STORES),
    ]


def test_a_lost_answer_and_an_objection_are_under_way(world):
    batch = closed(world)
    payout = answers.lost(sent(world), at=MIDNIGHT, **BY)
    assert stage(world, batch) == Stage.PAYING
    answers.succeed(payout, at=MIDNIGHT, **BY)
    contesting.contest(payout, merchant=world.qinglan, at=MIDNIGHT, **BY)
    assert stage(world, batch) == Stage.PAYING


def test_each_day_keeps_the_payout_that_was_made_for_it_when_an_older_one_comes_back(world):
    """The bank returns Friday's money on Monday, when Saturday's has long arrived."""
    friday = closed(world)
    first = answers.succeed(sent(world), at=MIDNIGHT, **BY)
    saturday = closed(world, "T-2", day=1)
    answers.succeed(sent(world, at=MIDNIGHT + ONE), at=MIDNIGHT + ONE, **BY)
    answers.come_back(first, at=MIDNIGHT + 3 * ONE, **BY)
    assert (stage(world, friday), stage(world, saturday)) == (Stage.POSTED, Stage.PAID)
    answers.succeed(sent(world, amount=1000), at=MIDNIGHT, **BY)
    now = part(world, friday, world.qinglan.party)
    assert (now.paid, now.left, now.came_back) == (1000, 1560, 1560)
    answers.succeed(sent(world), at=MIDNIGHT, **BY)
    assert (stage(world, friday), stage(world, saturday)) == (Stage.PAID, Stage.PAID)


def test_what_a_refund_took_and_what_was_set_against_a_debt_need_no_payout(world):
    batch = closed(world)
    refund, _new = money_back(world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2))
    clawback.claw(refund)
    now = part(world, batch, world.qinglan.party)
    assert (now.set_off, now.left) == (STORES // 2, STORES // 2)
    answers.succeed(sent(world), at=MIDNIGHT, **BY)
    now = part(world, batch, world.qinglan.party)
    assert (stage(world, batch), now.paid, now.set_off) == (Stage.PAID, STORES // 2, STORES // 2)
    owing = closed(world, "T-2", day=1, at_the_till=True)
    now = part(world, owing, world.qinglan.party)
    assert (stage(world, owing), now.set_off, now.left) == (
        Stage.POSTED,
        STORES,
        0,
    )  # Chen's lie in her wallet
    answers.succeed(sent(world, world.chen.party, amount=CHENS // 2), at=MIDNIGHT, **BY)
    answers.succeed(sent(world, world.chen.party), at=MIDNIGHT, **BY)
    assert stage(world, owing) == Stage.PAID


@pytest.mark.parametrize("verb", [answers.succeed, answers.fail])
def test_what_a_payout_kept_for_what_the_payee_owed_is_set_off_and_was_not_sent(world, verb):
    friday = closed(world)
    answers.succeed(sent(world, world.chen.party), at=MIDNIGHT, **BY)
    refund, _new = money_back(world.qinglan, RefundLineFacts(number=1, amount=PRICE // 2))
    clawback.claw(refund)
    saturday = closed(world, "T-2", day=1)
    payout = sent(world, world.chen.party)
    kept = CHENS // 2
    assert payout.recovered == kept
    now = part(world, saturday, world.chen.party)
    assert (now.under_way, now.set_off, now.paid, now.left) == (CHENS - kept, kept, 0, 0)
    verb(payout, at=MIDNIGHT, **BY)
    if verb is answers.fail:
        assert part(world, saturday, world.chen.party).came_back == CHENS - kept
        answers.succeed(sent(world, world.chen.party), at=MIDNIGHT, **BY)
    now = part(world, saturday, world.chen.party)
    assert (now.paid, now.set_off, now.unpaid) == (CHENS - kept, kept, 0)
    assert part(world, friday, world.chen.party).paid == CHENS


def test_a_bill_that_has_every_payment_makes_it_reconciled_and_a_break_keeps_it_from_being_so(world):
    batch = closed(world)
    payout = answers.succeed(sent(world), at=MIDNIGHT, **BY)
    hers = answers.succeed(sent(world, world.chen.party), at=MIDNIGHT, **BY)
    on = (MIDNIGHT + timedelta(hours=8)).date()
    bill = {"first": on, "last": on, "at": MIDNIGHT + 2 * ONE, "merchant": world.mubai}

    def explain_all():
        with world.inside(world.mubai):
            for found in billing.breaks(world, world.mubai):
                if found.state == "open":
                    working.explain(found, note="the bank is asked", **BY)

    billing.imported(world, billing.statement((payout.number, -STORES, on)), **bill, rail="manual")
    explain_all()
    assert reached(world, batch).matched == 0, "a bill that has it coming back does not have it paid"
    rows = [(payout.number, STORES, on), (hers.number, CHENS - 1, on)]
    billing.imported(world, billing.statement(rows[0]), **bill, rail="manual")
    assert stage(world, batch) == Stage.PAID
    billing.imported(world, billing.statement(*rows), **bill, rail="manual")
    now = reached(world, batch)
    assert (now.stage, now.payments, now.matched) == (Stage.PAID, 2, 1)
    explain_all()
    assert stage(world, batch) == Stage.RECONCILED


def test_many_days_are_read_in_as_many_statements_as_one(world, django_assert_num_queries):
    days = [closed(world, f"T-{day}", day=day) for day in range(3)]
    sent(world)
    for some in (days[:1], days):
        with world.inside(world.mubai), django_assert_num_queries(6):
            assert all(now.amount == 3200 for now in progress.of(world.mubai, some).values())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE commissions_batchdue SET amount = amount - 1", "append-only|permission denied"),
        ("DELETE FROM commissions_payoutpart", "append-only|permission denied"),
        (
            "INSERT INTO commissions_batchdue (merchant_id, batch_id, payee_id, amount, up_to)"
            " SELECT merchant_id, %(other)s, payee_id, 1, up_to FROM commissions_batchdue",
            "batch_due_of_its_own",
        ),
        (
            "INSERT INTO commissions_payoutpart (merchant_id, payout_id, start, amount, set_off)"
            " SELECT merchant_id, id, 0, 1, true FROM commissions_payout",
            "pays what is paid|payout_part_once_a_start",
        ),
        (
            "INSERT INTO commissions_payoutpart (merchant_id, payout_id, start, amount, set_off)"
            " SELECT merchant_id, id, 9000, 1, false FROM commissions_payout",
            "are not its gross",
        ),
    ],
)
def test_the_database_lets_no_fen_be_paid_twice(world, statement, words):
    batch = closed(world)
    sent(world, world.chen.party)
    with world.inside(world.mubai):
        other = batches.open_batch(world.mubai, batch.business_date + ONE)
        assert (BatchDue.objects.count(), PayoutPart.objects.count()) == (2, 1)
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"other": other.pk})


def test_a_payout_that_does_not_say_what_it_pays_is_refused(world, monkeypatch):
    closed(world)
    monkeypatch.setattr(paying, "lay", lambda payout: None)
    with pytest.raises(IntegrityError, match="does not say"), transaction.atomic():
        sent(world)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
