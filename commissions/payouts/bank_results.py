"""A bank's file of results, read row by row. Pure: it knows the bank's words, not our payouts.

Tolerant of what banks and spreadsheets do to a CSV (`tables`), and of columns in any order under English or Chinese
headings.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from commissions.payouts.tables import Unreadable, fen_of, heading, plain, rows_of
from merchants.errors import DomainError

LARGEST = 5_000_000  # bytes
OURS = "TD"  # how the numbers of payouts begin
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


WORDS = {
    Answer.SUCCEEDED: ("成功", "交易成功", "付款成功", "已付款", "succeeded", "success", "paid"),
    Answer.FAILED: ("失败", "交易失败", "付款失败", "failed", "failure"),
    Answer.RETURNED: ("退汇", "已退汇", "退票", "已退票", "退回", "已退回", "returned", "return"),
    Answer.WAITING: ("处理中", "银行处理中", "待处理", "waiting", "processing"),
}
ANSWERS = {word: answer for answer, words in WORDS.items() for word in words}
T = TypeVar("T")


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


def _columns(rows: list[list[str]]) -> tuple[dict[str, list[int]], int]:
    """Where each column stands, and the row below the headings: banks write a few lines of their own above, and some
    have two columns of one meaning. Without headings the first column has our numbers, or this is another file."""
    for place, cells in enumerate(rows[:PREAMBLE]):
        found: dict[str, list[int]] = {}
        for column, cell in enumerate(cells):
            for name, headings in _HEADINGS.items():
                if heading(cell) in headings:
                    found.setdefault(name, []).append(column)
        if {"number", "result", "amount"} <= set(found):
            return found, place + 1
        if "number" in found:
            raise _unreadable()
    if rows and not any(_number(cells[0]).startswith(OURS) for cells in rows):
        raise _unreadable()
    return {name: [column] for column, name in enumerate(_ORDER)}, 0


def _row(line: int, cells: list[str], columns: dict[str, list[int]]) -> ResultRow:
    told = {
        name: [cells[place] for place in places if place < len(cells) and cells[place].strip()] or [""]
        for name, places in columns.items()
    }
    return ResultRow(
        line=line,
        number=_agreed(line, told["number"], _number),
        answer=_agreed(line, told["result"], _answer),
        amount=_agreed(line, told["amount"], fen_of),
        reason=" ".join(plain(told.get("reason", [""])[0]).split()),
        text=f"{plain(told['result'][0])} {plain(told['amount'][0])}",
    )


def _agreed(line: int, cells: list[str], read: Callable[[str], T]) -> T:
    """What the columns of one meaning say in a row: the same, or it is not for us to choose."""
    said = [read(cell) for cell in cells]
    if any(other != said[0] for other in said):
        raise DomainError(
            "bank_file.unreadable",
            _("Line %(line)d says “%(one)s” and “%(other)s” in two columns of the same meaning.")
            % {"line": line, "one": plain(cells[0])[:60], "other": plain(cells[-1])[:60]},
            next_step=_(
                "Leave in the column that counts, then import the file again. None of its rows was read."
            ),
            field="file",
        )
    return said[0]


def _number(cell: str) -> str:
    return plain(cell).replace(" ", "").upper()


def _answer(cell: str) -> Answer | None:
    return ANSWERS.get(plain(cell).casefold())


def _unreadable() -> DomainError:
    return DomainError(
        "bank_file.unreadable",
        _("This is not a file of results."),
        next_step=_("Use a CSV with the columns number, result, amount and reason, up to 5 MB."),
        field="file",
    )
