"""A rail's bill, read whole or refused whole: a bank's statement, or a payment service's bill of profit sharing.
Pure: it knows the rails' words, not our payouts.

A payment service's bill puts a back-tick before every value, tells amounts in yuan, ends with a heading of totals and
the totals, and lists only what really moved. A bank's statement may list failures and money that came in as well, and
may end with a row of its sum. Money that came in stands in a column of its own, is called so, or has a minus.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from commissions.payouts.bank_results import ANSWERS, PREAMBLE, Answer
from commissions.payouts.tables import Unreadable, fen_of, heading, plain, rows_of, signed_fen_of
from commissions.reconciliation import refusals

LARGEST = 20_000_000  # bytes
MOST_LINES = 20_000
LONGEST = 64  # characters of a number or reference that are kept

# Of several headings in one file the first named here holds: a number of its own before a remark that quotes it.
_HEADINGS: dict[str, tuple[str, ...]] = {
    "number": (
        *("payoutnumber", "number", "outorderno", "打款编号", "商户分账单号", "商户分账/回退单号"),
        *(
            "商户单号",
            "业务编号",
            "客户流水号",
            "编号",
            "purpose",
            "memo",
            "remark",
            "附言",
            "用途",
            "摘要",
            "备注",
        ),
    ),
    "reference": (
        *(
            "reference",
            "transactionid",
            "transactionnumber",
            "分账明细单号",
            "微信分账/回退单号",
            "微信分账单号",
        ),
        *("交易流水号", "银行流水号", "流水号", "凭证号"),
    ),
    "amount": (
        *("amount", "amount(yuan)", "debit", "金额", "金额(元)", "分账金额", "分账金额(元)", "支出金额"),
        *("支出金额(元)", "借方金额", "付款金额", "交易金额", "交易金额(元)", "发生额"),
    ),
    "income": ("credit", "收入金额", "收入金额(元)", "贷方金额"),
    "day": (
        *("date", "交易日期", "付款日期", "记账日期", "日期", "paidat", "time", "分账时间", "交易时间"),
        *("支付时间", "付款时间", "完成时间", "时间"),
    ),
    "clock": ("time", "交易时间", "付款时间", "时间"),
    "result": ("result", "status", "处理状态", "处理结果", "交易结果", "交易状态", "结果", "状态"),
}
_NEEDED = {"number", "amount", "day"}
# Every column of these is read. A direction is one of few words; a type may be any, and tells the way by its signs.
_DIRECTIONS = {"direction", "收/支", "收支类型", "借贷标志", "借贷"}
_TYPES = {"type", "业务类型", "类型"}
_INCOMING = {"in", "c", "cr", "收", "入", "贷", "贷方"}
_SIGNS_OF_INCOMING = re.compile(
    r"退|冲正|冲账|冲帐|红字|撤销|抹账|抹帐|来账|来帐|来款|入账|入帐|汇入|存入|转入|收入|收款|贷记"
    r"|return|refund|revers|reject|bounce|recall|chargeback|inward|incom|inbound|receiv|deposit|^credit(?!transfer)"
)
_SIGNS_OF_OUTGOING = re.compile(
    r"^(?!.*(?:失败|fail))"
    r".*(?:汇出|转出|支出|支取|付|代发|转账|转帐|划转|划款|分账|分帐|工资|薪|报销|佣金|提现|往账|往帐"
    r"|outgo|outward|outbound|payment|payout|paid|(?<!credit)transfer|debit|withdraw|salary|wage|commission)"
)
_OUTGOING = {
    "out",
    "outgoing",
    "debit",
    "d",
    "dr",
    "支出",
    "支",
    "付",
    "付款",
    "转出",
    "往账",
    "借",
    "借方",
    "借记",
}
_DONE = {"finished", "completed", "完成", "已完成", "处理完成", "分账成功", "交易完成"}
_COUNTS = {"count", "rows", "totalcount", "总条数", "总笔数", "分账总条数", "分账总笔数", "分账笔数"}
_SUMS = {"total", "totalamount", "totalamount(yuan)", "总金额", "总金额(元)", "分账总金额", "分账总金额(元)"}
_ALTOGETHER = {"total", "sum", "合计", "总计", "合计:", "总计:"}

_OURS = re.compile(
    r"(?<![0-9A-Z])TD[0-9]{6}[0-9A-Z]{12}(?![0-9A-Z])"
)  # as models.payout.new_number makes them
_DAY = re.compile(r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))")
_CLOCK = re.compile(r"([0-9]{1,2}):?([0-9]{2})(?::?([0-9]{2}))?(?:\.[0-9]+)?(?:\+08:?00)?")


@dataclass(frozen=True)
class Line:
    """One movement as the rail told it: fen, above zero; its day and, if told, time on the rail's wall clock. `row`
    is its line in the file; `number` (ours, if it quotes one) and `reference` (the rail's) may be empty. `incoming`
    is money that came in, told only where it quotes a number of our kind."""

    row: int
    number: str
    reference: str
    amount: int
    day: date
    clock: time | None = None
    incoming: bool = False


@dataclass(frozen=True)
class Bill:
    """What left and what may have come back, in the order of the file; `left_out` counts the other rows: failures, and
    other people's money that came in. `total` is of what left."""

    lines: tuple[Line, ...]
    left_out: int

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines if not line.incoming)


