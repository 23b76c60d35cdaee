"""A payer's word discharges a debt until the merchant it was for says that nothing arrived."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from commissions.models import Payout
from commissions.payouts import answers, bank_file, by_hand, contesting, payee_accounts, paying
from events.models import Event
from insights import reconciling
from merchants.errors import Conflict, Forbidden
from tests.commissions.billing import imported, kinds, statement
from tests.commissions.earning import TO_QINGLAN, books_hold, earn, pay_lin, sent, stands, told
from tests.people import NOON, ONBOARDING

State = Payout.State
DAY = timedelta(days=1)
BY = {"by": ONBOARDING}


@pytest.fixture
def world(plans_published):
    earn(plans_published)
    return plans_published


@pytest.fixture
def paid(world):
    """Hehe says that it paid Qinglan by hand; no money moved."""
    payout = sent(paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", at=NOON, **BY))
    return answers.succeed(payout, **BY, at=NOON)


def contested(world, payout, **given):
    return contesting.contest(payout, merchant=world.qinglan, **(BY | given))


def claims(world):
    """What Qinglan's book says Hehe owes, what Hehe's says it owes, and what is on its way."""
    theirs = stands(world, world.hehe, world.qinglan.party)
    return -stands(world, world.qinglan, world.hehe.party).get("due", 0), theirs


def test_the_claim_stands_again_in_both_books(world, paid):
    assert claims(world) == (0, {})
    row = contested(world, paid, reason="账上没有这笔", at=NOON + DAY)
    assert (row.state, row.objection, row.contested_at) == (State.CONTESTED, "账上没有这笔", NOON + DAY)
    assert claims(world) == (TO_QINGLAN, {"transit": TO_QINGLAN})
    assert "held:bank" not in stands(world, world.qinglan) | stands(world, world.hehe)
    assert told(world, world.qinglan, paid) == dict.fromkeys(
        ["payout_received", "payout_contested"], TO_QINGLAN
    )
    events = Event.objects.filter(subject=paid.ref, kind="payout.contested")
    assert {event.merchant_id for event in events} == {world.hehe.pk, world.qinglan.pk}
    books_hold(world)
    assert contested(world, paid).contested_at == NOON + DAY and events.count() == 2
    books_hold(world)


def test_the_payer_cannot_say_again_that_it_arrived(world, paid):
    row = contested(world, paid)
    assert answers.succeed(row, **BY).state == State.CONTESTED
    assert by_hand.offered(row) == (by_hand.Mark.RETURNED,)
    with pytest.raises(Conflict, match="payout.cannot"):
        answers.fail(row, **BY)
    assert claims(world)[0] == TO_QINGLAN


def test_the_payer_can_say_that_it_came_back_and_pay_anew(world, paid):
    row = by_hand.tell(contested(world, paid), "returned", reason="退回", **BY)
    assert row.state == State.RETURNED
    assert claims(world) == (TO_QINGLAN, {"due": TO_QINGLAN})
    books_hold(world)
    again = answers.succeed(
        sent(paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", at=NOON, **BY)), **BY
    )
    assert claims(world) == (0, {})
    assert contested(world, again).state == State.CONTESTED
    books_hold(world)


def test_the_payee_may_find_it_after_all_and_then_it_is_final(world, paid):
    with pytest.raises(Forbidden, match="payout.not_yours"):
        contesting.confirm(contested(world, paid), merchant=world.hehe, **BY)
    row = contesting.confirm(paid, merchant=world.qinglan, **BY)
    assert (row.state, claims(world)) == (State.SUCCEEDED, (0, {}))
    books_hold(world)
    assert contesting.confirm(paid, merchant=world.qinglan, **BY).state == State.SUCCEEDED
    with pytest.raises(Conflict, match="payout.not_contestable"):
        contested(world, paid)
    answers.come_back(paid, **BY)  # a bank may still return it
    assert claims(world) == (TO_QINGLAN, {"due": TO_QINGLAN})
    books_hold(world)


def test_the_rest_can_be_paid_while_one_payment_is_contested(world, paid):
    contested(world, paid)
    earn(world, "T-2")
    payout = sent(paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", at=NOON, **BY))
    assert payout.net == TO_QINGLAN
    answers.succeed(payout, **BY)
    assert claims(world) == (TO_QINGLAN, {"transit": TO_QINGLAN})
    books_hold(world)


def test_by_bank_file_too_and_the_same_results_again_do_not_overrule_the_payee(world):
    given = {"holder": "青岚服饰", "bank": "招商银行", "number": "6225880001"}
    payee_accounts.keep(payer=world.hehe, party=world.qinglan.party, **given, **BY)
    payout = paying.pay(book=world.hehe, payee=world.qinglan.party, rail="bank", at=NOON, **BY)
    bank_file.export(book=world.hehe, payouts=[payout], **BY)
    results = f"{payout.number},成功,159.20,".encode()
    assert bank_file.import_results(book=world.hehe, file=results, **BY).moved
    contested(world, payout)
    again = bank_file.import_results(book=world.hehe, file=results, **BY)
    assert (again.moved, again.unchanged, claims(world)[0]) == ([], 1, TO_QINGLAN)
    back = f"{payout.number},退汇,159.20,户名不符".encode()
    assert bank_file.import_results(book=world.hehe, file=back, **BY).moved
    assert claims(world) == (TO_QINGLAN, {"due": TO_QINGLAN})
    books_hold(world)


def test_what_the_banks_bill_has_as_paid_stays_reconciled_whatever_the_payee_says(world, paid):
    imported(
        world,
        statement((paid.number, paid.net, paid.paid_at.date())),
        at=NOON + DAY,
        merchant=world.hehe,
        rail="manual",
    )

    def standing():
        with world.inside(world.hehe):
            (day,) = reconciling.of_days(world.hehe, since=paid.paid_at.date())
            return reconciling.standings([paid])[paid.pk], day.reconciled

    assert standing() == ("matched", True)
    contested(world, paid, at=NOON + DAY)
    assert standing() == ("matched", True)
    assert kinds(world, world.hehe) == []
    by_hand.tell(paid, "returned", reason="退回", **BY)
    assert standing()[0] == "left"


def test_a_collectors_word_is_contested_like_the_payers(world):
    payout = sent(
        paying.pay(
            book=world.hehe, payee=world.qinglan.party, rail="manual", collector=world.mubai, at=NOON, **BY
        )
    )
    answers.succeed(payout, **BY)
    assert stands(world, world.mubai, world.hehe.party) == {"due": -TO_QINGLAN}
    contested(world, payout)
    assert stands(world, world.mubai, world.hehe.party) == {}
    assert claims(world) == (TO_QINGLAN, {"transit": TO_QINGLAN})
    books_hold(world)


def test_only_the_merchant_it_was_for_objects_and_only_to_what_counts_as_paid(world):
    payout = paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", at=NOON, **BY)
    for state in (payout, sent(payout)):
        with pytest.raises(Conflict, match="payout.not_contestable"):
            contested(world, state)
    answers.succeed(payout, **BY)
    for other in (world.hehe, world.stranger, world.mubai):
        with pytest.raises(Forbidden, match="payout.not_yours"):
            contesting.contest(payout, merchant=other, **BY)
    to_lin = answers.succeed(sent(pay_lin(world)), **BY)
    with pytest.raises(Forbidden, match="payout.not_yours"):
        contesting.contest(to_lin, merchant=world.hehe, **BY)


def test_the_database_lets_nobody_contest_twice_or_what_was_not_paid(world, paid):
    contesting.confirm(contested(world, paid), merchant=world.qinglan, **BY)
    with world.inside(world.hehe):
        row = Payout.objects.filter(pk=paid.pk)
        for wrong in ({"state": "contested"}, {"contested_at": NOON + 2 * DAY}, {"state": "submitted"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                row.update(**wrong)
