"""A statement as a file: for a spreadsheet (CSV, XLSX) or to be filed (PDF). Each holds every line, the opening balance
first and the closing balance last, and under it what is on its way; amounts in yuan with two decimals."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import xlsxwriter
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer

from commissions.payouts.tables import harmless, yuan_of
from insights import statements
from insights.statements import Line, Month
from ledger.statements import Statement, movements, on_its_way, statement
from merchants.models import Merchant, Party
from merchants.pinyin import pinyin_key

FONT = "STSong-Light"  # of the reader, not in the file: it has Chinese and Latin letters
pdfmetrics.registerFont(UnicodeCIDFont(FONT))

Row = tuple[date, str, str, int]


def sheet_of(
    book: Merchant, party: Party, name: str, month: Month, *, today: date, most: int = 1_000_000
) -> "Sheet":
    """The party's month, of its lines the first `most`. Inside the reader's scope: it names what the reader knows."""
    told = statement(book, party, first=month.first, last=month.last)
    moves = movements(book, party, first=month.first, last=month.last, limit=most)
    way = on_its_way(book, last=month.last, party=party).get(party.pk, 0)
    coming = statements.coming(book, party) if month.runs_on(today) else 0
    return Sheet(book.name, name, month, told, statements.in_words(moves), today, way, coming)


@dataclass(frozen=True)
class Sheet:
    """What a page or a file says: who owes (`book`) whom (`name`) in which month, fen. `on_its_way` has left what is
    owed and has not arrived for good: no balance of the sheet holds it. `coming` is the same on the other's paper, as
    it stands today: what the party says it has sent to the book's owner, who counts it as owed until it arrives."""

    book: str
    name: str
    month: Month
    told: Statement
    lines: Sequence[Line]
    today: date
    on_its_way: int = 0
    coming: int = 0
    words: Mapping[str, object] = field(default_factory=lambda: statements.KINDS)

    @property
    def is_running(self) -> bool:
        return self.month.runs_on(self.today)

    @property
    def closes_on(self) -> date:
        """The month's end; of a running month today, or the day of a line that a later cut-off put on tomorrow."""
        return min(self.month.last, max([self.today, *(line.booked_on for line in self.lines[-1:])]))

    @property
    def kinds(self) -> list[tuple[str, int]]:
        return [(statements.word_of(kind, self.words), amount) for kind, amount in self.told.by_kind.items()]

    @property
    def heading(self) -> tuple[str, str, str, str]:
        return _("Booked on"), _("What"), _("For"), _("Amount")

    def rows(self) -> Iterator[Row]:
        yield self.month.first, _("Opening balance"), "", self.told.opening
        for line in self.lines:
            yield line.booked_on, line.word, line.about, line.amount
        word = _("Balance so far") if self.is_running else _("Closing balance")
        yield self.closes_on, word, "", self.told.closing
        if self.on_its_way:
            yield self.closes_on, _("On its way, not counted above"), "", self.on_its_way
        if self.coming:
            yield self.closes_on, _("On its way to you, still counted above"), "", -self.coming


def as_csv(sheet: Sheet) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(sheet.name), str(sheet.month)])
    writer.writerow(sheet.heading)
    for on, what, about, amount in sheet.rows():
        writer.writerow([on.isoformat(), what, harmless(about), yuan_of(amount)])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: Sheet) -> bytes:
    """One page; dates and amounts are dates and numbers, everything else is text and never a formula."""
    out = io.BytesIO()
    # Without these two it would read "=1+1" in a name as a formula and "http…" as a link.
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    yuan = book.add_format({"num_format": "#,##0.00"})
    page = book.add_worksheet(str(sheet.month))
    page.set_column(0, 0, 12)
    page.set_column(1, 2, 30)
    page.set_column(3, 3, 16)
    page.freeze_panes(2, 0)
    page.write_string(0, 0, sheet.name, bold)
    page.write_string(0, 1, sheet.book)
    page.write_string(0, 2, str(sheet.month))
    for column, title in enumerate(sheet.heading):
        page.write_string(1, column, title, bold)
    for number, (on, what, about, amount) in enumerate(sheet.rows(), start=2):
        page.write_datetime(number, 0, on, day)
        page.write_string(number, 1, what)
        page.write_string(number, 2, about)
        page.write_number(number, 3, float(Decimal(amount) / 100), yuan)
    book.close()
    return out.getvalue()


def as_pdf(sheet: Sheet) -> bytes:
    """A4, the heading on every page, with the sums above and page numbers below."""
    out = io.BytesIO()
    large = ParagraphStyle("large", fontName=FONT, fontSize=16, leading=22)
    words = ParagraphStyle("words", fontName=FONT, fontSize=9, leading=12, wordWrap="CJK")
    told = sheet.told
    sums = [
        [_("Opening"), _("Credits"), _("Debits"), _("Balance so far") if sheet.is_running else _("Closing")],
        [_grouped(amount) for amount in (told.opening, told.credits, told.debits, told.closing)],
    ]
    table: list[list[object]] = [list(sheet.heading)]
    table += [
        [
            on.isoformat(),
            Paragraph(_escaped(what), words),
            Paragraph(_escaped(about), words),
            _grouped(amount),
        ]
        for on, what, about, amount in sheet.rows()
    ]
    ruled = [
        ("FONT", (0, 0), (-1, -1), FONT, 9),
        ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
    ]
    document = SimpleDocTemplate(out, pagesize=A4, title=f"{sheet.name} {sheet.month}", author=sheet.book)
    document.build(
        [
            Paragraph(_escaped(f"{_('Statement')} {sheet.month}"), large),
            Paragraph(_escaped(f"{sheet.book} → {sheet.name}"), words),
            Spacer(1, 6 * mm),
            LongTable(
                sums, colWidths=[42 * mm] * 4, style=[("FONT", (0, 0), (-1, -1), FONT, 9)], hAlign="LEFT"
            ),
            Spacer(1, 6 * mm),
            LongTable(
                table,
                colWidths=[24 * mm, 50 * mm, 64 * mm, 30 * mm],
                repeatRows=1,
                style=ruled,
                hAlign="LEFT",
            ),
        ],
        onFirstPage=_numbered,
        onLaterPages=_numbered,
    )
    return out.getvalue()


FORMATS: dict[str, tuple[str, Callable[[Sheet], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "pdf": ("application/pdf", as_pdf),
}


def content_disposition(month: Month, name: str, ref: str, extension: str) -> str:
    """Of a download that goes by the party's name: in its own letters and, for what cannot read those, in Latin ones.
    The end of `ref` tells two of one name apart."""

    def file_name(*parts: str) -> str:
        words = [re.sub(r"[\W_]+", "-", part).strip("-")[:60] for part in parts]
        return f"{'-'.join(word for word in words if word)}.{extension}"

    latin = pinyin_key(name).encode("ascii", "ignore").decode()
    plain = file_name("statement", month.name, latin, ref[-4:])
    own = file_name(_("Statement"), month.name, name, ref[-4:])
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(own)}"


def _numbered(canvas, document) -> None:
    canvas.setFont(FONT, 8)
    canvas.drawRightString(A4[0] - 20 * mm, 12 * mm, str(document.page))


def _grouped(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _escaped(text: str) -> str:
    """A paragraph reads markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
