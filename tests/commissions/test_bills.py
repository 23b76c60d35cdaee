"""A rail's bill is read whole, in whatever shape it comes, or refused whole."""

from datetime import date, time

import pytest
from django.utils import translation

from commissions.reconciliation import bills
from merchants.errors import DomainError
from tests.commissions.billing import sharing_bill, statement

DAY = date(2026, 11, 21)
LIN, CHEN = "TD2611210123456789AB", "TD2611210123456789AC"
MOMENT = "2026-11-21 10:20:30"


def refused(file: bytes) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        bills.read(file)
    assert refusal.value.next_step and refusal.value.field == "file"
    return refusal.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_bill_of_profit_sharing_is_yuan_behind_back_ticks_and_ends_with_its_totals(encoding):
    bill = bills.read(sharing_bill((LIN, 995, MOMENT), (CHEN, 123456, MOMENT), encoding=encoding))
    assert bill.lines[0] == bills.Line(2, LIN, "360800000001", 995, DAY, time(10, 20, 30))
    assert (bill.total, bill.left_out) == (124451, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_banks_statement_quotes_our_number_among_other_words(encoding):
    bill = bills.read(statement((f"工资 {LIN} 十一月", 995, DAY), encoding=encoding))
    assert bill.lines == (bills.Line(2, LIN, "B0000", 995, DAY, None),)


def test_two_numbers_in_one_remark_are_nobodys():
    (line,) = bills.read(statement((f"{LIN} {CHEN}", 995, DAY))).lines
    assert line.number == f"{LIN} {CHEN}"


def test_what_did_not_leave_is_left_out():
    file = "\n".join(
        [
            "Statement of 2026-11-21",
            "Date\tTime\tNumber\tAmount\tType\tStatus",
            f"20261121\t10:20\t{LIN}\t9.95\tdebit\tsuccess",
            f"20261121\t10:21\t{CHEN}\t500\tdebit\tfailed",
            "20261121\t10:22\tSHOPPER\t¥1,000.00\tcredit\tsuccess",
            "Total\t\t\t1509.95",
        ]
    )
    bill = bills.read(file.encode())
    assert (bill.total, bill.left_out) == (995, 2)
    assert (bill.lines[0].row, bill.lines[0].clock) == (3, time(10, 20))


def test_money_that_came_in_stands_in_a_column_of_its_own():
    text = f"日期,摘要,借方金额,贷方金额\n2026/11/21,{LIN},9.95,\n2026年11月21日,货款,,88.00\n"
    bill = bills.read(text.encode())
    assert (bill.total, bill.left_out) == (995, 1)


@pytest.mark.parametrize("amount", ["-9.95", "−9.95", "－9.95", "-¥9.95", "¥-9.95"])
def test_a_minus_is_money_that_came_in(amount):
    file = (
        statement((LIN, 995, DAY)) + f"2026-11-21,B1,{amount},退回 {LIN}\n2026-11-21,B2,-7.00,货款\n".encode()
    )
    bill = bills.read(file)
    assert bill.lines[1] == bills.Line(3, LIN, "B1", 995, DAY, incoming=True)
    assert (len(bill.lines), bill.total, bill.left_out) == (2, 995, 1)


@pytest.mark.parametrize(
    ("row", "incoming"),
    [
        ("9.95,,退汇,成功", [True]),
        ("9.95,,退票,成功", [True]),
        ("9.95,,return,", [True]),
        ("9.95,,reversal,", [True]),
        ("-9.95,,退汇,", [True]),
        (",9.95,,", [True]),
        ("-9.95,,退汇,失败", []),
        (",9.95,,失败", []),
        ("9.95,,支出,", [False]),
    ],
)
def test_what_came_back_says_so_in_a_column_of_its_own_or_by_its_type_and_a_failure_did_not(row, incoming):
    text = f"日期,附言,借方金额,贷方金额,业务类型,状态\n2026-11-21,{LIN},{row}\n"
    bill = bills.read(text.encode())
    assert [(line.incoming, line.amount) for line in bill.lines] == [(way, 995) for way in incoming]
    assert bill.left_out == 1 - len(incoming)


@pytest.mark.parametrize("total", ["14.95", "524.95", "-5.05", "0.00"])
def test_a_sum_is_of_what_left_or_of_all_rows_or_of_the_column_or_less_what_came_in(total):
    text = (
        f"日期,附言,借方金额,贷方金额,状态\n2026-11-21,{LIN},9.95,,\n2026-11-21,{CHEN},5,,\n"
        f"2026-11-21,{LIN},-14.95,,\n2026-11-21,货款,,5.05,\n2026-11-21,{CHEN},490,,失败\n合计,,{{}},5.05\n"
    )
    if total == "0.00":
        text = text.replace(f"2026-11-21,{CHEN},490,,失败\n", "")
    bill = bills.read(text.format(total).encode())
    assert (bill.total, len(bill.lines)) == (1495, 3)
    assert refused(text.format("9.94").encode()).code == "bill.totals_differ"


def test_a_minus_before_what_is_called_money_out_may_mean_both_and_refuses_the_file():
    text = f"日期,金额,编号,收/支\n2026-11-21,-9.95,{LIN},支出\n"
    with translation.override("en"):
        refusal = refused(text.encode())
    assert refusal.code == "bill.bad_row" and "may have left or come back" in str(refusal.message)


WORDS_OF_INCOMING = (
    "来账 退回 转入 入账 收款 退汇入账 贷记 冲账 红字 incoming Credited Reversed Refunded Returned CR "
    "汇入汇款 存入 抹账 来款 Inward_remittance deposit Rejected Funds_returned"
)


@pytest.mark.parametrize(
    ("type_", "direction", "incoming"),
    [
        *((word.replace("_", " "), "", True) for word in WORDS_OF_INCOMING.split()),
        *((word, "", False) for word in ("转账", "代发工资", "跨行汇出", "Outward payment", "分账", "Debit")),
        ("zurück", "out", False),
        *(("", word, True) for word in ("in", "CR", "收入", "贷", "退汇")),
        ("转账", "收入", True),
        ("转账", "支出", False),
        ("代收付", "", False),
        ("", "DR", False),
    ],
)
def test_every_column_that_tells_the_way_is_read(type_, direction, incoming):
    text = f"日期,金额,编号,业务类型,收/支\n2026-11-21,9.95,{LIN},{type_},{direction}\n"
    assert [line.incoming for line in bills.read(text.encode()).lines] == [incoming]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("9.95,,退回,支出", "another money in"),
        ("9.95,,out,in", "another money in"),
        ("9.95,9.95,,", "another money in"),
        (",9.95,,支出", "another money in"),
        ("9.95,,,其他", "not a word we know"),
    ],
)
def test_a_way_that_cannot_be_told_refuses_the_file(row, why):
    text = f"日期,附言,借方金额,贷方金额,业务类型,收/支\n2026-11-21,{LIN},{row}\n"
    with translation.override("en"):
        refusal = refused(text.encode())
    assert refusal.code == "bill.bad_row" and why in str(refusal.message)


