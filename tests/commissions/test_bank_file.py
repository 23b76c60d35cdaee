"""A file goes to the bank once, and its results come back in whatever shape: what fits lands, the rest is told."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from commissions.models import BankFile, PayeeAccount, Payout
from commissions.payouts import answers, bank_file, payee_accounts, paying, tables
from events.models import Event
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants import sealing
from merchants.errors import Conflict, DomainError
from tests.commissions.earning import EARNED, books_hold, earn, pay_lin, stands
from tests.people import NOON, ONBOARDING

BY = {"by": ONBOARDING}
DAY = timedelta(days=1)
State = Payout.State
NUMBER = "6225881234567890"


@pytest.fixture
def world(plans_published):
    world = plans_published
    keep(world, world.lin.party)
    return world


def keep(world, party, **changed):
    given = {"holder": "林小雨", "bank": "招商银行上海分行", "number": NUMBER}
    return payee_accounts.keep(payer=world.qinglan, party=party, **(given | changed), **BY)


def exported(world, *payouts, at=NOON):
    return bank_file.export(book=world.qinglan, payouts=payouts, at=at, **BY)


def came_back(world, text, *, encoding="utf-8", at=NOON + DAY):
    return bank_file.import_results(book=world.qinglan, file=text.encode(encoding), at=at, **BY)


def now(world, payout):
    with world.inside(payout.merchant):
        return Payout.objects.get(pk=payout.pk)


def three(world):
    """Lin, Chen and Hehe are each due something from Qinglan."""
    parties = (world.lin.party, world.chen.party, world.hehe.party)
    for party, fen in zip(parties, (EARNED, 50000, 123456), strict=True):
        keep(world, party)
        entry = Entry(world.qinglan.pk, "test", held("psp"), named("due", party), fen)
        post([Story("test", f"p{fen}", NOON.date(), NOON, "CNY", (entry,))])
    return [paying.pay(book=world.qinglan, payee=party, rail="bank", at=NOON, **BY) for party in parties]


def test_the_file_says_whom_to_pay_how_much_and_its_payouts_are_sent(world):
    payouts = three(world)
    file = exported(world, *payouts)
    content = bank_file.content(file, **BY)
    assert content.startswith(b"\xef\xbb\xbf")
    heading, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert len(heading) == 6
    assert rows[0] == [file.number, payouts[0].number, "林小雨", "招商银行上海分行", NUMBER, "9.95"]
    assert [row[5] for row in rows] == ["9.95", "500.00", "1234.56"]
    assert (file.payouts_count, file.total) == (3, EARNED + 50000 + 123456)
    assert {now(world, payout).state for payout in payouts} == {State.SUBMITTED}
    assert bank_file.content(file, **BY) == content
    assert Event.objects.filter(kind="bank_file.taken", subject=file.ref).count() == 2


def test_nothing_is_exported_twice_nor_in_part(world):
    first, second, third = three(world)
    exported(world, first)
    with pytest.raises(Conflict, match="payout.cannot"):
        exported(world, second, first)
    assert now(world, second).state == State.CREATED
    with world.inside(world.qinglan):
        assert BankFile.objects.count() == 1
        PayeeAccount.objects.filter(party=third.payee).update(ended_at=NOON + 400 * DAY)
    with pytest.raises(DomainError, match="payee_account.missing") as refusal:
        exported(world, second, third)
    assert refusal.value.extra == {"payouts": [third.ref]}
    with pytest.raises(DomainError, match="bank_file.empty"):
        exported(world)


def test_only_the_sender_exports_and_only_payouts_by_bank(world):
    earn(world)
    by_hand = pay_lin(world)
    with pytest.raises(DomainError, match="bank_file.wrong_payout"):
        exported(world, by_hand)
    answers.fail(by_hand, **BY)
    payout = pay_lin(world, rail="bank")
    with pytest.raises(DomainError, match="bank_file.wrong_payout"):
        bank_file.export(book=world.hehe, payouts=[payout], **BY)


def test_a_collector_exports_what_it_pays_on_behalf_to_the_account_it_keeps(world):
    earn(world)
    payout = pay_lin(world, rail="bank", collector=world.hehe)
    with pytest.raises(DomainError, match="bank_file.wrong_payout"):
        exported(world, payout)
    given = {"holder": "林小雨", "bank": "工商银行", "number": "6222020000001111"}
    payee_accounts.keep(payer=world.hehe, party=world.lin.party, **given, **BY)
    file = bank_file.export(book=world.hehe, payouts=[payout], **BY)
    assert b"6222020000001111" in bank_file.content(file, **BY)
    text = f"{payout.number},成功,9.95,"
    assert not came_back(world, text).moved  # Qinglan's bank knows nothing of it
    assert bank_file.import_results(book=world.hehe, file=text.encode(), **BY).moved == [payout]
    books_hold(world)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+86", "-1", "@SUM(A1)"])
def test_a_name_that_a_spreadsheet_would_execute_stays_text(world, name):
    earn(world)
    keep(world, world.lin.party, holder=name)
    rows = list(
        csv.reader(
            io.StringIO(bank_file.content(exported(world, pay_lin(world, rail="bank")), **BY).decode())
        )
    )
    assert rows[1][2] == f"'{name}"


def test_results_land_row_by_row_and_the_same_file_again_changes_nothing(world):
    lin, chen, hehe = three(world)
    exported(world, lin, chen, hehe)
    text = (
        f"编号,结果,金额(元),原因\r\n`{lin.number} ,成功,`9.95,\r\n"
        f'{chen.number},失败, 500.00 ,户名不符\r\n{hehe.number},处理中,"¥1,234.56",\r\n'
    )
    for encoding in ("gb18030", "utf-8-sig", "utf-8"):
        done = came_back(world, text, encoding=encoding)
        assert done.breaks == []
        assert ([row.ref for row in done.moved], done.unchanged) in (
            ([lin.ref, chen.ref], 1),
            ([], 3),
        )
    assert now(world, lin).state == State.SUCCEEDED
    assert (now(world, chen).state, now(world, chen).reason) == (State.FAILED, "户名不符")
    assert now(world, hehe).state == State.SUBMITTED
    assert stands(world, world.qinglan, world.chen.party) == {"due": 50000}
    assert Event.objects.filter(subject=lin.ref, kind="payout.succeeded").count() == 2  # payer, employer


def test_a_banks_own_lines_above_the_headings_and_a_spreadsheets_encoding_are_understood(world):
    lin, *_others = three(world)
    exported(world, lin)
    text = f"代发结果\t2026-11-21\n共 1 笔\n状态\t业务编号\t交易金额\n交易成功\t{lin.number}\t9.95\n合计\t\t9.95\n"
    done = came_back(world, text, encoding="utf-16")
    assert ([row.ref for row in done.moved], [row.line for row in done.breaks]) == ([lin.ref], [5])


def test_a_return_comes_days_later_and_the_old_file_after_it_changes_nothing(world):
    lin, *_others = three(world)
    exported(world, lin)
    paid = f"number,result,amount\n{lin.number},succeeded,9.95\n"
    back = f"result,reason,number,amount\n退汇,账号已销户,{lin.number},9.95\n"
    assert came_back(world, paid).moved
    assert came_back(world, back, at=NOON + 3 * DAY).moved
    for text in (paid, back):
        again = came_back(world, text, at=NOON + 4 * DAY)
        assert (again.moved, again.unchanged, again.breaks) == ([], 1, [])
    assert (now(world, lin).state, now(world, lin).reason) == (State.RETURNED, "账号已销户")
    assert stands(world, world.qinglan, world.lin.party) == {"due": EARNED}


def test_what_does_not_fit_is_told_by_line_and_the_good_rows_land(world):
    lin, chen, hehe = three(world)
    exported(world, lin, chen)
    text = "\n".join(
        [
            "Number,Result,Amount,Reason",
            f"{lin.number},success,9.96,",  # a fen off
            "TD000000NOBODY,success,1.00,",
            f"{chen.number},maybe,500.00,",
            f"{chen.number},success,five hundred,",
            "",
            f"{chen.number}",
            f"{hehe.number},success,1234.56,",  # never sent
            f'{chen.number},success,500,"paid\nin full"',
            f"{chen.number},failed,500,",  # after it was paid
        ]
    )
    done = came_back(world, text)
    assert [row.line for row in done.breaks] == [2, 3, 4, 5, 7, 8, 11]
    assert [row.ref for row in done.moved] == [chen.ref]
    assert "¥9.96" in done.breaks[0].why and done.breaks[0].number == lin.number
    assert now(world, lin).state == State.SUBMITTED
    assert now(world, hehe).state == State.CREATED
    assert stands(world, world.qinglan, world.lin.party) == {"transit": EARNED}


def test_a_file_of_too_many_rows_is_refused_before_its_first_row(world, monkeypatch):
    lin, *_others = three(world)
    exported(world, lin)
    monkeypatch.setattr(bank_file, "MOST_ROWS", 2)
    with pytest.raises(DomainError, match="bank_file.too_long"):
        came_back(world, "\n".join([f"{lin.number},success,9.95,"] * 3))
    assert now(world, lin).state == State.SUBMITTED
    assert came_back(world, "\n".join([f"{lin.number},success,9.95,"] * 2)).unchanged == 1


def test_results_tell_nothing_of_what_did_not_go_by_file(world):
    earn(world)
    by_hand = answers.submit(pay_lin(world), **BY)
    done = came_back(world, f"{by_hand.number},success,9.95,")
    assert [row.number for row in done.breaks] == [by_hand.number]
    assert now(world, by_hand).state == State.SUBMITTED


def test_another_merchants_file_moves_nothing_of_ours(world):
    lin, *_others = three(world)
    exported(world, lin)
    text = f"{lin.number},success,9.95,"
    done = bank_file.import_results(book=world.stranger, file=text.encode(), **BY)
    assert (done.moved, len(done.breaks)) == ([], 1)
    assert now(world, lin).state == State.SUBMITTED


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("`1,234.50 ", 123450),
        ("¥0.01", 1),
        ("￥12", 1200),
        ("9.9元", 990),
        ("１２．３４", 1234),
        ("1.000", 100),
        ("'7.05", 705),
    ],
)
def test_an_amount_is_read_as_banks_write_it(text, fen):
    assert tables.fen_of(text) == fen


@pytest.mark.parametrize("text", ["", "-1.00", "1.005", "1e3", "NaN", "12.3.4", "1234567890123", "٣", "1/2"])
def test_what_is_no_amount_is_none(text):
    assert tables.fen_of(text) is None


@pytest.mark.parametrize(
    "file", [b"\xff\xff\xff", b"number,reason\nTD1,x", b'a,"' + b"x" * 200_000 + b'"', b"1" * 5_000_001]
)
def test_what_is_no_file_of_results_is_refused_whole(world, file):
    with pytest.raises(DomainError, match="bank_file.unreadable"):
        bank_file.import_results(book=world.qinglan, file=file, **BY)


@pytest.mark.parametrize(
    "file", [b"", "\ufeff\n".encode(), b"\0" * 1000, "打款编号,处理结果,金额\n".encode()]
)
def test_a_file_without_a_row_is_not_taken_for_news(world, file):
    with pytest.raises(DomainError, match="bank_file.no_rows"):
        bank_file.import_results(book=world.qinglan, file=file, **BY)


def test_the_account_number_is_sealed_and_shown_masked(world):
    with world.inside(world.qinglan):
        account = PayeeAccount.objects.get()
    assert (account.masked, payee_accounts.number_of(account)) == ("•••• 7890", NUMBER)
    assert NUMBER.encode() not in bytes(account.number_sealed)
    assert NUMBER not in str(account)


def test_another_account_is_another_row_and_a_sent_payout_keeps_its_own(world):
    earn(world)
    file = exported(world, pay_lin(world, rail="bank"))
    keep(world, world.lin.party, number="6222 0200-0000 ２２２２")
    assert NUMBER.encode() in bank_file.content(file, **BY)
    new = payee_accounts.account_of(world.lin.party, payer=world.qinglan)
    assert payee_accounts.number_of(new) == "6222020000002222"
    assert payee_accounts.account_of(world.lin.party, payer=world.stranger) is None
    with pytest.raises(IntegrityError), transaction.atomic(), world.inside(world.qinglan):
        PayeeAccount.objects.filter(pk=new.pk).update(holder="魏远")


def test_a_number_that_was_swapped_in_the_table_is_not_paid_to(world):
    with world.inside(world.qinglan):
        PayeeAccount.objects.update(number_sealed=sealing.seal("6222020000009999"))
        account = PayeeAccount.objects.get()
    with pytest.raises(RuntimeError, match="does not hold"):
        payee_accounts.number_of(account)


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "12345"},
        {"number": "6225 88x! 1234"},
        {"holder": " "},
        {"bank": "招商\0银行"},
        {"bank": ""},
    ],
)
def test_an_account_that_is_not_complete_is_refused(world, changed):
    with pytest.raises(DomainError, match="payee_account.invalid") as refusal:
        keep(world, world.lin.party, **changed)
    assert refusal.value.field == next(iter(changed))
