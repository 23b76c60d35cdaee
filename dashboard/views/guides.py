"""Guides: who serves where, whom they look after, and what they sell and earn."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import by_name, latest_first
from dashboard.periods import asked_period, period_label, period_tabs
from guides.models import Guide
from guides.visibility import matching, visible_to
from insights import serving
from members.search import bound_to
from members.visibility import visible_to as members_seen
from orders import oversight
from stores import visibility as stores

MEMBERS, SALES = 12, 10


@needs("stores.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?q=` searches; `?store=sto_…` keeps to who serves there; `?status=left` to who left."""
    seat, now, period = request.seat, timezone.now(), asked_period(request)
    text, left = request.GET.get("q", ""), request.GET.get("status") == "left"
    guides = visible_to(seat, at=now).filter(status=Guide.Status.LEFT if left else Guide.Status.ACTIVE)
    store = stores.own_stores(seat).filter(ref=request.GET.get("store", "")).first()
    if store:
        guides = guides.filter(place=store.org_unit.path)
    rows = matching(guides, text).order_by("pinyin", "pk")
    found = by_name(rows, request.GET.get("cursor", ""), name="pinyin", key="pk")
    context = {
        "rows": serving.of_guides(seat, found.rows, period, at=now),
        "next": found.next,
        "text": text,
        "store": store,
        "left": left,
        "tabs": _tabs(left),
        "now": now,
        "may_see_earnings": seat.may("commissions.read"),
    }
    label = period_label(period)
    return page(request, "dashboard/guides/index.html", context, section="guides", period_label=label)


@needs("stores.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    guide, seat, now = access.guide(request, ref), request.seat, timezone.now()
    period = asked_period(request)
    (row,) = serving.of_guides(seat, [guide], period, at=now)
    own = bound_to(members_seen(seat), guide, at=now) if seat.may("members.read") else None
    sales = oversight.sold_here(seat).filter(touches__guide=guide, touches__kind="serving")
    context = {
        "row": row,
        "guide": guide,
        "posts": serving.posts_of(guide),
        "stores_seen": set(stores.own_stores(seat).values_list("pk", flat=True)),
        "members": list(own.order_by("-joined_at", "-pk")[:MEMBERS]) if own is not None else [],
        "orders": latest_first(sales, "", size=SALES).rows if seat.may("orders.read") else [],
        "now": now,
        "period": period,
        "periods": period_tabs(period),
        "may_see_earnings": _may_see_earnings(request, row),
    }
    label = period_label(period)
    return page(request, "dashboard/guides/show.html", context, section="guides", period_label=label)


def _may_see_earnings(request: HttpRequest, row: serving.Serving) -> bool:
    place = row.post.store.org_unit.path if row.post else ""
    return request.seat.may("commissions.read", over=place)


def _tabs(left: bool) -> list[dict[str, object]]:
    return [
        {"url": "?", "label": _("Those who serve"), "current": not left},
        {"url": "?status=left", "label": _("Those who left"), "current": left},
    ]