@dataclass(frozen=True)
class _Row:
    """As it is `written` in the column of amounts; `amount` is without a sign. `way` is 1 for what left, -1 for what
    came in, 0 for what did not move. No `line` for what is left out."""

    written: int
    amount: int
    way: int
    line: Line | None = None


def read(file: bytes) -> Bill:
    """The whole bill. DomainError `bill.unreadable`, `bill.no_columns`, `bill.too_long`, `bill.bad_row` (naming the
    line), `bill.cut_off` where the totals are missing, `bill.totals_differ` where they do not agree to the fen."""
    try:
        rows = rows_of(file, largest=LARGEST)
    except Unreadable:
        raise refusals.unreadable() from None
    columns, begins = _columns([cells for _row, cells in rows])
    body, told = _cut(rows[begins:], columns)
    if len(body) > MOST_LINES:
        raise refusals.too_long(MOST_LINES)
    if told is None and any(cell.lstrip().startswith("`") for _row, cells in body for cell in cells):
        raise refusals.cut_off()
    found = [_row(row, cells, columns) for row, cells in body]
    _check(told, found)
    lines = tuple(row.line for row in found if row.line)
    return Bill(lines, len(found) - len(lines))


def _columns(rows: Sequence[list[str]]) -> tuple[dict[str, int], int]:
    """Where each column stands, and the row below the headings: some lines of the rail's own may stand above."""
    for place, cells in enumerate(rows[:PREAMBLE]):
        names = [heading(cell) for cell in cells]
        found = {
            column: names.index(next(word for word in words if word in names))
            for column, words in _HEADINGS.items()
            if any(word in names for word in words)
        }
        if set(found) >= _NEEDED:
            if found.get("clock") == found["day"]:
                del found["clock"]
            found |= {f"direction {i}": i for i, name in enumerate(names) if name in _DIRECTIONS}
            found |= {f"type {i}": i for i, name in enumerate(names) if name in _TYPES}
            return found, place + 1
    raise refusals.no_columns()


Rows = list[tuple[int, list[str]]]


def _cut(rows: Rows, columns: dict[str, int]) -> tuple[Rows, tuple[int | None, int] | None]:
    """The movements, and the totals the file ends with: (how many rows, if told; fen)."""
    for place, (row, cells) in enumerate(rows):
        words = [heading(cell) for cell in cells]
        if _SUMS.intersection(words) and fen_of(_cell(cells, columns["amount"])) is None:
            if len(rows) != place + 2:
                raise refusals.cut_off()
            values = rows[-1][1]
            count = plain(_cell(values, _place(words, _COUNTS))) if _COUNTS.intersection(words) else None
            told = _whole(count), signed_fen_of(_cell(values, _place(words, _SUMS)))
            if told[1] is None or count is not None and told[0] is None:
                raise refusals.bad_row(rows[-1][0], refusals.NO_TOTAL)
            return rows[:place], (told[0], told[1])
        if next(filter(None, words)) in _ALTOGETHER:
            total = signed_fen_of(_cell(cells, columns["amount"]))
            if total is None:
                raise refusals.bad_row(row, refusals.NO_TOTAL)
            if len(rows) != place + 1:
                raise refusals.cut_off()
            return rows[:place], (None, total)
    return rows, None


