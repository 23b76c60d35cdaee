"""Stored value: the merchant's programmes, what each still owes its shoppers and how it came to that, and value stored
by hand."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard import access
from dashboard.access import needs
from dashboard.forms.programmes import ProgrammeForm, TopUpForm
from dashboard.frame import page
from dashboard.paging import latest_read, newest_first
from dashboard.refusals import refusals_blamed_on
from insights import stored_value
from ledger import balances
from ledger.accounts import stored
from members import programmes
from members.models import Programme
from merchants import finding

MOST_DOWNLOADED = 50_000  # movements in one file


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    found = newest_first(finding.every(Programme), request.GET.get("cursor", ""))
    context = {
        "rows": found.rows,
        "next": found.next,
        "may_write": request.seat.may("settlements.write"),
    }
    return page(request, "dashboard/programmes/index.html", context, section="programmes")


@needs("settlements.write")
def new(request: HttpRequest) -> HttpResponse:
    seat, form = request.seat, ProgrammeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        with refusals_blamed_on(form):
            made = programmes.register(merchant=seat.merchant, by=seat.actor, **form.cleaned_data)
            messages.success(request, _("“%(name)s” can be topped up.") % {"name": made.name})
            return redirect("programme", made.ref)
    status = 422 if form.is_bound else 200
    return page(request, "dashboard/programmes/new.html", {"form": form}, section="programmes", status=status)


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?format=csv` downloads every movement."""
    programme = access.programme(request, ref)
    if request.GET.get("format") == "csv":
        moves = stored_value.movements(programme, limit=MOST_DOWNLOADED)
        response = HttpResponse(stored_value.as_csv(moves), content_type="text/csv; charset=utf-8")
        name = f"stored-value-{programme.code}-{timezone.localdate()}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return _shown(request, programme, TopUpForm(), status=200)


@needs("settlements.write")
def top_up(request: HttpRequest, ref: str) -> HttpResponse:
    """The form stands on the programme's page; a refusal is shown there."""
    programme, form = access.programme(request, ref), TopUpForm(request.POST or None)
    if form.is_bound and form.is_valid():
        with refusals_blamed_on(form):
            _row, is_new = programmes.top_up(programme=programme, by=request.seat.actor, **form.cleaned_data)
            told = _("Topped up.") if is_new else _("This top-up stood there already; nothing was changed.")
            messages.success(request, told)
            return redirect("programme", programme.ref)
    return _shown(request, programme, form, status=422 if form.is_bound else 200)


def _shown(request: HttpRequest, programme: Programme, form: TopUpForm, *, status: int) -> HttpResponse:
    def read(place: tuple[datetime, int] | None, limit: int) -> list[stored_value.Movement]:
        return stored_value.movements(programme, before=place, limit=limit)

    found = latest_read(read, request.GET.get("cursor", ""), moment="told_at", key="key")
    account = stored(programme.code).code
    balance = balances.of_book(request.seat.merchant, codes=[account])
    owed = sum(row.amount for row in balance)
    context = {
        "programme": programme,
        "account": account,
        "owed": owed,
        "not_booked": owed - programme.outstanding,
        "rows": found.rows,
        "next": found.next,
        "form": form,
        "may_open_orders": request.seat.may("orders.read"),
        "may_write": request.seat.may("settlements.write"),
    }
    return page(request, "dashboard/programmes/show.html", context, section="programmes", status=status)
