"""Two payouts, one purse; a payout and a refund; two answers, one payout; one file from several desks: the money leaves
once."""

import threading
import time
from contextlib import nullcontext

import pytest
from django.db import IntegrityError, OperationalError, transaction

from commissions import clawback
from commissions.models import BankFile, PayeeAccount, Payout, PayoutPart
from commissions.payouts import answers, bank_file, contesting, payee_accounts, paying
from commissions.purses import hold as held
from ledger import accounts, balances
from ledger.accounts import Place, named
from orders.facts import RefundLineFacts
from tests.commissions.earning import EARNED, SHIRT, TO_QINGLAN, books_hold, earn, give_back, pay_lin, stands
from tests.people import ONBOARDING, make_guide
from tests.plans import publish_plans
from tests.races.together import codes, together
from tests.selling import money_back

pytestmark = pytest.mark.django_db(transaction=True)
CLERKS = 4
BY = {"by": ONBOARDING}


@pytest.fixture
def world(transactional_db, world):
    world = publish_plans(world)
    earn(world)
    return world


@pytest.fixture
def unguarded(monkeypatch):
    """Nobody locks the purse, and between looking and posting there is time for others."""

    def slowly(look):
        def looked(*given, **named):
            found = look(*given, **named)
            time.sleep(0.3)
            return found

        return looked

    monkeypatch.setattr(accounts, "lock", lambda account_ids: None)
    monkeypatch.setattr(balances, "of_accounts", slowly(balances.of_accounts))
    monkeypatch.setattr(paying, "withheld_from", slowly(paying.withheld_from))


@pytest.fixture
def rows_unguarded(unguarded, monkeypatch):
    """Nor does anybody lock the payout's row."""

    def unlocked(payout):
        row = Payout.objects.select_related(*answers.NAMED).get(pk=payout.pk)
        time.sleep(0.3)
        return row

    monkeypatch.setattr(answers, "_locked", unlocked)


def of_lin(world):
    return stands(world, world.qinglan, world.lin.party)


def faults(results):
    return [result for result in results if isinstance(result, IntegrityError)]


def paid_at_once(world, monkeypatch):
    """By clerks to whom the constraint speaks in its own words."""
    monkeypatch.setattr(paying, "refusing", lambda constraint, refusal: nullcontext())
    results = together(*[lambda: pay_lin(world)] * CLERKS)
    assert of_lin(world) == {"transit": EARNED}
    with world.inside(world.qinglan):
        assert Payout.objects.count() == 1
    books_hold(world)
    return results


def test_without_the_purses_lock_only_the_constraint_keeps_it_from_being_paid_twice(
    world, unguarded, monkeypatch
):
    assert len(faults(paid_at_once(world, monkeypatch))) == CLERKS - 1


def test_a_purse_is_paid_out_once_however_many_pay_it(world, monkeypatch):
    assert codes(paid_at_once(world, monkeypatch)) == ["payout.under_way"] * (CLERKS - 1)


def paid_while_a_sale_comes_back(world):
    results = together(lambda: pay_lin(world), lambda: give_back(world))
    assert codes(results) in ([], ["payout.nothing_due"])
    return of_lin(world)


def test_without_the_purses_lock_a_refund_and_a_payout_take_the_same_money(world, unguarded, monkeypatch):
    def laid_blindly(payout):
        PayoutPart.objects.create(merchant=payout.merchant, payout=payout, start=0, amount=payout.gross)

    monkeypatch.setattr(
        paying, "lay", laid_blindly
    )  # else there is no stretch left, and the database refuses
    assert paid_while_a_sale_comes_back(world) == {"due": -EARNED, "transit": EARNED}


def test_a_refund_and_a_payout_take_turns(world):
    assert paid_while_a_sale_comes_back(world) in ({"owed": -EARNED, "transit": EARNED}, {})
    books_hold(world)


def paid_while_the_first_receivable_is_made(world, monkeypatch):
    """Of two shirts' share all but a fen was paid, and one shirt comes back: the refund takes the fen and makes
    `owed`, while the fen is being paid."""
    earn(world, "T-2")
    answers.succeed(answers.submit(pay_lin(world, amount=2 * EARNED - 1), **BY), **BY)
    real, holding = clawback.post, threading.Event()

    def slowly(stories):
        holding.set()
        time.sleep(0.5)
        real(stories)

    monkeypatch.setattr(clawback, "post", slowly)

    def late():
        assert holding.wait(30), "the refund holds the purse"
        return pay_lin(world)

    return together(lambda: give_back(world), late)


def test_with_an_account_made_before_the_lock_the_two_wait_for_each_other(world, monkeypatch):
    real = paying.hold_purse

    def made_first(book, payee, currency):
        accounts.ids_of([Place(book.pk, named("owed", payee), currency)])
        return real(book, payee, currency)

    def after_the_first(book, payee, currency):
        return (made_first if calls.pop() else real)(book, payee, currency)

    calls = [True, False, False, False]  # pay, submit, succeed; then the one that races
    monkeypatch.setattr(paying, "hold_purse", after_the_first)
    monkeypatch.setattr(answers, "hold_purse", after_the_first)
    results = paid_while_the_first_receivable_is_made(world, monkeypatch)
    assert any(isinstance(result, OperationalError) for result in results)


def test_a_payout_and_the_first_receivable_take_turns(world, monkeypatch):
    assert codes(paid_while_the_first_receivable_is_made(world, monkeypatch)) == ["payout.nothing_due"]
    assert of_lin(world) == {"owed": 1 - EARNED}
    books_hold(world)


