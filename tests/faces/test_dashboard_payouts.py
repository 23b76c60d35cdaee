"""Finance pays whom the book owes, sends the bank its file, takes the results in, and follows each payout."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from commissions.models import BankFile, PayeeAccount, Payout, WithholdingRule
from commissions.payouts import payee_accounts, paying
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from tests.commissions.earning import EARNED, books_hold, earn, give_back, pay_lin, sent, stands
from tests.people import LONG_AGO, NOON, ONBOARDING, make_guide, make_user
from tests.plans import publish_plans

ENGLISH = {"headers": {"Accept-Language": "en"}}
NUMBER = "6225881234567890"
State = Payout.State


@pytest.fixture
def world(world):
    publish_plans(world)
    earn(world)
    return world


def at_hq(client, world, merchant, role=Role.FINANCE):
    user = make_user("周算", email=f"{role}@pay.example")
    with world.inside(merchant):
        appoint(
            user=user,
            merchant=merchant,
            role=role,
            org_unit=root_of(merchant),
            by=ONBOARDING,
            starts_at=LONG_AGO,
        )
    client.force_login(user)
    return client


@pytest.fixture
def finance(client, world):
    return at_hq(client, world, world.qinglan)


def text(answer) -> str:
    return answer.content.decode()


def keep(world, party):
    payee_accounts.keep(
        payer=world.qinglan, party=party, holder="林小雨", bank="招商银行", number=NUMBER, by=ONBOARDING
    )


def owe(world, party, fen, no="1"):
    entry = Entry(world.qinglan.pk, "share", held("psp"), named("due", party), fen)
    post([Story("test", f"{party.ref}/{no}", NOON.date(), NOON, "CNY", (entry,))])


def pay(finance, *parties, rail):
    given = {"payee": [party.ref for party in parties], "rail": rail}
    return text(finance.post(reverse("payouts_pay"), given, follow=True, **ENGLISH))


def uploaded(finance, *lines, name="results.csv"):
    file = SimpleUploadedFile(name, "\n".join(lines).encode())
    return finance.post(reverse("payouts_import"), {"file": file}, **ENGLISH)


def payouts(world):
    with world.inside(world.qinglan):
        return {payout.payee_id: payout for payout in Payout.objects.all()}


def test_whom_the_book_owes_stands_with_what_is_owed_back_and_where_it_would_go(finance, world):
    page = finance.get(reverse("payouts"), **ENGLISH)
    (row,) = page.context["payables"]  # Hehe owes Qinglan, so it is not among them
    assert (row.name, row.due, row.owed, row.account) == ("林小雨 · 和合静安店", EARNED, 0, None)
    assert "None kept" in text(page) and "¥9.95" in text(page) and "No payout was made yet." in text(page)
    assert f'data-payee data-amount="{EARNED}"' in text(page) and 'form="payees" name="rail"' in text(page)
    keep(world, world.lin.party)
    shown = text(finance.get(reverse("payouts"), **ENGLISH))
    assert "•••• 7890" in shown and NUMBER not in shown


def test_several_are_paid_at_once_and_whoever_cannot_be_is_named_with_the_reason(finance, world):
    owe(world, world.chen.party, 5000)
    keep(world, world.lin.party)
    page = pay(finance, world.lin.party, world.chen.party, rail="bank")
    assert "1 payout was made: ¥9.95 to send." in page and '#bank-file">Export the bank file</a>' in page
    assert "陈一诺: No bank account of this payee is kept." in page
    made = payouts(world)
    assert set(made) == {world.lin.party_id}
    owe(world, world.lin.party, 700, no="2")
    page = pay(finance, world.lin.party, world.chen.party, rail="manual")
    assert "A payout to this payee is under way." in page and "1 payout was made: ¥50.00 to send." in page
    assert "Nobody was ticked." in pay(finance, rail="bank")
    assert "Nobody was ticked." in pay(finance, world.lin.party, rail="carrier pigeon")


def test_what_is_due_in_anothers_book_is_not_paid_from_here(finance, world):
    party = world.stranger.party
    assert "Nobody was ticked." in pay(finance, party, rail="manual")


def test_a_months_end_by_bank_file_with_a_failure_a_return_and_rows_that_do_not_fit(finance, world):
    parties = [world.lin.party, world.chen.party, world.hehe.party]
    owe(world, world.chen.party, 5000)
    owe(world, world.hehe.party, 30000)
    for party in parties:
        keep(world, party)
    pay(finance, *parties, rail="bank")
    file = finance.post(reverse("payouts_export"))
    assert file["Content-Disposition"].endswith('.csv"') and file["Cache-Control"] == "no-store"
    assert NUMBER in text(file) and text(file).count("\n") == 3 + 1
    lin, chen, hehe = (payouts(world)[party.pk] for party in parties)
    assert {payout.state for payout in payouts(world).values()} == {State.SUBMITTED}
    again = finance.post(reverse("payouts_export"), follow=True, **ENGLISH)
    assert "No payout was chosen." in text(again)
    with world.inside(world.qinglan):
        kept = BankFile.objects.get()
    assert text(finance.get(reverse("bank_file", args=[kept.ref]))) == text(file)

    answer = uploaded(
        finance,
        "编号,结果,金额,原因",
        f"{lin.number},成功,9.95,",
        f"{chen.number},失败,50.00,户名不符",
        f"{hehe.number},成功,299.99,",
        "TD000000NOBODY,成功,1.00,",
    )
    page = text(answer)
    assert [(row.line, row.number) for row in answer.context["imported"].breaks] == [
        (4, hehe.number),
        (5, "TD000000NOBODY"),
    ]
    assert "The bank says ¥299.99" in page, answer.context["imported"].breaks
    assert "户名不符" in page
    assert "No payout of yours has this number." in page
    states = {pk: payout.state for pk, payout in payouts(world).items()}
    assert [states[party.pk] for party in parties] == [State.SUCCEEDED, State.FAILED, State.SUBMITTED]
    answer = uploaded(finance, "number,result,amount,reason", f"{lin.number},returned,9.95,account closed")
    assert [row.payout.state for row in answer.context["moved"]] == [State.RETURNED]
    assert stands(world, world.qinglan, world.lin.party) == {"due": EARNED}


def test_a_file_that_breaks_off_lands_nothing_and_says_so(finance, world):
    keep(world, world.lin.party)
    pay(finance, world.lin.party, rail="bank")
    finance.post(reverse("payouts_export"))
    payout = payouts(world)[world.lin.party_id]
    answer = uploaded(finance, f"{payout.number},成功,9.95,", '"' + "x" * 200_000)
    assert answer.status_code == 422 and "This is not a file of results." in text(answer)
    assert payouts(world)[world.lin.party_id].state == State.SUBMITTED
    assert finance.post(reverse("payouts_import")).status_code == 422


def test_a_payout_by_hand_is_told_step_by_step_and_its_page_shows_steps_and_ledger(finance, world):
    pay(finance, world.lin.party, rail="manual")
    payout = payouts(world)[world.lin.party_id]
    address = reverse("payout_mark", args=[payout.ref])

    def mark(what, **given):
        return text(finance.post(address, {"mark": what, **given}, follow=True, **ENGLISH))

    assert "which this does not follow" in mark("paid")  # nothing arrives before it was sent
    mark("sent")
    assert "which this does not follow" in mark("called_off")  # it may be with the bank already
    mark("lost")
    mark("paid")
    page = mark("returned", reason="账号不存在")
    for words in (
        "Made",
        "Submitted",
        "No answer came",
        "Arrived",
        "Came back: due again",
        "周算",
        "账号不存在",
    ):
        assert words in page, words
    assert "Payout on its way" in page and "Bank" in page  # accounts of the ledger story
    assert stands(world, world.qinglan, world.lin.party) == {"due": EARNED}
    books_hold(world)


def test_a_bank_payout_is_told_by_the_banks_file_and_can_only_be_called_off(finance, world):
    keep(world, world.lin.party)
    pay(finance, world.lin.party, rail="bank")
    payout = payouts(world)[world.lin.party_id]
    address = reverse("payout_mark", args=[payout.ref])
    assert "by hand" in text(finance.post(address, {"mark": "paid"}, follow=True, **ENGLISH))
    assert payouts(world)[world.lin.party_id].state == State.CREATED
    finance.post(address, {"mark": "called_off"})
    finance.post(address, {"mark": "called_off"})
    assert payouts(world)[world.lin.party_id].state == State.FAILED
    assert stands(world, world.qinglan, world.lin.party) == {"due": EARNED}


def test_payouts_are_listed_by_state(finance, world):
    pay(finance, world.lin.party, rail="manual")
    page = finance.get(reverse("payouts") + "?state=created", **ENGLISH)
    assert [row.payout.payee_id for row in page.context["rows"]] == [world.lin.party_id]
    assert finance.get(reverse("payouts") + "?state=succeeded", **ENGLISH).context["rows"] == []
    assert len(finance.get(reverse("payouts") + "?state=nonsense").context["rows"]) == 1


def test_withholding_is_set_in_yuan_and_percent_and_holds_for_the_next_payout(finance, world):
    address = reverse("withholding")
    (month, _label), *_more = finance.get(address).context["form"].fields["starts_on"].choices
    wrong = finance.post(address, {"starts_on": month, "from_1": "800"}, **ENGLISH)
    assert wrong.status_code == 422 and "A bracket needs both" in text(wrong)
    falling = {"starts_on": month, "from_1": "800", "rate_1": "20", "from_2": "100", "rate_2": "30"}
    assert "in rising order" in text(finance.post(address, falling, **ENGLISH))
    finance.post(address, {"starts_on": month, "from_1": "0", "rate_1": "20"})
    with world.inside(world.qinglan):
        assert WithholdingRule.objects.get().brackets == [[0, 200_000]]
    page = text(finance.get(reverse("payouts"), **ENGLISH))
    assert "from ¥0.00: 20%" in page and "Holds" in page
    pay(finance, world.lin.party, rail="manual")
    assert payouts(world)[world.lin.party_id].tax == 199


def test_an_account_is_entered_masked_and_replaced(finance, world):
    address = reverse("payee_account", args=[world.lin.party.ref])
    given = {"holder": "林小雨", "bank": "招商银行", "number": "6225 8812 3456 7890"}
    wrong = finance.post(address, given | {"number": "12"}, **ENGLISH)
    assert wrong.status_code == 422 and "not a whole account number" in text(wrong)
    for number in (NUMBER, "6222000011112222"):
        finance.post(address, given | {"number": number})
    page = text(finance.get(address, **ENGLISH))
    assert "•••• 2222" in page and "6222000011112222" not in page
    with world.inside(world.qinglan):
        assert PayeeAccount.objects.filter(ended_at=None).count() == 1
    assert finance.get(reverse("payee_account", args=[world.stranger.party.ref])).status_code == 404


def test_who_only_reads_sees_no_file_and_no_button(client, world):
    keep(world, world.lin.party)
    auditor = at_hq(client, world, world.qinglan, Role.AUDITOR)
    page = text(auditor.get(reverse("payouts"), **ENGLISH))
    assert "Pay the ticked" not in page and "Export" not in page and "¥9.95" in page
    assert auditor.post(reverse("payouts_export")).status_code == 403


def test_another_merchants_payout_and_file_are_not_there(client, world):
    keep(world, world.lin.party)
    payout = sent(pay_lin(world))
    hehes = at_hq(
        client, world, world.hehe
    )  # her employer: it is told of it, but the payer's page is not its own
    assert hehes.get(reverse("payout", args=[payout.ref])).status_code == 404
    assert hehes.post(reverse("payout_mark", args=[payout.ref]), {"mark": "paid"}).status_code == 404


def test_what_a_guide_owes_back_stands_beside_what_is_due(finance, world):
    sent(pay_lin(world))
    give_back(world)
    earn(world, "T-2", shirts=2)
    (row,) = finance.get(reverse("payouts")).context["payables"]
    assert (row.due, row.owed, row.under_way is not None) == (2 * EARNED, EARNED, True)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_few_statements_however_many_payees(finance, world, language, django_assert_max_num_queries):
    for number in range(12):
        guide = make_guide(
            world.xuhui, code=f"G3{number:02}", name=f"导购{number}", phone=f"+86137{number:08}"
        )
        owe(world, guide.party, 1000 + number)
        if number % 2:
            paying.pay(book=world.qinglan, payee=guide.party, rail="manual", by=ONBOARDING)
    addresses = [reverse("payouts"), reverse("payout", args=[next(iter(payouts(world).values())).ref])]
    for address in addresses:
        finance.get(address)
        with django_assert_max_num_queries(26):
            assert finance.get(address, headers={"Accept-Language": language}).status_code == 200
