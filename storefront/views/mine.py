"""What is the member's own: the card with store and guide, coupons, orders of this brand."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from coupons.issuing import code_of
from coupons.models import Coupon
from members.serving import serving
from merchants.finding import every
from orders.models import OrderLine
from storefront.access import Shop, coupon_in, coupons_in, members_only, shop_page, show

COUPONS, ORDERS = 20, 20


@require_GET
@shop_page
@members_only
def card(request: HttpRequest, shop: Shop) -> HttpResponse:
    now = timezone.now()
    home = shop.member.home_store
    context = {
        "binding": serving(brand=shop.brand, member=shop.member, at=now),
        "home": home,
        "opening": home and home.opening(now),
        "coupons": _listed(shop),
        "orders": _orders(shop, limit=3),
    }
    return show(request, shop, "parts/mine.html" if request.htmx else "me.html", context)


@require_GET
@shop_page
@members_only
def coupon(request: HttpRequest, shop: Shop, ref: str) -> HttpResponse:
    """One coupon: a code to show while it is usable, the stamp once it is redeemed. The fragment renews
    itself live."""
    found = coupon_in(shop, ref)
    now = timezone.now()
    usable = found.state == Coupon.State.ISSUED and found.usable_until > now
    context = {
        "coupon": found,
        "usable": usable,
        "begun": found.usable_from <= now,
        "code": code_of(found) if usable else "",
        "redemption": _redemption(found),
        "fresh": bool(request.htmx),
    }
    return show(request, shop, "parts/coupon.html" if request.htmx else "coupon.html", context)


@require_GET
@shop_page
@members_only
def orders(request: HttpRequest, shop: Shop) -> HttpResponse:
    return show(request, shop, "orders.html", {"orders": _orders(shop, limit=ORDERS)})


def _listed(shop: Shop) -> list[Coupon]:
    """Usable ones first, then what is past."""
    rows = list(coupons_in(shop)[:COUPONS])
    now = timezone.now()
    for row in rows:
        row.usable = row.state == Coupon.State.ISSUED and row.usable_until > now
    return sorted(rows, key=lambda row: not row.usable)


def _redemption(coupon: Coupon):
    if coupon.state != Coupon.State.REDEEMED:
        return None
    return coupon.redemptions.filter(rolled_back_at=None).select_related("store").first()


def _orders(shop: Shop, *, limit: int) -> list[dict]:
    """The member's purchases of this brand, newest first: its lines only, whatever else the receipt held."""
    own = every(OrderLine, by="about").filter(brand_member=shop.member, brand=shop.brand)
    lines = own.select_related("order__store", "sku").order_by("-order__paid_at", "-order_id", "number")
    found: dict[int, dict] = {}
    for line in lines[: limit * 10]:
        order = found.setdefault(line.order_id, {"order": line.order, "lines": [], "paid": 0, "refunded": 0})
        order["lines"].append(line)
        order["paid"] += line.paid
        order["refunded"] += line.refunded
    return list(found.values())[:limit]
