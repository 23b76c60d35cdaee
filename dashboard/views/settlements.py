"""Settlement runs: what waits, what each closed day came to and for whom, and finance's word where it is asked."""

import re
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import batches
from commissions.models import SettlementBatch
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_told
from insights import coming, settling
from merchants import finding
from merchants.business_day import business_date

WEEK = timedelta(days=6)
MONTH = timedelta(days=31)
NO_SUM = 10**18


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    merchant, now = request.seat.merchant, timezone.now()
    today = business_date(now, zone=merchant.time_zone, cut_off=merchant.cut_off)
    found = newest_first(finding.every(SettlementBatch), request.GET.get("cursor", ""))
    lines, total = batches.preview(merchant, day=today)
    context = {
        "rows": settling.progress_of(merchant, found.rows),
        "next": found.next,
        "lines": lines,
        "total": total,
        "coming": coming.to(merchant, since=today - MONTH),
        "at_once": settling.at_once(merchant, since=today - WEEK),
        "needs_approval": batches.needs_approval(merchant),
        "under_way": batches.under_way(),
        "may_write": request.seat.may("settlements.write"),
    }
    return page(request, "dashboard/settlements/index.html", context, section="settlements")


@needs("ledger.read")
def preview(request: HttpRequest) -> HttpResponse:
    """For whom what would become payable if the day were closed now. Nothing is written."""
    merchant, now = request.seat.merchant, timezone.now()
    today = business_date(now, zone=merchant.time_zone, cut_off=merchant.cut_off)
    lines, total = batches.preview(merchant, day=today)
    context = {
        "day": today,
        "lines": lines,
        "total": total,
        "payees": settling.payees_of(merchant, day=today),
        "needs_approval": batches.needs_approval(merchant),
    }
    return page(request, "dashboard/settlements/preview.html", context, section="settlements")


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    batch = access.batch(request, ref)
    row = settling.progress_of(request.seat.merchant, [batch])[0]
    context = {
        "row": row,
        "batch": batch,
        "payees": settling.payees(batch, row.reached),
        "may_write": request.seat.may("settlements.write"),
    }
    return page(request, "dashboard/settlements/show.html", context, section="settlements")


@require_POST
@needs("settlements.write")
def approve(request: HttpRequest, ref: str) -> HttpResponse:
    """`read` is the sum, in fen, that the page showed."""
    batch = access.batch(request, ref)
    with refusals_told(request):
        read = request.POST.get("read", "")
        # A sum that cannot be one agrees with none.
        told = int(read) if re.fullmatch(r"-?[0-9]{1,18}", read) else NO_SUM
        batches.approve(batch, read=told, by=request.seat.actor)
        messages.success(request, _("Approved and locked. The batch becomes payable within minutes."))
    return redirect("settlement", ref)


@require_POST
@needs("settlements.write")
def policy(request: HttpRequest) -> HttpResponse:
    asks = request.POST.get("needs_approval") == "yes"
    batches.ask_for_approval(request.seat.merchant, asks, by=request.seat.actor)
    messages.success(
        request,
        _("From the next batch on, finance approves each one.")
        if asks
        else _("From the next batch on, batches become payable by themselves."),
    )
    return redirect("settlements")
