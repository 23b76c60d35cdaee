"""Sales: one's own stores' receipts, and the lines of one's brands that other stores sold."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from commissions import explain
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from orders import oversight

PAGE = 30


@needs("orders.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?where=partners` lists the stores of others; `?before=<id>` goes on."""
    seat = request.seat
    partners = request.GET.get("where") == "partners" or not seat.merchant.is_channel
    before = request.GET.get("before", "")
    rows = oversight.sold_elsewhere(seat) if partners else oversight.sold_here(seat)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(number__lt=int(before))
    found = list(rows[: PAGE + 1])
    tabs = [
        {"url": "?where=own", "label": _("Own stores"), "current": not partners},
        {"url": "?where=partners", "label": _("Partner stores"), "current": partners},
    ]
    context = {
        "rows": found[:PAGE],
        "older": found[PAGE - 1]["number"] if len(found) > PAGE else None,
        "where": "partners" if partners else "own",
        "tabs": tabs if seat.merchant.is_channel and seat.merchant.is_brand_owner else [],
        "partners": partners,
    }
    return page(request, "dashboard/orders/index.html", context, section="orders")


@needs("orders.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    seen = access.order(request, ref)
    context = {
        "seen": seen,
        "order": seen.order,
        "splits": explain.shares_of(seen.order, merchant=request.seat.merchant),
    }
    return page(request, "dashboard/orders/show.html", context, section="orders")
