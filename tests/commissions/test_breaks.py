"""A break is worked: explained, opened again, cleared by the bill's word or by what comes later; its history stands."""

import pytest
from django.db import DatabaseError, transaction

from commissions.models import BillLine, Break, BreakStep, Payout, RailBill
from commissions.payouts import answers, bank_file, paying
from commissions.reconciliation import looking, working
from events.models import Event
from insights import reconciling
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.errors import Conflict, DomainError
from tests.commissions.billing import (
    BY,
    DAY,
    NEXT,
    ON,
    breaks,
    by_bank,
    imported,
    kinds,
    moment,
    now,
    paid,
    sharing_bill,
    statement,
)
from tests.commissions.earning import books_hold, stands
from tests.people import NOON

State = Payout.State


@pytest.fixture
def world(plans_published):
    return plans_published


@pytest.fixture
def lin(world):
    """What Qinglan pays Lin by bank file."""
    return by_bank(world, (world.lin.party, 995))[0]


def test_the_bills_word_is_taken_for_a_payout_whose_answer_is_lost(world, lin):
    answers.lost(lin, at=NOON, **BY)
    imported(world, sharing_bill((lin.number, 995, moment())), at=NEXT)
    (found,) = breaks(world)
    assert (found.kind, working.can_take_word(found)) == ("state", True)
    payout = working.take_word(found, at=NEXT, **BY)
    assert payout.state == State.SUCCEEDED
    assert stands(world, world.qinglan, world.lin.party) == {}
    assert kinds(world) == [("state", "resolved")]
    kinds_told = Event.objects.filter(subject=found.ref).values_list("kind", "payload__cause")
    assert list(kinds_told) == [("break.resolved", "word_taken")]
    with pytest.raises(Conflict, match="break.worked"):
        working.take_word(found, **BY)
    with world.inside(world.qinglan):
        (step,) = BreakStep.objects.all()
        assert (step.cause, step.by) == ("word_taken", BY["by"].ref)
    books_hold(world)


def test_the_word_is_not_taken_for_another_amount_nor_for_what_was_never_sent_or_has_failed(world):
    parties = (world.lin.party, world.chen.party)
    lin, chen = by_bank(world, *zip(parties, (995, 5000), strict=True))
    answers.fail(chen, at=NOON, **BY)
    due = Entry(world.qinglan.pk, "test", held("psp"), named("due", world.hehe.party), 300)
    post([Story("test", "hehe", ON, NOON, "CNY", (due,))])
    unsent = paying.pay(book=world.qinglan, payee=world.hehe.party, rail="bank", at=NOON, **BY)
    imported(
        world, statement((lin.number, 994, ON), (chen.number, 5000, ON), (unsent.number, 300, ON)), at=NEXT
    )
    assert [row.kind for row in breaks(world)] == ["amount", "state", "state"]
    for found in breaks(world):
        assert not working.can_take_word(found)
        with pytest.raises(Conflict, match="break.no_word"):
            working.take_word(found, **BY)
    assert {row.state for row in breaks(world)} == {"open"}


def test_all_of_a_bills_words_are_taken_at_once(world):
    parties = (world.lin.party, world.chen.party, world.hehe.party)
    payouts = by_bank(world, *zip(parties, (995, 5000, 300), strict=True))
    answers.fail(payouts[2], at=NOON, **BY)
    bill, _new = imported(world, statement(*[(row.number, row.net, ON) for row in payouts]), at=NEXT)
    taken = working.take_all_words(bill, **BY)
    assert (taken.paid, taken.refused) == (2, 0)
    assert [now(row).state for row in payouts] == [State.SUCCEEDED, State.SUCCEEDED, State.FAILED]


def test_the_banks_answer_that_comes_later_clears_the_break(world, lin):
    imported(world, statement((lin.number, 995, ON)), at=NEXT)
    paid(lin, at=NEXT)
    looking.look_again(merchant=world.qinglan, at=NEXT, **BY)
    assert kinds(world) == [("state", "resolved")]
    with world.inside(world.qinglan):
        assert BreakStep.objects.get().cause == "answer_came"


@pytest.mark.parametrize("answered", [paid, answers.lost])
def test_the_bills_word_is_taken_for_what_came_back_and_the_money_is_due_again(world, lin, answered):
    if answered is paid:
        paid(lin)
    else:
        answers.lost(lin, at=NOON, **BY)
    file = statement((lin.number, 995, ON), (lin.number, -995, ON))
    bill, _new = imported(world, file, at=NEXT)
    found = next(row for row in breaks(world) if row.kind == "returned")
    assert working.can_take_word(found)
    with world.inside(world.qinglan):
        assert found not in working.words_offered(bill)  # each is looked at before it is paid anew
    assert working.take_word(found, at=NEXT, **BY).state == State.RETURNED
    assert stands(world, world.qinglan, world.lin.party) == {"due": 995}
    with pytest.raises(Conflict, match="break.worked"):
        working.take_word(found, **BY)
    assert imported(world, file, at=NEXT) == (bill, False)
    looking.look_again(merchant=world.qinglan, at=NEXT, **BY)
    assert {state for _kind, state in kinds(world)} == {"resolved"}
    with world.inside(world.qinglan):
        assert reconciling.standings([lin]) == {lin.pk: "returned"}
    books_hold(world)


