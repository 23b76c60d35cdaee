"""What banks, payment services and spreadsheets do to a table of numbers, undone. Pure.

UTF-8, UTF-16 or GB18030, commas or tabs, back-ticks before numbers, spaces, `¥`, thousands separators, wide letters.
"""

import csv
import io
import re
import unicodedata
from decimal import Decimal

LONGEST = 12  # digits of yuan: more is no amount
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "＝",
    "＋",
    "－",
    "＠",
)  # how a cell begins that a spreadsheet would execute


class Unreadable(ValueError):
    """The bytes are no table."""


def rows_of(file: bytes, *, largest: int) -> list[tuple[int, list[str]]]:
    """Every row that holds more than blanks and marks, with the line of the file on which it begins, counted from 1.
    Unreadable for more than `largest` bytes, and for what is no text or breaks off within quotes."""
    text = _text(file, largest)
    delimiter = "\t" if text.count("\t") > text.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, begins = [], 1
    try:
        for cells in reader:
            if any(plain(cell) for cell in cells):
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error:
        raise Unreadable from None
    return rows


def fen_of(text: str) -> int | None:
    """`` `¥1,234.50 `` → 123450; None for anything that is no amount of whole fen, zero or above."""
    bare = _bare(text)
    if not re.fullmatch(rf"[0-9]{{1,{LONGEST}}}(\.[0-9]{{0,2}}0*)?", bare):
        return None
    return int(Decimal(bare) * 100)


def signed_fen_of(text: str) -> int | None:
    """As `fen_of`, and below zero behind a plain minus: `-¥1.50` or `−1.50` → -150."""
    bare = _bare(text)
    if not bare.startswith(("-", "−")):
        return fen_of(bare)
    fen = fen_of(bare[1:])
    return None if fen is None else -fen


def yuan_of(fen: int) -> str:
    """-1230 → `-12.30`: plain, for a machine."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def plain(cell: str) -> str:
    """Without the marks that keep spreadsheets from reading numbers, and in narrow letters."""
    return unicodedata.normalize("NFKC", cell).strip().lstrip("`'").strip()


def heading(cell: str) -> str:
    """As headings and words are compared: no case, no spaces."""
    return plain(cell).casefold().replace(" ", "")


def harmless(cell: str) -> str:
    """Text stays text in a spreadsheet, whatever somebody has called themselves."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _bare(text: str) -> str:
    return re.sub(r"[`'¥,\s]|元$|CNY", "", unicodedata.normalize("NFKC", text).strip())


def _text(file: bytes, largest: int) -> str:
    if len(file) > largest:
        raise Unreadable
    marked = file.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return file.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise Unreadable
