"""对账: the month with one payer, every movement of it, whoever or whatever moved it."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from insights.statement_files import FORMATS, content_disposition, sheet_of
from insights.statements import Month
from workbench import access, purses, shell

SHOWN = 200  # lines on a phone; the download holds all
PARTS = {
    "due": _("Payable now"),
    "pending": _("Not settled yet"),
    "reserve": _("Kept until it can no longer be returned"),
    "owed": _("To be kept from later earnings"),
}


@require_GET
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?month=2026-11`; `?format=` of `statement_files.FORMATS` downloads every line."""
    desk = access.desk(request)
    book, party = purses.one(desk.guide, ref).book, desk.guide.party
    month = Month.read(request.GET.get("month", ""), today=desk.day)
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        kind, write = FORMATS[wanted]
        sheet = sheet_of(book, party, desk.guide.name, month, today=desk.day)
        answer = HttpResponse(write(sheet), content_type=kind)
        answer["Content-Disposition"] = content_disposition(month, book.name, ref, wanted)
        return answer
    sheet = sheet_of(book, party, desk.guide.name, month, today=desk.day, most=SHOWN + 1)
    lines = sheet.lines[:SHOWN]
    context = {
        "desk": desk,
        "book": book,
        "month": month,
        "newest": sheet.is_running,
        "on_its_way": sheet.on_its_way,
        "told": sheet.told,
        "parts": [(words, fen) for code, words in PARTS.items() if (fen := sheet.told.by_account.get(code))],
        "kinds": sheet.kinds,
        "lines": lines,
        "more": len(sheet.lines) > SHOWN,
        "most": SHOWN,
        "formats": FORMATS,
        "open_to_me": access.sales_among(desk, {line.order for line in lines if line.order}),
    }
    return shell.page(request, "earnings/statement", context)