def test_no_word_is_taken_for_what_came_back_of_another_amount_or_was_never_sent(world, lin):
    paid(lin)
    due = Entry(world.qinglan.pk, "test", held("psp"), named("due", world.hehe.party), 300)
    post([Story("test", "hehe", ON, NOON, "CNY", (due,))])
    unsent = paying.pay(book=world.qinglan, payee=world.hehe.party, rail="bank", at=NOON, **BY)
    imported(
        world,
        statement((lin.number, 995, ON), (lin.number, -994, ON), (unsent.number, -300, ON)),
        at=NEXT,
    )
    assert [row.kind for row in breaks(world)] == ["amount", "returned"]
    for found in breaks(world):
        assert not working.can_take_word(found)
        with pytest.raises(Conflict, match="break.no_word"):
            working.take_word(found, **BY)
    assert [now(row).state for row in (lin, unsent)] == [State.SUCCEEDED, State.CREATED]


def test_what_is_answered_here_as_come_back_clears_its_break(world, lin):
    paid(lin)
    imported(world, statement((lin.number, 995, ON), (lin.number, -995, ON)), at=NEXT)
    (found,) = breaks(world)
    working.explain(found, note="银行在查", **BY)
    file = f"编号,结果,金额\n{lin.number},退汇,9.95\n".encode()
    assert bank_file.import_results(book=world.qinglan, file=file, at=NEXT, **BY).moved
    looked = looking.look_again(merchant=world.qinglan, at=NEXT, **BY)
    assert (looked.cleared, kinds(world)) == (1, [("returned", "resolved")])
    assert stands(world, world.qinglan, world.lin.party) == {"due": 995}


def test_a_later_bill_with_the_line_clears_the_break_by_itself_and_says_so(world, lin):
    paid(lin)
    imported(world, statement(), at=NEXT)
    (found,) = breaks(world)
    working.explain(found, note="银行说次日入账", **BY)
    bill, _new = imported(
        world, statement((lin.number, 995, ON + DAY)), first=ON + DAY, last=ON + DAY, at=NEXT
    )
    assert kinds(world) == [("missing_theirs", "resolved"), ("date", "open")]  # and it came on another day
    with world.inside(world.qinglan):
        causes = list(BreakStep.objects.order_by("place").values_list("cause", flat=True))
        assert causes == ["explained", "line_came"]
        assert [step.note for step in reconciling.history(found)] == ["银行说次日入账", ""]


def test_a_break_is_explained_opened_again_and_keeps_its_history(world, lin):
    paid(lin)
    imported(world, statement(), at=NEXT)
    (found,) = breaks(world)
    with pytest.raises(DomainError, match="break.no_note"):
        working.explain(found, note="  ", **BY)
    working.explain(found, note="The bank lists it\ntomorrow", **BY)
    with world.inside(world.qinglan):
        assert reconciling.standings([lin]) == {lin.pk: "explained"}
        assert reconciling.of_days(world.qinglan, since=ON)[0].reconciled
    with pytest.raises(Conflict, match="break.worked"):
        working.explain(found, note="again", **BY)
    working.reopen(found, note="It does not", **BY)
    with world.inside(world.qinglan):
        assert reconciling.standings([lin]) == {lin.pk: "broken"}
        steps = [(step.place, step.cause, step.note) for step in BreakStep.objects.order_by("place")]
    assert steps == [(1, "explained", "The bank lists it tomorrow"), (2, "reopened", "It does not")]
    told = Event.objects.filter(subject=found.ref).order_by("id")
    assert [event.kind for event in told] == ["break.explained", "break.reopened"]
    assert "bank" not in str([event.payload for event in told])  # people's own words stay out of the stream


def test_a_collector_matches_what_it_paid_for_another(world):
    due = Entry(world.qinglan.pk, "test", held("psp"), named("due", world.lin.party), 995)
    post([Story("test", "lin", ON, NOON, "CNY", (due,))])
    given = {"payee": world.lin.party, "rail": "manual", "collector": world.hehe}
    payout = paying.pay(book=world.qinglan, at=NOON, **given, **BY)
    answers.submit(payout, at=NOON, **BY)
    imported(world, statement((payout.number, 995, ON)), at=NEXT, rail="manual", merchant=world.hehe)
    (found,) = breaks(world, world.hehe)
    assert working.take_word(found, **BY).state == State.SUCCEEDED
    with world.inside(world.hehe):
        assert reconciling.standings([payout]) == {payout.pk: "matched"}
    books_hold(world)


def test_bills_lines_and_steps_stand_and_a_break_moves_along_its_arrows(world, lin):
    paid(lin)
    imported(world, statement((lin.number, 994, ON)), at=NEXT)
    (found,) = breaks(world)
    working.explain(found, note="a fee", **BY)
    with world.inside(world.qinglan):
        Break.objects.update(state="resolved")
    for model, change in (
        (RailBill, {"total": 1}),
        (BillLine, {"amount": 1}),
        (BreakStep, {"note": "nothing"}),
        (Break, {"state": "open"}),
        (Break, {"ours": 1}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), world.inside(world.qinglan):
            model.objects.update(**change)


def test_a_spreadsheet_of_breaks_executes_nothing(world):
    imported(world, statement(("=HYPERLINK(A1)", 100, ON)), at=NEXT)
    found = breaks(world)
    working.explain(found[0], note="@rent", **BY)
    with world.inside(world.qinglan):
        text = reconciling.as_csv(reconciling.named(breaks(world)))
    assert "'=HYPERLINK(A1)" in text and "'@rent" in text and ",1.00,0.00,1.00," in text
