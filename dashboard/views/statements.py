"""Statements: month by month, how the book stands with each party, and every line of it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.access import absent, needs
from dashboard.frame import page
from insights import statements
from insights.statement_files import FORMATS, sheet_of
from insights.statements import Month
from merchants.business_day import business_date
from merchants.models import Merchant

SHOWN = 200  # lines on a page; the download holds all


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    merchant = request.seat.merchant
    month = _month(request, merchant)
    rows = statements.rows(merchant, month)
    context = {
        "month": month,
        "rows": rows,
        "total": statements.Row(
            "", "", *(sum(getattr(row, part) for row in rows) for part in ("opening", "credits", "debits"))
        ),
        "newest": month == _month(request, merchant, newest=True),
    }
    return page(request, "dashboard/statements/index.html", context, section="statements")


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?format=` of `statement_files.FORMATS` downloads every line."""
    merchant = request.seat.merchant
    month = _month(request, merchant)
    found = statements.party_of(merchant, ref)
    if found is None:
        raise absent()
    party, name = found
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        kind, write = FORMATS[wanted]
        answer = HttpResponse(write(sheet_of(merchant, party, name, month)), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="statement-{month}-{ref}.{wanted}"'
        return answer
    sheet = sheet_of(merchant, party, name, month, most=SHOWN + 1)
    context = {
        "name": name,
        "ref": ref,
        "month": month,
        "told": sheet.told,
        "kinds": sheet.kinds,
        "lines": sheet.lines[:SHOWN],
        "may_open_orders": request.seat.may("orders.read"),
        "more": len(sheet.lines) > SHOWN,
        "most": SHOWN,
        "formats": FORMATS,
    }
    return page(request, "dashboard/statements/show.html", context, section="statements")


def _month(request: HttpRequest, merchant: Merchant, *, newest: bool = False) -> Month:
    today = business_date(timezone.now(), zone=merchant.time_zone, cut_off=merchant.cut_off)
    return Month.read("" if newest else request.GET.get("month", ""), today=today)
