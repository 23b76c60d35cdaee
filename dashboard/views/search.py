"""⌘K: members, guides, stores, orders and coupons by whatever one has of them."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from coupons import lookup
from coupons.models import Coupon
from dashboard.access import needs
from dashboard.frame import page
from guides.visibility import matching as matching_guides
from guides.visibility import visible_to as guides_seen
from members.search import matching
from members.visibility import visible_to
from orders import oversight
from stores import visibility

FIRST = 6  # of each kind; more is found by saying more


@needs("overview.read")
def show(request: HttpRequest) -> HttpResponse:
    seat, text, now = request.seat, request.GET.get("q", "").strip()[:80], timezone.now()
    context: dict[str, object] = {"text": text}
    if text:
        partners = visibility.named(visibility.partner_stores(seat, at=now), text, path="store__")
        own = visibility.named(visibility.own_stores(seat), text).order_by("pinyin", "id")
        guides = matching_guides(guides_seen(seat, at=now), text)
        context |= {
            "members": list(matching(visible_to(seat), text).order_by("-pk")[:FIRST]),
            "stores": [*own[:FIRST], *(contract.store for contract in partners[:FIRST])],
            "guides": list(guides.order_by("pinyin", "pk")[:FIRST]),
            "orders": oversight.numbered(seat, text, limit=FIRST),
            "coupon": _coupon(request, text),
        }
    context["found"] = any(context.get(kind) for kind in ("members", "guides", "stores", "orders", "coupon"))
    return page(request, "dashboard/search/show.html", context, section="search")


def _coupon(request: HttpRequest, text: str) -> Coupon | None:
    """An own coupon, if its member is the seat's to see."""
    coupon = lookup.by_code(text)
    if coupon and visible_to(request.seat).filter(pk=coupon.member_id).exists():
        return coupon
    return None
