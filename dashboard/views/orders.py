"""Sales: one's own stores' receipts, and the lines of one's brands that other stores sold."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import explain
from coupons import reading
from dashboard import access
from dashboard.access import needs
from dashboard.forms.orders import OrderFilter
from dashboard.frame import own_and_partners, page
from dashboard.paging import latest_first
from dashboard.refusals import refusals_told
from members.visibility import visible_to
from orders import early_refunds, oversight


@needs("orders.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?where=partners` lists the stores of others; `?before=<cursor>` goes on. The filter's words stand beside."""
    seat = request.seat
    partners = request.GET.get("where") == "partners" or not seat.merchant.is_channel
    form = OrderFilter(request.GET)
    rows = oversight.sold_elsewhere(seat) if partners else oversight.sold_here(seat)
    found = latest_first(form.of(rows, partners=partners), request.GET.get("before", ""))
    first = not request.GET.get("before")
    context = {
        "form": form,
        "rows": found.rows,
        "older": found.next,
        "where": "partners" if partners else "own",
        "tabs": own_and_partners(request, partners=partners),
        "partners": partners,
        "waiting": early_refunds.waiting(seat, partners=partners) if first else [],
        "refused": early_refunds.refused(seat, partners=partners) if first else [],
        "may_put_away": seat.may("settlements.write"),
    }
    return page(request, "dashboard/orders/index.html", context, section="orders")


@needs("orders.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    seen, seat = access.order(request, ref), request.seat
    explained = {
        line.number: line.sku.name for line in oversight.lines_within(seat, seen, "commissions.read")
    }
    splits = explain.shares_of(seen.order, merchant=seat.merchant) if explained else []
    versions = access.plan_versions(request, {split.version for split in splits})
    touches = seen.order.touches.filter(kind="serving").select_related("guide")
    served = [touch.guide for touch in touches] if seen.whole else []
    context = {
        "seen": seen,
        "order": seen.order,
        "used": reading.used_on(seen.order) if seen.whole else reading.own_used_on(seen.order),
        "served": served,
        "guides_seen": access.guides_among(request, served),
        "may_see_splits": bool(explained),
        "splits": [
            (split, explained[split.line], versions.get(split.version))
            for split in splits
            if split.line in explained
        ],
        "refused": early_refunds.of_sale(seat, seen),
        "may_open_member": seen.member and visible_to(seat).filter(pk=seen.member.pk).exists(),
    }
    return page(request, "dashboard/orders/show.html", context, section="orders")


@require_POST
@needs("settlements.write")
def put_away(request: HttpRequest, ref: str) -> HttpResponse:
    """A refund that did not fit its sale leaves the list; it stands with its sale for good."""
    parked = access.early_refund(request, ref)
    with refusals_told(request):
        early_refunds.put_away(parked, by=request.seat.actor)
        told = _("The refund %(number)s is put away. It still stands with its sale.")
        messages.success(request, told % {"number": parked.external_no})
    where = "own" if parked.merchant_id == request.seat.merchant.pk else "partners"
    return redirect(f"{reverse('orders')}?where={where}")
