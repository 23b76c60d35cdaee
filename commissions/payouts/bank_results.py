"""A bank's file of results, read row by row. Pure: it knows the bank's words, not our payouts.

Tolerant of what banks and spreadsheets do to a CSV: UTF-8 or GBK, commas or tabs, back-ticks before numbers, spaces,
`¥`, thousands separators, columns in any order under English or Chinese headings.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError

LARGEST = 5_000_000  # bytes
LONGEST = 12  # digits of yuan: more is no amount

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
_ANSWERS = {word: answer for answer, words in _WORDS.items() for word in words}


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
    """The rows of the file; `line` counts from 1, headings included. DomainError `bank_file.unreadable`."""
    text = _text(file)
    first = text.partition("\n")[0]
    delimiter = "\t" if "\t" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: dict[str, int] | None = None
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns, is_heading = _columns(cells)
                if is_heading:
                    continue
            yield _row(line, cells, columns)
    except csv.Error:
        raise _unreadable() from None


def fen_of(text: str) -> int | None:
    """`` `¥1,234.50 `` → 123450; None for anything that is no amount of whole fen, zero or above."""
    plain = re.sub(r"[`'¥,\s]|元$|CNY", "", unicodedata.normalize("NFKC", text).strip())
    if not re.fullmatch(rf"[0-9]{{1,{LONGEST}}}(\.[0-9]{{0,2}}0*)?", plain):
        return None
    return int(Decimal(plain) * 100)


def _text(file: bytes) -> str:
    if len(file) > LARGEST:
        raise _unreadable()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return file.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise _unreadable()


def _columns(cells: list[str]) -> tuple[dict[str, int], bool]:
    """Where each column stands, and whether this row was the headings."""
    found = {
        name: place
        for place, cell in enumerate(cells)
        for name, headings in _HEADINGS.items()
        if _plain(cell).casefold().replace(" ", "") in headings
    }
    if "number" not in found:
        return {name: place for place, name in enumerate(_ORDER)}, False
    if not {"result", "amount"} <= set(found):
        raise _unreadable()
    return found, True


def _row(line: int, cells: list[str], columns: dict[str, int]) -> ResultRow:
    told = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
    return ResultRow(
        line=line,
        number=_plain(told["number"]).replace(" ", "").upper(),
        answer=_ANSWERS.get(_plain(told["result"]).casefold()),
        amount=fen_of(told["amount"]),
        reason=" ".join(_plain(told.get("reason", "")).split()),
        text=f"{_plain(told['result'])} {_plain(told['amount'])}",
    )


def _plain(cell: str) -> str:
    """Without the marks that keep spreadsheets from reading numbers, and in narrow letters."""
    return unicodedata.normalize("NFKC", cell).strip().lstrip("`'").strip()


def _unreadable() -> DomainError:
    return DomainError(
        "bank_file.unreadable",
        _("This is not a file of results."),
        next_step=_("Use a CSV with the columns number, result, amount and reason, up to 5 MB."),
        field="file",
    )