def _row(row: int, cells: list[str], columns: dict[str, int]) -> _Row:
    """DomainError `bill.bad_row`."""
    told = {name: _cell(cells, place) for name, place in columns.items()}
    written, number = signed_fen_of(told["amount"]) or 0, _number(told["number"])
    income = fen_of(told.get("income", "")) or 0
    if written and income:
        raise refusals.bad_row(row, refusals.BOTH_WAYS)
    amount = abs(written) or income
    if not amount:
        raise refusals.bad_row(row, refusals.NO_AMOUNT)
    ours = _OURS.fullmatch(number) is not None
    way = _way(row, told, written, ours=ours) if written or ours else -1
    if way == 0 or way < 0 and not ours:
        return _Row(written, amount, way)
    day, clock = _moment(told["day"], told.get("clock", ""))
    if day is None:
        raise refusals.bad_row(row, refusals.NO_DAY)
    reference = plain(told.get("reference", ""))[:LONGEST]
    return _Row(written, amount, way, Line(row, number, reference, amount, day, clock, incoming=way < 0))


def _way(row: int, told: dict[str, str], written: int, *, ours: bool) -> int:
    """Which way the money went, as in `_Row`. What we cannot tell refuses the file: a result or a direction that we do
    not know, columns that contradict each other, and a minus before what is called money out, which some banks put
    there and others take it back by. Taken for paid or for come back, it could pay twice. So could a type that we do
    not know, where nothing else tells the way of what quotes a payout of ours."""
    if result := heading(told.get("result", "")):
        answer = Answer.SUCCEEDED if result in _DONE else ANSWERS.get(result)
        if answer is None:
            raise refusals.bad_row(row, refusals.NO_RESULT)
        if answer != Answer.SUCCEEDED:
            return 0
    said = {_said(row, column, heading(cell)) for column, cell in told.items()} - {0}
    if len(said) > 1 or not written and 1 in said:
        raise refusals.bad_row(row, refusals.BOTH_WAYS)
    if written < 0 and 1 in said:
        raise refusals.bad_row(row, refusals.NO_WAY)
    if ours and written > 0 and not said and "income" not in told and _is_of_unknown_type(told):
        raise refusals.bad_row(row, refusals.NO_TYPE, next_step=refusals.SAY_WHICH_WAY)
    return -1 if written <= 0 or -1 in said else 1


def _is_of_unknown_type(told: dict[str, str]) -> bool:
    """A transfer may go either way, but nobody calls one so that came back."""
    types = [word for column, cell in told.items() if column.startswith("type ") and (word := heading(cell))]
    return any(types) and not any(map(_SIGNS_OF_OUTGOING.search, types))


def _said(row: int, column: str, word: str) -> int:
    """What a column says of the way: 1 for out, -1 for in, 0 for nothing."""
    if not word or not column.startswith(("direction ", "type ")):
        return 0
    if word in _INCOMING or _SIGNS_OF_INCOMING.search(word):
        return -1
    if word in _OUTGOING:
        return 1
    if column.startswith("direction "):
        raise refusals.bad_row(row, refusals.NO_DIRECTION)
    return 0


def _number(cell: str) -> str:
    """Ours, if the cell quotes just one of ours, else what stands there."""
    text = plain(cell).upper()
    quoted = set(_OURS.findall(text))
    return quoted.pop() if len(quoted) == 1 else " ".join(text.split())[:LONGEST]


def _moment(day_cell: str, clock_cell: str) -> tuple[date | None, time | None]:
    text = plain(day_cell)
    found = _DAY.match(text)
    if not found:
        return None, None
    year, *parts = (int(part) for part in found.groups() if part)
    try:
        day = date(year, *parts)
        clock = _clock(text[found.end() :].lstrip(" T") or plain(clock_cell))
    except ValueError:
        return None, None
    return day, clock


def _clock(text: str) -> time | None:
    """None for none; ValueError for what is no time."""
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(text)
    hour, minute, second = (int(part or 0) for part in found.groups())
    return time(hour, minute, second)


def _check(told: tuple[int | None, int] | None, rows: list[_Row]) -> None:
    """The file's totals are those of what left; of every row it lists, with signs or without; or of what left less
    what came in."""
    left = [row.amount for row in rows if row.way > 0]
    moved = [row.amount * row.way for row in rows if row.way]
    ways = (left, [row.amount for row in rows], [row.written for row in rows], moved)
    if told and not any(told[0] in (None, len(way)) and told[1] == sum(way) for way in ways):
        raise refusals.totals_differ(told=told[1], found=sum(left))


def _place(words: Sequence[str], wanted: set[str]) -> int:
    return next(place for place, word in enumerate(words) if word in wanted)


def _cell(cells: list[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _whole(text: str | None) -> int | None:
    found = re.fullmatch(r"([0-9,]{1,9})(\.0*)?笔?", text or "")
    return int(found[1].replace(",", "") or 0) if found else None
