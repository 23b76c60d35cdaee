"""对账: the month with one payer, every movement of it, whoever or whatever moved it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from insights.statement_files import FORMATS, sheet_of
from insights.statements import Month
from workbench import access, purses, shell

SHOWN = 200  # lines on a phone; the download holds all


@require_GET
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?month=2026-11`; `?format=` of `statement_files.FORMATS` downloads every line."""
    desk = access.desk(request)
    book, party = purses.one(desk.guide, ref).book, desk.guide.party
    month = Month.read(request.GET.get("month", ""), today=desk.day)
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        kind, write = FORMATS[wanted]
        answer = HttpResponse(write(sheet_of(book, party, desk.guide.name, month)), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="statement-{month}-{ref}.{wanted}"'
        return answer
    sheet = sheet_of(book, party, desk.guide.name, month, most=SHOWN + 1)
    lines = sheet.lines[:SHOWN]
    context = {
        "desk": desk,
        "book": book,
        "month": month,
        "newest": month == Month.read("", today=desk.day),
        "told": sheet.told,
        "kinds": sheet.kinds,
        "lines": lines,
        "more": len(sheet.lines) > SHOWN,
        "most": SHOWN,
        "formats": FORMATS,
        "open_to_me": access.sales_among(desk, {line.order for line in lines if line.order}),
    }
    return shell.page(request, "earnings/statement", context)
