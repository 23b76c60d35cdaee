"""Contracts: what one agreed as brand owner, and under what one's stores sell others' brands."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions.reasons import percent
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import newest_first
from merchants.errors import DomainError
from stores import contracts, visibility


@needs("contracts.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?side=store` lists those of one's stores with other merchants' brands; `?q=` searches stores."""
    seat = request.seat
    as_store = request.GET.get("side") == "store" or not seat.merchant.is_brand_owner
    text = request.GET.get("q", "")
    rows = visibility.named((visibility.held if as_store else visibility.granted)(seat), text, path="store__")
    found = newest_first(rows, request.GET.get("cursor", ""))
    tabs = [
        {"url": "?side=brand", "label": _("Our brands in stores"), "current": not as_store},
        {"url": "?side=store", "label": _("Other brands in our stores"), "current": as_store},
    ]
    context = {
        "rows": found.rows,
        "next": found.next,
        "text": text,
        "as_store": as_store,
        "side": "store" if as_store else "brand",
        "tabs": tabs if seat.merchant.is_channel and seat.merchant.is_brand_owner else [],
        "now": timezone.now(),
        "may_write": seat.may("contracts.write"),
    }
    return page(request, "dashboard/contracts/index.html", context, section="contracts")


@needs("contracts.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    contract = access.contract(request, ref)
    context = {
        "contract": contract,
        "reserve": percent(contract.reserve_ppm),
        "store_bears": percent(contract.store_bears_ppm),
        "brand_bears": percent(contract.brand_bears_ppm),
        "now": timezone.now(),
        "may_write": request.seat.may("contracts.write"),
    }
    return page(request, "dashboard/contracts/show.html", context, section="contracts")


@require_POST
@needs("contracts.write")
def end(request: HttpRequest, ref: str) -> HttpResponse:
    contract = access.contract(request, ref)
    try:
        contracts.terminate(contract=contract, by=request.seat.actor)
    except DomainError as refusal:
        messages.error(request, refusal.words)
    else:
        messages.success(request, _("The contract has ended; what was sold under it stays as it was."))
    return redirect("contract", ref)
