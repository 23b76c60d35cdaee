"""What every page of headquarters stands in: navigation by permission, whose it is, over which part."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.roles import Role
from merchants.scoping import Seat
from notifications import inbox

# (group, ((route, label, permission), …)); a page stands in the navigation of those who may open it.
SECTIONS = (
    (
        "",
        (
            ("overview", gettext_lazy("Overview"), "overview.read"),
            ("feed_page", gettext_lazy("Live feed"), "overview.read"),
        ),
    ),
    (
        gettext_lazy("Trade"),
        (
            ("members", gettext_lazy("Members"), "members.read"),
            ("campaigns", gettext_lazy("Coupon campaigns"), "campaigns.read"),
            ("orders", gettext_lazy("Orders"), "orders.read"),
        ),
    ),
    (
        gettext_lazy("Stores and guides"),
        (
            ("stores", gettext_lazy("Stores"), "stores.read"),
            ("guides", gettext_lazy("Guides"), "stores.read"),
            ("contracts", gettext_lazy("Contracts"), "contracts.read"),
        ),
    ),
    (
        gettext_lazy("Settlement"),
        (
            ("costs", gettext_lazy("Costs and commission"), "commissions.read"),
            ("plans", gettext_lazy("Commission plans"), "plans.read"),
            ("attribution", gettext_lazy("Attribution"), "plans.read"),
            ("appeals", gettext_lazy("Appeals"), "commissions.read"),
            ("settlements", gettext_lazy("Settlement runs"), "ledger.read"),
            ("payouts", gettext_lazy("Payouts"), "ledger.read"),
            ("reconciliation", gettext_lazy("Reconciliation"), "ledger.read"),
            ("statements", gettext_lazy("Statements"), "ledger.read"),
            ("programmes", gettext_lazy("Stored value"), "ledger.read"),
            ("ledger", gettext_lazy("Ledger"), "ledger.read"),
        ),
    ),
    (gettext_lazy("Administration"), (("keys", gettext_lazy("Open platform"), "keys.write"),)),
)

TOPICS = {
    "contracts": "contract",
    "payouts": "payout",
    "appeals": "appeal",
    "ledger": "ledger",
}  # route → the kinds of notifications that are read there


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    section: str,
    period_label: str = "",
    status: int = 200,
) -> HttpResponse:
    """A whole page of headquarters; `section` is the route of its place in the navigation."""
    seat: Seat = request.seat
    frame = {
        "nav": navigation(seat, section),
        "merchant_name": seat.merchant.name,
        "merchant_mark": seat.merchant.name[:1],
        "scope_label": scope_label(seat),
        "period_label": period_label,
        "search_url": reverse("search"),
        "user_label": seat.user.name,
        "role_label": _(" and ").join(str(Role(role).label) for role in dict.fromkeys(seat.roles)),
        "sign_out_url": reverse("account_logout"),
    }
    return render(request, template, {**frame, **context}, status=status)


def navigation(seat: Seat, section: str) -> list[dict[str, Any]]:
    unread = inbox.unread_by_topic(seat.user)
    groups = []
    for label, places in SECTIONS:
        items = [
            {
                "url": reverse(route),
                "label": name,
                "current": route == section,
                "news": unread[TOPICS.get(route, "")],
            }
            for route, name, permission in places
            if seat.may(permission)
        ]
        if items:
            groups.append({"label": label, "items": items})
    return groups


def scope_label(seat: Seat) -> str:
    """Over which part of the tree the seat reads: the names of its units."""
    units = dict.fromkeys(apt.org_unit.name for apt in seat.appointments if apt.may("dashboard.use"))
    return _(", ").join(units)


def own_and_partners(request: HttpRequest, *, partners: bool) -> list[dict[str, Any]]:
    """The two sides of a merchant that owns brands and runs stores, as tabs; none for who has but one. What narrows
    the list goes along, the place in it does not."""
    merchant = request.seat.merchant
    if not (merchant.is_channel and merchant.is_brand_owner):
        return []
    kept = request.GET.copy()
    for place in ("before", "cursor"):
        kept.pop(place, None)
    tabs = []
    for where, label in (("own", _("Own stores")), ("partners", _("Partner stores"))):
        kept["where"] = where
        current = (where == "partners") == partners
        tabs.append({"url": f"?{kept.urlencode()}", "label": label, "current": current})
    return tabs
