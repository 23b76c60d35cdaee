"""Coupon campaigns: what became of them; new ones; paused and running again."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from commissions.reasons import percent
from coupons import campaigns, reports
from dashboard import access
from dashboard.access import needs
from dashboard.forms.campaigns import CampaignForm, ExchangeForm
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_blamed_on, refusals_told
from merchants import finding
from merchants.models import Brand
from merchants.refs import new_ref

BEARERS = {
    "brand": gettext_lazy("Brand"),
    "store": gettext_lazy("Store"),
    "channel": gettext_lazy("Channel"),
    "platform": gettext_lazy("Platform"),
}


@needs("campaigns.read")
def index(request: HttpRequest) -> HttpResponse:
    found = newest_first(reports.reported(), request.GET.get("cursor", ""))
    context = {
        "rows": found.rows,
        "next": found.next,
        "now": timezone.now(),
        "may_write": request.seat.may("campaigns.write"),
    }
    return page(request, "dashboard/campaigns/index.html", context, section="campaigns")


@needs("campaigns.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    campaign = access.campaign(request, ref)
    context = {
        "campaign": campaign,
        "now": timezone.now(),
        "bearers": _(", ").join(f"{BEARERS[role]} {percent(ppm)}%" for role, ppm in campaign.bearers),
        "funnel": [(_("Sent"), campaign.issued), (_("Redeemed"), campaign.redeemed)],
        "may_write": request.seat.may("campaigns.write"),
    }
    return page(request, "dashboard/campaigns/show.html", context, section="campaigns")


@needs("campaigns.write")
def new(request: HttpRequest) -> HttpResponse:
    """`?kind=exchange` asks for a coupon that is exchanged for goods, else for a full reduction."""
    seat, exchange = request.seat, request.GET.get("kind") == "exchange"
    form = (ExchangeForm if exchange else CampaignForm)(
        request.POST or None,
        brands=list(finding.every(Brand)),
        runs_stores=seat.merchant.is_channel,
        initial=_beginning_now(),
    )
    if form.is_bound and form.is_valid():
        with refusals_blamed_on(form):
            campaign = campaigns.create(merchant=seat.merchant, by=seat.actor, **form.terms())
            messages.success(request, _("“%(name)s” is running.") % {"name": campaign.name})
            return redirect("campaign", campaign.ref)
    status = 422 if form.is_bound else 200
    tabs = [
        {"url": "?", "label": _("Full reduction"), "current": not exchange},
        {"url": "?kind=exchange", "label": _("Exchange coupon"), "current": exchange},
    ]
    context = {"form": form, "tabs": tabs, "exchange": exchange}
    return page(request, "dashboard/campaigns/new.html", context, section="campaigns", status=status)


@require_POST
@needs("campaigns.write")
def pause(request: HttpRequest, ref: str) -> HttpResponse:
    return _turned(
        request, ref, campaigns.pause, _("No more coupons go out; those that are out stay usable.")
    )


@require_POST
@needs("campaigns.write")
def resume(request: HttpRequest, ref: str) -> HttpResponse:
    return _turned(request, ref, campaigns.resume, _("Coupons go out again."))


def _turned(request: HttpRequest, ref: str, verb, done: str) -> HttpResponse:
    campaign = access.campaign(request, ref)
    with refusals_told(request):
        verb(campaign=campaign, by=request.seat.actor)
        messages.success(request, done)
    return redirect("campaign", ref)


def _beginning_now() -> dict[str, object]:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    end = today + timedelta(days=31)
    return {
        "claim_from": today,
        "claim_until": end,
        "use_from": today,
        "use_until": end,
        "per_member_limit": 1,
        "form_key": new_ref("frm"),
    }
