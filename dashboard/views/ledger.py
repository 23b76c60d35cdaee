"""The merchant's book: what stands on each kind of account, whose it is, the proof that it balances, and what moved on
each account."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.access import absent, needs
from dashboard.frame import page
from dashboard.paging import SIZE, last_booked_first
from insights import accounts, movements, proofs
from insights.statement_files import FORMATS, content_disposition
from insights.statements import Month
from ledger.proof import trial_balance
from merchants.business_day import business_date
from notifications import inbox

MOST = 100  # accounts of one kind on a page, the largest first


@needs("ledger.read")
def show(request: HttpRequest) -> HttpResponse:
    """`?account=due` opens one kind of account."""
    seat = request.seat
    inbox.mark_read(seat.user, upto=request.stream_head, topic="ledger")
    balance = trial_balance(seat.merchant)
    code = request.GET.get("account", "")
    opened = [row for row in balance.rows if row.account.code == code]
    if code and not opened:
        raise absent()
    opened.sort(key=lambda row: -abs(row.amount))
    context = {
        "balance": balance,
        "proof": proofs.last(seat.merchant),
        "totals": accounts.summed(balance.rows),
        "code": code,
        "label": accounts.label_of(code),
        "rows": accounts.named(opened[:MOST]),
        "more": len(opened) > MOST,
        "most": MOST,
    }
    return page(request, "dashboard/ledger/show.html", context, section="ledger")


@needs("ledger.read")
def account(request: HttpRequest, code: str) -> HttpResponse:
    """One account, a month of it, the last booked first. `?party=` says whose, where a code has one for each;
    `?before=<cursor>` goes on; `?format=` of `statement_files.FORMATS` downloads every movement."""
    seat, asked = request.seat, request.GET
    today = business_date(timezone.now(), zone=seat.merchant.time_zone, cut_off=seat.merchant.cut_off)
    month = Month.read(asked.get("month", ""), today=today)
    found = movements.opened(seat.merchant, code, asked.get("party", ""))
    if found is None:
        raise absent()
    ref = found.party.ref if found.party else ""
    wanted = asked.get("format", "")
    if wanted in FORMATS:
        kind, write = FORMATS[wanted]
        answer = HttpResponse(write(found.sheet(month, today=today)), content_type=kind)
        answer["Content-Disposition"] = content_disposition(month, found.name, ref, wanted)
        return answer
    told = found.statement(month)
    rows = last_booked_first(
        lambda before, limit: found.latest(month, opening=told.opening, before=before, limit=limit),
        asked.get("before", ""),
        size=SIZE,
    )
    context = {
        "name": found.name,
        "code": code,
        "party": ref,
        "whose": f"&party={ref}" if ref else "",
        "month": month,
        "newest": month.runs_on(today),
        "told": told,
        "rows": movements.told(rows.rows),
        "older": rows.next,
        "closed_to": () if seat.may("orders.read") else ("order",),
        "formats": FORMATS,
    }
    return page(request, "dashboard/ledger/account.html", context, section="ledger")
