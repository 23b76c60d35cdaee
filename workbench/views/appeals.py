"""申诉: a guide says that a share of a sale is rather theirs, or takes that back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import appeals
from commissions.models import Appeal
from merchants.errors import DomainError
from merchants.finding import one
from workbench import access


@require_POST
def new(request: HttpRequest, ref: str) -> HttpResponse:
    """`line` is its number, `reason` one of Appeal.Reason, `note` what the guide adds."""
    desk = access.desk(request)
    order = access.sale(desk, ref)
    number, reason = request.POST.get("line", ""), request.POST.get("reason", "")
    line = one(order.lines.all(), number=int(number) if number.isascii() and number.isdecimal() else 0)
    try:
        appeals.appeal(
            line=line,
            guide=desk.guide,
            reason=reason if reason in Appeal.Reason.values else Appeal.Reason.SERVED,
            note=request.POST.get("note", "")[:300],
            by=desk.seat.actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.words)
    else:
        messages.success(request, _("Your appeal is on its way. You are told how it ends."))
    return redirect("workbench:sold", ref=ref)


@require_POST
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request)
    row = access.appeal(desk, ref)
    try:
        appeals.withdraw(appeal=row, guide=desk.guide, by=desk.seat.actor)
    except DomainError as refusal:
        messages.error(request, refusal.words)
    return redirect("workbench:sold", ref=row.split.order.ref)
