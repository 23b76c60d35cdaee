"""对账: the month with one payer, every movement of it, whoever or whatever moved it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from insights import statements
from insights.statement_files import FORMATS, Sheet
from insights.statements import Month
from ledger.statements import movements, statement
from workbench import access, purses, shell

SHOWN = 200  # lines on a phone; the download holds all


@require_GET
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?month=2026-11`; `?format=` of `statement_files.FORMATS` downloads every line."""
    desk = access.desk(request)
    book, party = purses.one(desk.guide, ref).book, desk.guide.party
    month = Month.read(request.GET.get("month", ""), today=desk.day)
    told = statement(book, party, first=month.first, last=month.last)
    wanted = request.GET.get("format", "")
    limit = {} if wanted in FORMATS else {"limit": SHOWN + 1}
    lines = statements.in_words(movements(book, party, first=month.first, last=month.last, **limit))
    if wanted in FORMATS:
        kind, write = FORMATS[wanted]
        answer = HttpResponse(write(Sheet(book.name, desk.guide.name, month, told, lines)), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="statement-{month}-{ref}.{wanted}"'
        return answer
    context = {
        "desk": desk,
        "book": book,
        "month": month,
        "newest": month == Month.read("", today=desk.day),
        "told": told,
        "kinds": [(statements.word_of(kind), amount) for kind, amount in told.by_kind.items()],
        "lines": lines[:SHOWN],
        "more": len(lines) > SHOWN,
        "most": SHOWN,
        "formats": FORMATS,
        "open_to_me": access.sales_among(desk, {line.order for line in lines if line.order}),
    }
    return shell.page(request, "earnings/statement", context)
