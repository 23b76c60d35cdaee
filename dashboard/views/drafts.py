"""Contracts on their way: the brand's owner drafts and revises, the store's merchant answers."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard import access
from dashboard.access import needs
from dashboard.forms.contracts import DraftForm, TermsForm, as_initial
from dashboard.frame import page
from dashboard.refusals import refusals_blamed_on, refusals_told
from dashboard.terms import in_words
from merchants import finding
from merchants.models import Brand
from stores import drafts, visibility
from stores.models import Contract
from stores.terms import Terms


@needs("contracts.write")
def new(request: HttpRequest) -> HttpResponse:
    """`?store=sto_…` comes from the store's page."""
    seat = request.seat
    form = DraftForm(
        request.POST or None,
        seat=seat,
        brands=list(finding.every(Brand)),
        units=visibility.units_to_hang_in(seat),
        initial={"starts_at": _tomorrow(), "return_window_days": 7, "store": request.GET.get("store", "")},
    )
    if form.is_bound and form.is_valid():
        with refusals_blamed_on(form):
            contract = drafts.draft(terms=form.terms(), by=seat.actor, **form.pair)
            messages.success(request, _offered(contract))
            return redirect("contract", contract.ref)
    return _form(request, form, "dashboard/contracts/new.html", {})


@needs("contracts.write")
def amend(request: HttpRequest, ref: str) -> HttpResponse:
    contract = access.contract(request, ref, "contracts.write")
    if not _is_granted(request, contract):
        return redirect("contract", ref)
    starts_at = max(_tomorrow(), contract.starts_at + timedelta(days=1))  # they follow it
    starting = as_initial(Terms.of(contract)) | {"starts_at": starts_at}
    form = _terms_form(request, starting)
    if form.is_bound and form.is_valid():
        hand = {"merchant": request.seat.merchant, "by": request.seat.actor}
        with refusals_blamed_on(form):
            offer = drafts.amend(contract=contract, terms=form.terms(), **hand)
            messages.success(request, _offered(offer))
            return redirect("contract", offer.ref)
    return _form(request, form, "dashboard/contracts/terms_form.html", {"contract": contract})


@needs("contracts.write")
def revise(request: HttpRequest, ref: str) -> HttpResponse:
    contract = access.contract(request, ref, "contracts.write")
    if not _is_granted(request, contract):
        return redirect("contract", ref)
    form = _terms_form(request, as_initial(Terms.of(contract)))
    if form.is_bound and form.is_valid():
        hand = {"merchant": request.seat.merchant, "by": request.seat.actor}
        with refusals_blamed_on(form):
            drafts.revise(
                contract=contract, changes=form.terms().as_fields(), version=_version_read(request), **hand
            )
            messages.success(request, _("The draft is revised; the other side reads the new terms."))
            return redirect("contract", ref)
    context = {"contract": contract, "version": _version_read(request) or contract.terms_version}
    return _form(request, form, "dashboard/contracts/terms_form.html", context)


@require_POST
@needs("contracts.write")
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    return _done(request, ref, drafts.withdraw, _("The draft is withdrawn."))


@require_POST
@needs("contracts.write")
def accept(request: HttpRequest, ref: str) -> HttpResponse:
    return _done(request, ref, drafts.accept, _("The contract is accepted."), version=_version_read(request))


@require_POST
@needs("contracts.write")
def decline(request: HttpRequest, ref: str) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()[:300]
    return _done(request, ref, drafts.decline, _("The draft is declined."), reason=reason)


def shown(request: HttpRequest, contract: Contract) -> dict[str, object]:
    """What the page of a draft says and offers, beside what that of a contract does."""
    ours = contract.merchant_id == request.seat.merchant.pk
    may_write, now = access.may_write_contract(request, contract), timezone.now()
    over = contract.never_began or (contract.ends_at is not None and contract.ends_at <= now)
    stands = contract.accepted_at is not None and not over
    return {
        "terms": in_words(contract, beside=contract.succeeds),
        "may_revise": may_write and ours and contract.is_draft,
        "may_answer": may_write and not ours and contract.is_draft,
        "may_amend": may_write and ours and stands,
        "may_end": may_write and stands,
        "offered_instead": visibility.offers_instead(request.seat, contract),
        "ours": ours,
    }


def _version_read(request: HttpRequest) -> int:
    """`version` of the terms that the page showed; 0 for none."""
    version = request.POST.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 6 else 0


def _is_granted(request: HttpRequest, contract: Contract) -> bool:
    if contract.merchant_id == request.seat.merchant.pk:
        return True
    messages.error(request, _("The brand's owner writes the terms; ask there for others."))
    return False


def _terms_form(request: HttpRequest, initial: dict[str, object]) -> TermsForm:
    units = visibility.units_to_hang_in(request.seat)
    return TermsForm(request.POST or None, units=units, initial=initial)


def _form(request: HttpRequest, form: TermsForm, template: str, context: dict) -> HttpResponse:
    status = 422 if form.is_bound else 200
    context |= {"form": form, "in_the_way": _in_the_way(request, form)}
    return page(request, template, context, section="contracts", status=status)


def _in_the_way(request: HttpRequest, form: TermsForm) -> Contract | None:
    """The contract over part of the time that was asked for, if the seat may see it."""
    ref = form.refusal.extra.get("contract") if form.refusal else None
    return visibility.granted(request.seat).filter(ref=ref).first() if ref else None


def _done(request: HttpRequest, ref: str, verb, done: str, **given) -> HttpResponse:
    contract = access.contract(request, ref, "contracts.write")
    with refusals_told(request):
        verb(contract=contract, merchant=request.seat.merchant, by=request.seat.actor, **given)
        messages.success(request, done)
    return redirect("contract", ref)


def _offered(contract: Contract) -> str:
    if contract.accepted_at:
        return _("The contract with your own store is made.")
    return _("The draft waits for %(merchant)s.") % {"merchant": contract.counterparty.name}


def _tomorrow():
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
