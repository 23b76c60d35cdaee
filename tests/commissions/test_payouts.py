"""Money leaves once, whatever the rail answers; what did not arrive is due again."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from commissions.models import Payout
from commissions.payouts import answers, arrivals, dues, payee_accounts, paying, receivables, wallet
from events.models import Event
from ledger.accounts import CLEARING, held, named
from ledger.transfers import Entry, Story, post
from merchants.errors import Conflict, DomainError
from merchants.models import Party
from tests.commissions.earning import (
    EARNED,
    TO_QINGLAN,
    books_hold,
    earn,
    give_back,
    pay_lin,
    sent,
    stands,
    told,
)
from tests.people import NOON, ONBOARDING

State = Payout.State
DAY = timedelta(days=1)
BY = {"by": ONBOARDING}


@pytest.fixture
def world(plans_published):
    return plans_published


def of_lin(world):
    return stands(world, world.qinglan, world.lin.party)


def test_what_is_due_is_paid_out_and_the_stream_tells_it(world):
    earn(world)
    payout = pay_lin(world)
    assert (payout.gross, payout.recovered, payout.tax, payout.net) == (EARNED, 0, 0, EARNED)
    assert of_lin(world) == {"transit": EARNED}
    payout = answers.succeed(sent(payout), **BY, at=NOON + DAY)
    assert (payout.state, payout.paid_at) == (State.SUCCEEDED, NOON + DAY)
    assert of_lin(world) == {}
    assert stands(world, world.qinglan)["held:bank"] == EARNED
    events = Event.objects.filter(subject=payout.ref)
    for merchant in (world.qinglan, world.hehe):  # the payer, and her employer
        kinds = events.filter(merchant_id=merchant.pk).order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["payout.created", "payout.submitted", "payout.succeeded"]
    assert not events.exclude(merchant_id__in=[world.qinglan.pk, world.hehe.pk]).exists()
    assert set(events.first().concerns) == {world.lin.ref, world.lin.user.ref}
    books_hold(world)


def test_between_two_merchants_both_books_tell_it(world):
    earn(world)
    payout = sent(paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", at=NOON, **BY))
    assert stands(world, world.hehe, world.qinglan.party) == {"transit": TO_QINGLAN}
    assert stands(world, world.qinglan, world.hehe.party) == {"due": -TO_QINGLAN}
    books_hold(world)
    answers.succeed(payout, **BY)
    assert told(world, world.qinglan, payout) == {"payout_received": TO_QINGLAN}
    assert stands(world, world.hehe, world.qinglan.party) == {}
    assert stands(world, world.qinglan, world.hehe.party) == {}
    books_hold(world)
    answers.come_back(payout, **BY)
    assert stands(world, world.hehe, world.qinglan.party) == {"due": TO_QINGLAN}
    assert stands(world, world.qinglan, world.hehe.party) == {"due": -TO_QINGLAN}
    assert "held:bank" not in stands(world, world.qinglan)
    books_hold(world)


def test_the_answer_is_lost_then_it_was_paid_and_three_days_later_the_bank_returns_it(world):
    earn(world)
    payout = sent(pay_lin(world))
    payout = answers.lost(payout, **BY, at=NOON + timedelta(minutes=1))
    assert (payout.state, of_lin(world)) == (State.UNKNOWN, {"transit": EARNED})
    with pytest.raises(Conflict, match="payout.cannot"):
        sent(payout)  # never a second time
    with pytest.raises(Conflict, match="payout.under_way"):
        earn(world, "T-2")
        pay_lin(world)
    payout = answers.succeed(payout, **BY, at=NOON + timedelta(minutes=9))
    assert of_lin(world) == {"due": EARNED}  # of the second shirt
    payout = answers.come_back(payout, reason="账号不存在", **BY, at=NOON + 3 * DAY)
    assert (payout.state, payout.reason) == (State.RETURNED, "账号不存在")
    assert (payout.paid_at, payout.given_back_at) == (NOON + timedelta(minutes=9), NOON + 3 * DAY)
    assert of_lin(world) == {"due": 2 * EARNED}
    assert "held:bank" not in stands(world, world.qinglan)
    answers.succeed(payout, **BY)  # the old answer once more
    answers.come_back(payout, **BY)
    assert of_lin(world) == {"due": 2 * EARNED}
    assert told(world, world.qinglan, payout) == dict.fromkeys(
        ["payout", "payout_paid", "payout_returned"], EARNED
    )
    again = pay_lin(world, at=NOON + 4 * DAY)
    assert (again.net, again.number != payout.number) == (2 * EARNED, True)
    books_hold(world)


def test_after_a_payout_refunds_find_an_empty_wallet_and_later_payouts_recover_the_oldest_first(world):
    for no in ("T-1", "T-2"):
        earn(world, no)
    answers.succeed(sent(pay_lin(world)), **BY)
    first, second = (give_back(world, no) for no in ("T-1", "T-2"))
    assert of_lin(world) == {"owed": -2 * EARNED}
    open_ = receivables.open_items(world.qinglan, world.lin.party)
    assert [(item.source_id, item.left) for item in open_] == [
        (f"{first}/1", EARNED),
        (f"{second}/1", EARNED),
    ]
    earn(world, "T-3", shirts=3)
    payout = pay_lin(world, amount=1200)
    assert (payout.recovered, payout.net, payout.state) == (1200, 0, State.SUCCEEDED)  # nothing to send
    answers.succeed(payout, **BY)
    assert of_lin(world) == {"due": 3 * EARNED - 1200, "owed": -(2 * EARNED - 1200)}
    last = pay_lin(world)
    assert (last.gross, last.recovered, last.net) == (3 * EARNED - 1200, 790, EARNED)
    items = receivables.of_party(world.qinglan, world.lin.party)
    assert [[(part.source_id, part.amount) for part in item.recoveries] for item in items] == [
        [(payout.ref, EARNED)],
        [(payout.ref, 1200 - EARNED), (last.ref, 790)],
    ]
    assert receivables.open_items(world.qinglan, world.lin.party) == []
    answers.succeed(sent(last), **BY)
    assert of_lin(world) == {}
    books_hold(world)


def test_a_failure_gives_the_net_back_and_the_recovery_stands(world):
    earn(world)
    answers.succeed(sent(pay_lin(world)), **BY)
    give_back(world)
    earn(world, "T-2", shirts=2)
    payout = answers.fail(sent(pay_lin(world)), reason="户名不符", **BY)
    assert (payout.state, payout.recovered, payout.reason) == (State.FAILED, EARNED, "户名不符")
    assert of_lin(world) == {"due": EARNED}
    answers.fail(payout, **BY)
    assert of_lin(world) == {"due": EARNED}
    with pytest.raises(Conflict, match="payout.cannot"):
        answers.succeed(payout, **BY)
    books_hold(world)


def test_a_collector_pays_on_the_books_behalf_and_is_owed_it(world):
    earn(world)
    before = stands(world, world.qinglan, world.hehe.party)["due"]
    payout = sent(pay_lin(world, collector=world.hehe))
    with world.inside(world.hehe):
        assert Payout.sent.get().collector_id == world.hehe.pk
    answers.succeed(payout, **BY)
    assert of_lin(world) == {}
    assert stands(world, world.qinglan, world.hehe.party) == {"due": before + EARNED}
    assert stands(world, world.hehe)["held:bank"] == EARNED
    assert "held:bank" not in stands(world, world.qinglan)
    books_hold(world)
    answers.come_back(payout, **BY)
    assert of_lin(world) == {"due": EARNED}
    assert stands(world, world.qinglan, world.hehe.party) == {"due": before}
    assert "held:bank" not in stands(world, world.hehe)
    books_hold(world)


def test_a_third_merchant_pays_one_on_behalf_of_another_in_three_books(world):
    earn(world)
    payout = paying.pay(
        book=world.hehe, payee=world.qinglan.party, rail="manual", collector=world.mubai, at=NOON, **BY
    )
    answers.succeed(sent(payout), **BY)
    assert stands(world, world.hehe, world.mubai.party) == {"due": TO_QINGLAN}
    assert stands(world, world.mubai, world.hehe.party) == {"due": -TO_QINGLAN}
    assert stands(world, world.qinglan)["held:bank"] == -TO_QINGLAN
    books_hold(world)
    for wrong in (world.hehe, world.qinglan):
        with pytest.raises(DomainError, match="payout.wrong_collector"):
            paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", collector=wrong, **BY)


def test_cash_is_paid_from_the_till_and_received_as_cash(world):
    earn(world)
    payout = paying.pay(
        book=world.hehe, payee=world.qinglan.party, rail="manual", place="cash", at=NOON, **BY
    )
    before = stands(world, world.hehe)["held:cash"]
    answers.succeed(sent(payout), **BY)
    assert stands(world, world.hehe)["held:cash"] == before + TO_QINGLAN
    assert stands(world, world.qinglan)["held:cash"] == -TO_QINGLAN
    books_hold(world)


def test_finance_sees_to_whom_something_is_due_and_what_is_under_way(world):
    for no in ("T-1", "T-2", "T-3"):
        earn(world, no)
    assert [(due.payee, due.due) for due in dues.payable(world.qinglan)] == [(world.lin.party, 3 * EARNED)]
    payout = pay_lin(world, amount=2 * EARNED)
    (due,) = dues.payable(world.qinglan)
    assert (due.due, due.owed, due.under_way) == (EARNED, 0, payout)
    (due,) = dues.payable(world.hehe)
    assert (due.payee.merchant, due.due) == (world.qinglan, 3 * TO_QINGLAN)
    assert dues.payable(world.mubai) == []


def test_the_platform_is_paid_like_anybody_else(world):
    platform = Party.objects.create(kind=Party.Kind.PLATFORM)
    entry = Entry(world.qinglan.pk, "test", held("psp"), named("due", platform), 300)
    post([Story("test", "p", NOON.date(), NOON, "CNY", (entry,))])
    payout = paying.pay(book=world.qinglan, payee=platform, rail="manual", at=NOON, **BY)
    assert (payout.payee_merchant, payout.guide) == (None, None)
    answers.succeed(sent(payout), **BY)
    assert stands(world, world.qinglan, platform) == {}


def test_what_cannot_be_paid_is_refused_in_words(world):
    with pytest.raises(DomainError, match="payout.nothing_due") as refusal:
        pay_lin(world)
    assert refusal.value.next_step
    with pytest.raises(DomainError, match="payout.nothing_due"):
        earn(world)
        paying.pay(book=world.qinglan, payee=world.hehe.party, rail="manual", **BY)  # Hehe owes Qinglan
    for amount in (0, -1, EARNED + 1):
        with pytest.raises(DomainError, match="payout.more_than_due"):
            pay_lin(world, amount=amount)
    pay_lin(world, amount=1)
    with pytest.raises(Conflict, match="payout.under_way"):
        pay_lin(world)
    assert of_lin(world) == {"due": EARNED - 1, "transit": 1}


def test_what_was_sent_and_then_held_is_never_sent_again(world):
    earn(world)
    payout = answers.hold(pay_lin(world), **BY)
    with pytest.raises(Conflict, match="payout.cannot"):
        answers.succeed(payout, **BY)  # it never left
    payout = answers.let_go(payout, **BY)
    assert payout.state == State.CREATED
    payout = answers.let_go(answers.hold(sent(payout), **BY), **BY)
    assert payout.state == State.SUBMITTED
    answers.hold(payout, **BY)
    with pytest.raises(IntegrityError, match="goes on where it was held"), transaction.atomic():
        change(world, payout, state=State.CREATED)


def change(world, payout, **given):
    with world.inside(world.qinglan):
        return Payout.objects.filter(pk=payout.pk).update(**given)


@pytest.mark.parametrize(
    "changed",
    [
        {"net": 1, "gross": 1},
        {"number": "TD1"},
        {"state": "succeeded"},
        {"state": "returned"},
        {"by": "usr_x"},
    ],
)
def test_the_database_freezes_the_amounts_and_keeps_the_states_to_their_arrows(world, changed):
    earn(world)
    payout = pay_lin(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        change(world, payout, **changed)
    with pytest.raises(IntegrityError, match="stands"), transaction.atomic(), world.inside(world.qinglan):
        Payout.objects.filter(pk=payout.pk)._raw_delete("default")  # past the parts that point to it


def test_a_failed_payout_stays_failed_in_the_database_too(world):
    earn(world)
    payout = answers.fail(pay_lin(world), **BY)
    for state in (State.CREATED, State.SUBMITTED, State.SUCCEEDED):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(world, payout, state=state, submitted_at=NOON, paid_at=NOON)


def test_a_stranger_sees_no_payout_and_her_employer_sees_what_she_is_paid(world):
    earn(world)
    payout = pay_lin(world)
    with world.inside(world.stranger):
        assert not Payout.objects.exists() and not Payout.payable.exists() and not Payout.sent.exists()
    with world.inside(world.hehe):
        assert Payout.payable.get() == payout and not Payout.objects.exists()


def test_money_arrives_once_whatever_is_told_twice(world):
    moved = {"book": world.hehe, "source": "bank-1", "frm": "platform", "to": "bank", "amount": 1226, **BY}
    assert arrivals.arrive(**moved, at=NOON) and not arrivals.arrive(**moved, at=NOON)
    assert stands(world, world.hehe) == {"held:bank": -1226, "held:platform": 1226}
    assert Event.objects.filter(kind="money.arrived").count() == 1
    with pytest.raises(Conflict, match="ledger.source_reused"):
        arrivals.arrive(**(moved | {"amount": 1}))
    for wrong in ({"amount": 0}, {"to": "platform"}, {"to": str(CLEARING.code)}, {"source": ""}):
        with pytest.raises(DomainError, match="arrival.invalid"):
            arrivals.arrive(**(moved | wrong))


def account_of_lin(world, **changed):
    given = {"holder": "林小雨", "bank": "招商银行上海分行", "number": "6225 8812 3456 7890"}
    return payee_accounts.keep(payer=world.qinglan, party=world.lin.party, **(given | changed), **BY)


def test_a_guide_draws_from_her_wallet_one_at_a_time_where_her_account_is_kept(world):
    earn(world)
    with pytest.raises(DomainError, match="wallet.no_account"):
        wallet.withdraw(guide=world.lin, amount=500, **BY)
    account = account_of_lin(world)
    with pytest.raises(DomainError, match="wallet.minimum_invalid"):
        wallet.ask_minimum(merchant=world.qinglan, minimum=-1, **BY)
    for minimum in (900, 500):
        wallet.ask_minimum(merchant=world.qinglan, minimum=minimum, **BY)
    with pytest.raises(DomainError, match="wallet.below_minimum"):
        wallet.withdraw(guide=world.lin, amount=499, **BY)
    purses = {purse.book: purse for purse in wallet.purses(world.lin)}
    purse = purses[world.qinglan]
    assert (purse.due, purse.owed, purse.minimum, purse.account, purse.can_draw) == (
        EARNED,
        0,
        500,
        account,
        True,
    )
    assert not purses[world.hehe].can_draw
    payout = wallet.withdraw(guide=world.lin, amount=500, **BY)
    assert (payout.rail, payout.net) == ("bank", 500)
    with pytest.raises(Conflict, match="payout.under_way"):
        wallet.withdraw(guide=world.lin, amount=None, book=world.qinglan, **BY)


def test_where_two_merchants_owe_her_she_says_whose_money_she_draws(world):
    earn(world)
    entry = Entry(world.hehe.pk, "test", held("cash"), named("due", world.lin.party), 300)
    post([Story("test", "p", NOON.date(), NOON, "CNY", (entry,))])
    account_of_lin(world)
    with pytest.raises(DomainError, match="wallet.choose_purse"):
        wallet.withdraw(guide=world.lin, **BY)
    assert wallet.withdraw(guide=world.lin, book=world.qinglan, **BY).net == EARNED
