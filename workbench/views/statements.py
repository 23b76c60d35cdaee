"""对账: the month with one payer, every movement of it, whoever or whatever moved it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from insights import statements
from insights.statements import Month
from ledger.statements import movements, statement
from workbench import access, purses, shell

SHOWN = 200  # lines on a phone; the download holds all


@require_GET
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?month=2026-11`; `?format=csv` downloads every line."""
    desk = access.desk(request)
    book, party = purses.one(desk.guide, ref).book, desk.guide.party
    month = Month.read(request.GET.get("month", ""), today=desk.day)
    told = statement(book, party, first=month.first, last=month.last)
    as_file = request.GET.get("format") == "csv"
    limit = {} if as_file else {"limit": SHOWN + 1}
    lines = statements.in_words(movements(book, party, first=month.first, last=month.last, **limit))
    if as_file:
        text = statements.as_csv(desk.guide.name, month, told.opening, lines, told.closing)
        answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="statement-{month}-{ref}.csv"'
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
        "open_to_me": access.sales_among(desk, {line.order for line in lines if line.order}),
    }
    return shell.page(request, "earnings/statement", context)