def answered_at_once(world):
    """One desk reads that it was paid, another that it failed."""
    payout = answers.submit(pay_lin(world), **BY)
    results = together(lambda: answers.succeed(payout, **BY), lambda: answers.fail(payout, **BY))
    assert of_lin(world) in ({}, {"due": EARNED})
    books_hold(world)
    return results


def test_without_the_rows_lock_only_the_arrows_keep_it_from_being_paid_and_failed(world, rows_unguarded):
    assert len(faults(answered_at_once(world))) == 1


def test_two_answers_take_turns_and_the_second_is_refused(world):
    assert codes(answered_at_once(world)) == ["payout.cannot"]


def exported_at_once(world):
    lin = {"holder": "林小雨", "bank": "招商银行", "number": "6225881234567890"}
    payee_accounts.keep(payer=world.qinglan, party=world.lin.party, **lin, **BY)
    payout = pay_lin(world, rail="bank")
    results = together(*[lambda: bank_file.export(book=world.qinglan, payouts=[payout], **BY)] * CLERKS)
    with world.inside(world.qinglan):
        file = BankFile.objects.get()
        assert Payout.objects.get().bank_file == file
    return payout, results


def test_without_the_rows_lock_only_the_database_keeps_it_out_of_a_second_file(world, rows_unguarded):
    assert len(faults(exported_at_once(world)[1])) == CLERKS - 1


def test_one_payout_goes_into_one_file_and_one_result_lands_once(world):
    payout, results = exported_at_once(world)
    assert codes(results) == ["payout.cannot"] * (CLERKS - 1)
    told = f"{payout.number},成功,9.95,".encode()
    imported = together(*[lambda: bank_file.import_results(book=world.qinglan, file=told, **BY)] * CLERKS)
    assert not [result for result in imported if isinstance(result, Exception)]
    assert [result.breaks for result in imported] == [[]] * CLERKS
    assert of_lin(world) == {}
    books_hold(world)


def objected_and_given_up(world):
    """Qinglan says that Hehe's payment did not arrive, while Hehe says that it came back."""
    payout = paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", **BY)
    answers.succeed(answers.submit(payout, **BY), **BY)
    return together(
        lambda: contesting.contest(payout, merchant=world.qinglan, **BY),
        lambda: answers.come_back(payout, **BY),
    )


def test_unlocked_an_objection_and_a_return_at_once_are_stopped_by_the_database_alone(world, rows_unguarded):
    assert [type(result) for result in objected_and_given_up(world)].count(IntegrityError) == 1


def test_an_objection_and_a_return_at_once_move_the_money_once(world):
    assert codes(objected_and_given_up(world)) in ([], ["payout.not_contestable"])
    assert stands(world, world.hehe, world.qinglan.party) == {"due": TO_QINGLAN}
    assert stands(world, world.qinglan, world.hehe.party) == {"due": -TO_QINGLAN}
    books_hold(world)


def test_two_people_who_enter_an_account_at_once_leave_the_later_one(world):
    """Each account ends where the next begins: the instant is read once it is this one's turn."""

    def enter(number):
        given = {"holder": "林小雨", "bank": "招商银行", "number": number, "by": ONBOARDING}
        return lambda: payee_accounts.keep(payer=world.qinglan, party=world.lin.party, **given)

    kept = together(*[enter(f"622588123456789{n}") for n in range(6)])
    assert not [account for account in kept if isinstance(account, Exception)], kept
    with world.inside(world.qinglan):
        assert PayeeAccount.objects.filter(ended_at=None).count() == 1


def two_refunds_while_both_are_paid(world, monkeypatch):
    """Of two refunds worked together the first takes from the purse that is locked last; meanwhile all are paid."""
    with world.inside(world.hehe):
        zhou = make_guide(world.jingan, code="G102", name="周敏", phone="+8613900000992")
    earn(world, "T-2", served_by="G102")  # so her purse was made after Lin's
    refunds = [
        money_back(world.hehe, RefundLineFacts(number=1, amount=SHIRT), order_no=no, no=f"R-{no}")[0]
        for no in ("T-2", "T-1")
    ]
    purses = [((world.qinglan.pk, guide.party_id), "CNY") for guide in (world.lin, zhou)]
    real, working = clawback._worked, threading.Event()

    def slowly(*given):
        clawing = real(*given)
        working.set()
        time.sleep(0.5)
        return clawing

    monkeypatch.setattr(clawback, "_worked", slowly)

    def pays_all():
        assert working.wait(30), "the first refund is worked"
        with transaction.atomic():
            held(purses)

    return together(lambda: clawback.claw_all(refunds, seller=world.hehe), pays_all)


def test_refunds_that_lock_one_after_the_other_and_a_payer_wait_for_each_other(world, monkeypatch):
    monkeypatch.setattr(clawback, "_hold_all", lambda orders: None)
    (error,) = [r for r in two_refunds_while_both_are_paid(world, monkeypatch) if isinstance(r, Exception)]
    assert isinstance(error, OperationalError) and "deadlock" in str(error)


def test_refunds_that_are_worked_together_lock_what_they_take_in_one_order(world, monkeypatch):
    assert not [r for r in two_refunds_while_both_are_paid(world, monkeypatch) if isinstance(r, Exception)]
    books_hold(world)
