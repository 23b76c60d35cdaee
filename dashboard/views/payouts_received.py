"""What other merchants say they paid to this one; it may say that a payment did not arrive."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions.payouts import contesting, reading
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_told
from insights import payables
from notifications import inbox


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    inbox.mark_read(request.seat.user, upto=request.stream_head, topic="payout")
    found = newest_first(reading.received(), request.GET.get("cursor", ""))
    context = {"rows": found.rows, "next": found.next}
    return page(request, "dashboard/payouts/received.html", context, section="payouts")


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    payout, merchant = access.payout_received(request, ref), request.seat.merchant
    context = {
        "payout": payout,
        "steps": payables.steps(payout, merchant),
        "story": payables.story(payout, merchant),
        "may_write": request.seat.may("payouts.write"),
    }
    return page(request, "dashboard/payouts/received_one.html", context, section="payouts")


@require_POST
@needs("payouts.write")
def contest(request: HttpRequest, ref: str) -> HttpResponse:
    payout, seat = access.payout_received(request, ref), request.seat
    with refusals_told(request):
        reason = request.POST.get("reason", "").strip()
        contesting.contest(payout, merchant=seat.merchant, reason=reason, by=seat.actor)
        messages.success(
            request, _("%(payer)s is told; the claim stands again.") % {"payer": payout.merchant.name}
        )
    return redirect("payout_received", ref)


@require_POST
@needs("payouts.write")
def confirm(request: HttpRequest, ref: str) -> HttpResponse:
    payout, seat = access.payout_received(request, ref), request.seat
    with refusals_told(request):
        contesting.confirm(payout, merchant=seat.merchant, by=seat.actor)
        messages.success(request, _("It counts as paid, in both books."))
    return redirect("payout_received", ref)
