"""Appeals: what guides say is rather theirs, who has it and why, and the word of the owner of the line's book."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import appeal_terms, appealed, appeals, explain
from dashboard import access
from dashboard.access import needs
from dashboard.forms.appeals import DeadlinesForm, DecisionForm
from dashboard.frame import page
from dashboard.paging import latest_first
from merchants.business_day import business_date
from merchants.errors import DomainError
from merchants.models import Merchant
from notifications import inbox

MANY = 200


@needs("commissions.read")
def index(request: HttpRequest) -> HttpResponse:
    """Up to 200 to decide, by the day they must be answered, and as many that others decide; what is closed, by
    pages: `?before=<cursor>` goes on."""
    return _listed(request)


@require_POST
@needs("settlements.write")
def deadlines(request: HttpRequest) -> HttpResponse:
    """For the merchant's own book: how long its sales may be appealed from today on, how long an answer takes."""
    merchant, form = request.seat.merchant, DeadlinesForm(request.POST)
    if not form.is_valid():
        return _listed(request, form)
    try:
        appeal_terms.set_policy(
            book=merchant, starts_on=_today(merchant), **form.cleaned_data, by=request.seat.actor
        )
    except DomainError as refusal:
        form.blame(refusal)
        return _listed(request, form)
    messages.success(request, _("From today's sales on, these deadlines hold."))
    return redirect("appeals")


@needs("commissions.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    return _shown(request, ref)


@require_POST
@needs("settlements.write")
def decide(request: HttpRequest, ref: str) -> HttpResponse:
    """`outcome` uphold or reject, with the fields of DecisionForm."""
    row, seat, outcome = access.appeal(request, ref), request.seat, request.POST.get("outcome")
    if row.merchant_id != seat.merchant.pk:
        raise access.absent()
    form = DecisionForm(request.POST, row=row, sources=appealed.sources(row))
    if outcome not in ("uphold", "reject"):
        form.add_error(None, _("Choose: uphold it or reject it."))
    if not form.is_valid():
        return _shown(request, ref, form)
    uphold, words = outcome == "uphold", form.cleaned_data["words"]
    moved = {"amount": form.cleaned_data["amount"], "out_of": form.out_of} if uphold else {}
    try:
        appeals.decide(appeal=row, uphold=uphold, words=words, by=seat.actor, **moved)
    except DomainError as refusal:
        form.blame(refusal)
        return _shown(request, ref, form)
    messages.success(
        request, _("Upheld and moved.") if uphold else _("Rejected. The shares stay as they are.")
    )
    return redirect("appeal", ref)


def _listed(request: HttpRequest, form: DeadlinesForm | None = None) -> HttpResponse:
    seat = request.seat
    merchant = seat.merchant
    inbox.mark_read(seat.user, upto=request.stream_head, topic="appeal")
    policy = appeal_terms.policy_of(merchant, _today(merchant))
    closed = latest_first(appealed.closed(seat), request.GET.get("before", ""), moment="decided_at", key="id")
    context = {
        "rows": appealed.to_decide(seat)[:MANY],
        "closed": closed.rows,
        "older": closed.next,
        "elsewhere": appealed.elsewhere(seat)[:MANY] if merchant.is_channel else [],
        "policy": policy,
        "form": form or DeadlinesForm(initial={"days": policy.days, "answer_days": policy.answer_days}),
        "may_write": seat.may("settlements.write"),
    }
    status = 422 if form and form.errors else 200
    return page(request, "dashboard/appeals/index.html", context, section="appeals", status=status)


def _shown(request: HttpRequest, ref: str, form: DecisionForm | None = None) -> HttpResponse:
    row, seat = access.appeal(request, ref), request.seat
    lines = explain.shares_of(row.split.order, merchant=seat.merchant)
    may_decide = row.is_open and row.merchant_id == seat.merchant.pk and seat.may("settlements.write")
    if may_decide and form is None:
        form = DecisionForm(row=row, sources=appealed.sources(row))
    context = {
        "row": row,
        "split": next(line for line in lines if line.split == row.split.ref),
        "form": form if may_decide else None,
    }
    status = 422 if form and form.errors else 200
    return page(request, "dashboard/appeals/show.html", context, section="appeals", status=status)


def _today(merchant: Merchant) -> date:
    return business_date(timezone.now(), zone=merchant.time_zone, cut_off=merchant.cut_off)
