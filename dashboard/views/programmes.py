"""Stored value: the merchant's programmes, what each still owes its shoppers, and value stored by hand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from dashboard import access
from dashboard.access import needs
from dashboard.forms.programmes import ProgrammeForm, TopUpForm
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_blamed_on
from ledger import balances
from ledger.accounts import stored
from members import programmes
from members.models import Programme, TopUp
from merchants import finding


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
    return _shown(request, access.programme(request, ref), TopUpForm(), status=200)


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
    rows = finding.every(TopUp).filter(programme=programme)
    found = newest_first(rows, request.GET.get("cursor", ""))
    account = stored(programme.code).code
    balance = balances.of_book(request.seat.merchant, codes=[account])
    context = {
        "programme": programme,
        "account": account,
        "owed": sum(row.amount for row in balance),
        "rows": found.rows,
        "next": found.next,
        "form": form,
        "may_write": request.seat.may("settlements.write"),
    }
    return page(request, "dashboard/programmes/show.html", context, section="programmes", status=status)