@pytest.mark.parametrize(
    "word", ["zurück", "+", "其他", "Credit transfer", "结息", "代付失败", "payment failed"]
)
def test_a_type_that_is_not_known_refuses_the_file_where_nothing_else_tells_the_way_of_our_number(word):
    text = "日期,金额,编号,业务类型\n2026-11-21,9.95,{},{}\n"
    with translation.override("en"):
        refusal = refused(text.format(LIN, word).encode())
        assert "“Direction”" in str(refusal.next_step)
    assert refusal.code == "bill.bad_row" and "may have left or come back" in str(refusal.message)
    assert [line.incoming for line in bills.read(text.format("货款", word).encode()).lines] == [False]
    both = f"日期,借方金额,贷方金额,编号,业务类型\n2026-11-21,9.95,,{LIN},{word}\n"
    assert [line.incoming for line in bills.read(both.encode()).lines] == [False]


def test_a_day_on_which_nothing_moved_has_a_bill_too():
    assert bills.read(sharing_bill()) == bills.Bill((), 0)
    assert bills.read(statement()) == bills.Bill((), 0)


def test_a_row_of_marks_alone_is_a_blank_one():
    bill = bills.read(f"打款编号,金额,日期\n`,',`\n{LIN},9.95,2026-11-21\n".encode())
    assert [line.row for line in bill.lines] == [3]


@pytest.mark.parametrize("changed", [{"total": 996}, {"count": 2}])
def test_totals_that_do_not_agree_refuse_the_file(changed):
    assert refused(sharing_bill((LIN, 995, MOMENT), **changed)).code == "bill.totals_differ"


def test_a_sum_that_is_a_fen_off_refuses_a_statement():
    file = statement((LIN, 995, DAY)) + "合计,,9.96,\n".encode()
    refusal = refused(file)
    assert (refusal.code, refusal.extra) == ("bill.totals_differ", {"told": 996, "found": 995})


def test_a_bill_that_breaks_off_is_refused_wherever_it_does():
    whole = sharing_bill((LIN, 995, MOMENT), (CHEN, 500, MOMENT)).split(b"\r\n")
    for end in range(2, len(whole)):
        assert refused(b"\r\n".join(whole[:end])).code == "bill.cut_off"
    assert refused(b"\r\n".join([*whole, whole[1]])).code == "bill.cut_off"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"2026-11-21,B1,nine,{LIN}", "amount"),
        (f"2026-11-21,B1,0.00,{LIN}", "amount"),
        (f"2026-11-21,B1,--9.95,{LIN}", "amount"),
        (f"2026-11-21,B1,(9.95),{LIN}", "amount"),
        (f"2026-11-31,B1,-9.95,{LIN}", "date"),
        (f"2026-11-21,B1,9.955,{LIN}", "amount"),
        (f"2026-11-31,B1,9.95,{LIN}", "date"),
        (f"yesterday,B1,9.95,{LIN}", "date"),
        (f"2026-11-21 25:00,B1,9.95,{LIN}", "date"),
        ("2026-11-21", "amount"),
    ],
)
def test_a_line_that_cannot_be_read_refuses_the_file_and_is_named(row, why):
    with translation.override("en"):
        refusal = refused(statement((CHEN, 500, DAY)) + row.encode())
    assert (refusal.code, refusal.extra["line"]) == ("bill.bad_row", 3)
    assert why in str(refusal.message)


def test_a_result_that_nobody_knows_is_not_taken_for_paid():
    text = f"日期,金额,编号,状态\n2026-11-21,9.95,{LIN},大概成功\n"
    assert refused(text.encode()).code == "bill.bad_row"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"\xff\xff\xff", "bill.unreadable"),
        (b'a,"' + b"x" * 200_000 + b'"', "bill.unreadable"),
        (b"1" * 20_000_001, "bill.unreadable"),
        (b"", "bill.no_columns"),
        (b"number,amount\nTD1,1.00\n", "bill.no_columns"),
    ],
)
def test_what_is_no_bill_is_refused(file, code):
    assert refused(file).code == code


def test_more_lines_than_one_transaction_should_hold_are_refused(monkeypatch):
    monkeypatch.setattr(bills, "MOST_LINES", 1)
    assert refused(statement((LIN, 1, DAY), (CHEN, 2, DAY))).code == "bill.too_long"
