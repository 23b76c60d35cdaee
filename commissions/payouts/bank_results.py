"""A bank's file of results, read row by row. Pure: it knows the bank's words, not our payouts.

Tolerant of what banks and spreadsheets do to a CSV (`tables`), and of columns in any order under English or Chinese
headings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from commissions.payouts.tables import Unreadable, fen_of, heading, plain, rows_of
from merchants.errors import DomainError

LARGEST = 5_000_000  # bytes
PREAMBLE = 20  # rows among which headings are looked for

_HEADINGS = {
    "number": {"number", "payoutnumber", "打款编号", "编号", "业务编号", "客户流水号"},
    "result": {"result", "status", "结果", "状态", "处理结果", "交易结果", "交易状态"},
    "amount": {"amount", "amount(yuan)", "金额", "金额(元)", "交易金额", "交易金额(元)"},
    "reason": {"reason", "原因", "失败原因", "退汇原因", "备注"},
}
_ORDER = ("number", "result", "amount", "reason")  # of a file without headings


class Answer(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"
    WAITING = "waiting"


_WORDS = {
    Answer.SUCCEEDED: {"succeeded", "success", "paid", "成功", "交易成功", "付款成功", "已付款"},
    Answer.FAILED: {"failed", "failure", "失败", "交易失败", "付款失败"},
    Answer.RETURNED: {"returned", "return", "退汇", "已退汇", "退票", "已退票"},
    Answer.WAITING: {"waiting", "processing", "处理中", "银行处理中", "待处理"},
}
ANSWERS = {word: answer for answer, words in _WORDS.items() for word in words}


@dataclass(frozen=True)
class ResultRow:
    """One row as the bank told it. `answer` is None for a word we do not know, `amount` (fen) None for what is no
    amount in yuan; `text` keeps both as they were written."""

    line: int
    number: str
    answer: Answer | None
    amount: int | None
    reason: str
    text: str


def read(file: bytes) -> Iterator[ResultRow]:
    """The rows of the file, from under its headings if it has any; `line` counts every line of the file from 1.
    DomainError `bank_file.unreadable`."""
    try:
        rows = rows_of(file, largest=LARGEST)
    except Unreadable:
        raise _unreadable() from None
    columns, begins = _columns([cells for _line, cells in rows])
    for line, cells in rows[begins:]:
        yield _row(line, cells, columns)


def _columns(rows: list[list[str]]) -> tuple[dict[str, int], int]:
    """Where each column stands, and the row below the headings: banks write a few lines of their own above."""
    for place, cells in enumerate(rows[:PREAMBLE]):
        found = {
            name: column
            for column, cell in enumerate(cells)
            for name, headings in _HEADINGS.items()
            if heading(cell) in headings
        }
        if {"number", "result", "amount"} <= set(found):
            return found, place + 1
        if "number" in found:
            raise _unreadable()
    return {name: column for column, name in enumerate(_ORDER)}, 0


def _row(line: int, cells: list[str], columns: dict[str, int]) -> ResultRow:
    told = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
    return ResultRow(
        line=line,
        number=plain(told["number"]).replace(" ", "").upper(),
        answer=ANSWERS.get(plain(told["result"]).casefold()),
        amount=fen_of(told["amount"]),
        reason=" ".join(plain(told.get("reason", "")).split()),
        text=f"{plain(told['result'])} {plain(told['amount'])}",
    )


def _unreadable() -> DomainError:
    return DomainError(
        "bank_file.unreadable",
        _("This is not a file of results."),
        next_step=_("Use a CSV with the columns number, result, amount and reason, up to 5 MB."),
        field="file",
    )
