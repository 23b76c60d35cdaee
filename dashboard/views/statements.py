"""Statements: month by month, how the book stands with each party, and every line of it."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.access import absent, needs
from dashboard.frame import page
from dashboard.paging import last_booked_first
from insights import movements, statements
from insights.statement_files import FORMATS, content_disposition, sheet_of
from insights.statements import Month
from ledger.statements import latest
from merchants.business_day import business_date
from merchants.models import Merchant

SUMMED = ("opening", "credits", "debits", "on_its_way")


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    merchant = request.seat.merchant
    today = _today(merchant)
    month = Month.read(request.GET.get("month", ""), today=today)
    rows = statements.rows(merchant, month)
    context = {
        "month": month,
        "rows": rows,
        "total": statements.Row("", "", *(sum(getattr(row, part) for row in rows) for part in SUMMED)),
        "newest": month.runs_on(today),
    }
    return page(request, "dashboard/statements/index.html", context, section="statements")


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """A month, the last booked first; `?before=<cursor>` goes on. `?format=` of `statement_files.FORMATS` downloads
    every line."""
    merchant = request.seat.merchant
    today = _today(merchant)
    month = Month.read(request.GET.get("month", ""), today=today)
    found = statements.party_of(merchant, ref)
    if found is None:
        raise absent()
    party, name = found
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        kind, write = FORMATS[wanted]
        sheet = sheet_of(merchant, party, name, month, today=today)
        answer = HttpResponse(write(sheet), content_type=kind)
        answer["Content-Disposition"] = content_disposition(month, name, ref, wanted)
        return answer
    sheet = sheet_of(merchant, party, name, month, today=today, most=0)
    rows = last_booked_first(
        lambda before, limit: latest(
            merchant,
            party,
            opening=sheet.told.opening,
            first=month.first,
            last=month.last,
            before=before,
            limit=limit,
        ),
        request.GET.get("before", ""),
    )
    context = {
        "name": name,
        "ref": ref,
        "month": month,
        "sheet": sheet,
        "told": sheet.told,
        "kinds": sheet.kinds,
        "contesting": not statements.CONTESTING.isdisjoint(sheet.told.by_kind),
        "rows": movements.told(rows.rows, statements.KINDS),
        "older": rows.next,
        "closed_to": () if request.seat.may("orders.read") else ("order",),
        "formats": FORMATS,
    }
    return page(request, "dashboard/statements/show.html", context, section="statements")


def _today(merchant: Merchant) -> date:
    return business_date(timezone.now(), zone=merchant.time_zone, cut_off=merchant.cut_off)
