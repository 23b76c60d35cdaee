"""What the storefront may show to whom: a brand's pages to everybody, a member's to that member on this
device.

Nobody here has a seat. A page acts for the brand's merchant, and a shopper is a person with a session of this
brand.
"""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from coupons.models import Coupon
from events.record import Actor
from guides.models import Guide
from guides.serving import serving_the_brand
from members import consent
from members.identity import brand_member_of
from members.models import Consent, Member, ShopperSession
from members.shopper_sessions import session_for, token_in
from merchants.errors import NotFound
from merchants.finding import every, one
from merchants.models import Brand
from merchants.scoping import acting_for, brand_at
from stores.contracts import store_under_contract
from stores.models import Store

View = Callable[..., HttpResponse]


@dataclass
class Shop:
    """A brand's storefront as one request sees it. `session` is a proven phone, `member` the brand's member
    of it."""

    brand: Brand
    session: ShopperSession | None
    member: Member | None
    consents: dict[str, bool] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        return Actor.person(self.session.person.ref) if self.session else Actor.system("storefront")

    @property
    def brand_name(self) -> str:
        return self.brand.local_name

    def url(self, name: str, **kwargs: Any) -> str:
        return reverse(f"storefront:{name}", kwargs={"brand": self.brand.slug, **kwargs})


def shop_page(view: View) -> View:
    """A page of one brand's storefront: `view(request, shop, …)` runs for the brand's merchant, in its time
    zone."""

    @wraps(view)
    def page(request: HttpRequest, brand: str, **place: Any) -> HttpResponse:
        found = brand_at(brand)
        if found is None:
            raise NotFound(
                "brand.unknown",
                _("There is no brand at this address."),
                next_step=_("Check the address, or scan the code in the store again."),
            )
        zone = zoneinfo.ZoneInfo(found.merchant.time_zone)
        with acting_for(found.merchant), timezone.override(zone):
            response = view(request, _shop(request, found), **place)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return page


def members_only(view: View) -> View:
    """For the brand's member; whoever is not signed in goes to the sign-in and comes back."""

    @wraps(view)
    def page(request: HttpRequest, shop: Shop, **place: Any) -> HttpResponse:
        if shop.member:
            return view(request, shop, **place)
        if shop.session:
            return redirect(shop.url("join"))
        back = {"next": request.path} if request.method == "GET" else {}
        return redirect(f"{shop.url('sign_in')}?{urlencode(back)}")

    return page


def show(
    request: HttpRequest, shop: Shop, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The page with the brand's frame around it."""
    frame = {
        "shop": shop,
        "slug": shop.brand.slug,
        "brand_name": shop.brand_name,
        "brand_mark": shop.brand.seal,
        "home_url": shop.url("landing"),
    }
    return render(request, f"storefront/{template}", {**frame, **context}, status=status)


def store_in(shop: Shop, ref: str) -> tuple[Store, bool]:
    """(store, whether it carries the brand now); NotFound for one that never did."""
    now = timezone.now()
    if store := store_under_contract(brand=shop.brand, store_ref=ref, at=now):
        return store, True
    if store := store_under_contract(brand=shop.brand, store_ref=ref):
        return store, False
    raise NotFound(
        "store.unknown",
        _("There is no such store of this brand."),
        next_step=_("Look for the stores near you."),
    )


def guide_in(shop: Shop, ref: str) -> tuple[Guide, Store] | None:
    return serving_the_brand(brand=shop.brand, guide_ref=ref, at=timezone.now())


def coupon_in(shop: Shop, ref: str) -> Coupon:
    """The member's own coupon; NotFound for anybody else's."""
    return one(coupons_in(shop), ref=ref)


def coupons_in(shop: Shop):
    """The member's coupons that count for this brand, the newest first."""
    rows = every(Coupon).filter(member=shop.member).select_related("campaign__brand", "campaign__sku")
    return rows.filter(campaign__brand=shop.brand).order_by("-issued_at", "-id")


def _shop(request: HttpRequest, brand: Brand) -> Shop:
    session = session_for(token_in(request, brand), brand=brand)
    if session is None:
        return Shop(brand, None, None)
    member = brand_member_of(person=session.person, merchant=brand.merchant)
    consents = consent.standing(member=member, brand=brand) if member else {}
    if not consents.get(Consent.Purpose.MEMBERSHIP):
        member = (
            None  # known to the merchant, perhaps through another of its brands; not a member of this one
        )
    return Shop(brand, session, member, consents)
