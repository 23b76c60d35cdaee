"""Contracts: what one agreed or offered as brand owner, and under what one's stores sell others' brands."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import plans
from commissions.models import PlanVersion
from commissions.promised import Promised, promised
from commissions.reasons import percent
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_told
from dashboard.views import drafts
from notifications import inbox
from stores import contracts, visibility
from stores.models import Contract

DECLINED_SHOWN_FOR = timedelta(days=30)


@needs("contracts.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?side=store` lists those of one's stores with other merchants' brands; `?q=` searches stores."""
    seat = request.seat
    inbox.mark_read(seat.user, upto=request.stream_head, topic="contract")
    as_store = request.GET.get("side") == "store" or not seat.merchant.is_brand_owner
    text = request.GET.get("q", "")
    now = timezone.now()
    rows = (visibility.held if as_store else visibility.granted)(seat).accepted()
    found = newest_first(visibility.named(rows, text, path="store__"), request.GET.get("cursor", ""))
    received = list(visibility.offers_received(seat).order_by("pk"))
    made = visibility.offers_made(seat, declined_since=now - DECLINED_SHOWN_FOR).order_by("-pk")
    tabs = [
        {"url": "?side=brand", "label": _("Our brands in stores"), "current": not as_store},
        {
            "url": "?side=store",
            "label": _("Other brands in our stores"),
            "current": as_store,
            "count": len(received) or None,
        },
    ]
    context = {
        "rows": found.rows,
        "next": found.next,
        "text": text,
        "as_store": as_store,
        "side": "store" if as_store else "brand",
        "tabs": tabs if seat.merchant.is_channel and seat.merchant.is_brand_owner else [],
        "offers": received if as_store else list(made),
        "ours": not as_store,
        "now": now,
        "may_draft": seat.merchant.is_brand_owner and seat.may("contracts.write"),
    }
    return page(request, "dashboard/contracts/index.html", context, section="contracts")


@needs("contracts.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    contract = access.contract(request, ref)
    context = {
        "contract": contract,
        "now": timezone.now(),
        "plan": _plan_of(request, contract),
        "promised": _promised(request, contract),
        "fee_cap": percent(contract.fee_cap_ppm),
        **drafts.shown(request, contract),
    }
    return page(request, "dashboard/contracts/show.html", context, section="contracts")


def _plan_of(request: HttpRequest, contract: Contract) -> PlanVersion | None:
    """By which of one's own versions a sale under it is split now, or once it begins."""
    if contract.merchant_id != request.seat.merchant.pk or not request.seat.may("plans.read"):
        return None
    at = max(timezone.now(), contract.starts_at)
    return plans.narrowest(plans.versions_of(contract.brand), contract=contract, at=at)


def _promised(request: HttpRequest, contract: Contract) -> Promised | None:
    """What a sale under it brings one's own side, where another merchant owns the brand."""
    ours = contract.merchant_id == request.seat.merchant.pk
    return None if ours else promised(contract, at=timezone.now())


@require_POST
@needs("contracts.write")
def end(request: HttpRequest, ref: str) -> HttpResponse:
    contract = access.contract(request, ref, "contracts.write")
    with refusals_told(request):
        contracts.terminate(contract=contract, merchant=request.seat.merchant, by=request.seat.actor)
        messages.success(request, _("The contract has ended; what was sold under it stays as it was."))
    return redirect("contract", ref)
