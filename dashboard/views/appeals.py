"""Appeals: what guides say is rather theirs, who has it and why, and the word of the owner of the line's book."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import appealed, appeals, explain
from commissions.models import Appeal
from dashboard import access
from dashboard.access import needs
from dashboard.forms.appeals import DecisionForm
from dashboard.frame import page
from merchants.errors import DomainError
from notifications import inbox

MANY = 200


@needs("commissions.read")
def index(request: HttpRequest) -> HttpResponse:
    """The open ones first, by the day they must be answered; then the newest, up to 200 of each side."""
    seat = request.seat
    inbox.mark_read(seat.user, upto=request.stream_head, topic="appeal")
    context = {
        "rows": appealed.to_decide(seat)[:MANY],
        "elsewhere": appealed.elsewhere(seat)[:MANY] if seat.merchant.is_channel else [],
    }
    return page(request, "dashboard/appeals/index.html", context, section="appeals")


@needs("commissions.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    return _shown(request, ref)


@require_POST
@needs("settlements.write")
def decide(request: HttpRequest, ref: str) -> HttpResponse:
    """`outcome` uphold or reject, with the fields of DecisionForm."""
    row, seat, form = access.appeal(request, ref), request.seat, DecisionForm(request.POST)
    if row.merchant_id != seat.merchant.pk:
        raise access.absent()
    uphold = request.POST.get("outcome") == "uphold"
    if not form.is_valid():
        return _shown(request, ref, form)
    told = form.cleaned_data
    amount = told["amount"] if uphold else None
    try:
        appeals.decide(appeal=row, uphold=uphold, amount=amount, words=told["words"], by=seat.actor)
    except DomainError as refusal:
        form.add_error("amount" if refusal.field == "amount" else None, refusal.words)
        return _shown(request, ref, form)
    messages.success(
        request, _("Upheld and moved.") if uphold else _("Rejected. The shares stay as they are.")
    )
    return redirect("appeal", ref)


def _shown(request: HttpRequest, ref: str, form: DecisionForm | None = None) -> HttpResponse:
    row, seat = access.appeal(request, ref), request.seat
    lines = explain.shares_of(row.split.order, merchant=seat.merchant)
    may_decide = row.is_open and row.merchant_id == seat.merchant.pk and seat.may("settlements.write")
    context = {
        "row": row,
        "split": next(line for line in lines if line.split == row.split.ref),
        "form": (form or DecisionForm(initial=_proposed(row))) if may_decide else None,
    }
    status = 422 if form and form.errors else 200
    return page(request, "dashboard/appeals/show.html", context, section="appeals", status=status)


def _proposed(row: Appeal) -> dict[str, int]:
    """All that a guide holds; of the principal's rest nothing is proposed."""
    return {"amount": row.share.held} if row.share.guide_id and row.share.held else {}
