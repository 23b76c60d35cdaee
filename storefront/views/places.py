"""Where the brand is: the landing page, stores near a place or in a city, one store, one guide."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from coupons.models import Campaign
from guides import duty, nearby
from members.serving import serving
from merchants.errors import DomainError
from merchants.finding import every
from storefront.access import Shop, guide_in, shop_page, show, store_in
from storefront.forms import PhoneForm
from stores.hours import special_today, week_lines
from stores.places import cities as cities_of
from stores.places import stores_in

NEAR = 100_000  # metres: beyond that, a list of cities helps more than a list of stores
WHY = {
    "refused": _("Your location was not shared. Choose a city instead."),
    "unavailable": _("Your location could not be found. Choose a city instead."),
}


@require_GET
@shop_page
def landing(request: HttpRequest, shop: Shop) -> HttpResponse:
    now = timezone.now()
    context = {"offer": _offer(shop), "provinces": cities_of(brand=shop.brand, at=now)}
    if shop.member:
        context["binding"] = serving(brand=shop.brand, member=shop.member, at=now)
        home = shop.member.home_store
        context |= {"home": home, "opening": home and home.opening(now)}
    return show(request, shop, "landing.html", context)


@require_GET
@shop_page
def nearest(request: HttpRequest, shop: Shop) -> HttpResponse:
    """The stores nearest to `?lng=&lat=`; without a place on the earth, the cities. A fragment for
    nearest.js."""
    now = timezone.now()
    try:
        place = {name: float(request.GET[name]) for name in ("lng", "lat")}
        near = nearby.nearest(brand=shop.brand, at=now, limit=5, **place)
    except (KeyError, ValueError, DomainError):
        return _cities(request, shop, WHY["unavailable"])
    near = [found for found in near if found.metres <= NEAR]
    if not near:
        return _cities(request, shop, _("No store within 100 km of you. Choose a city instead."))
    return show(request, shop, _whole_or(request, "nearest.html"), {"near": near})


@require_GET
@shop_page
def cities(request: HttpRequest, shop: Shop) -> HttpResponse:
    return _cities(request, shop, WHY.get(request.GET.get("why", ""), ""))


@require_GET
@shop_page
def city(request: HttpRequest, shop: Shop, province: str, city: str) -> HttpResponse:
    now = timezone.now()
    stores = stores_in(brand=shop.brand, province=province, city=city, at=now)
    guides = duty.on_duty_at(stores, at=now)
    rows = [{"store": store, "opening": store.opening(now), "guides": guides[store.id]} for store in stores]
    context = {"rows": rows, "province": province, "city": city}
    return show(request, shop, "city.html", context, status=200 if rows else 404)


@require_GET
@shop_page
def store(request: HttpRequest, shop: Shop, ref: str) -> HttpResponse:
    found, carries = store_in(shop, ref)
    now = timezone.now()
    context = {
        "store": found,
        "carries": carries,
        "trades": carries and found.status == found.Status.OPEN,
        "opening": found.opening(now),
        "week": week_lines(found.hours),
        "today": special_today(found.special_days, found.time_zone, now),
        "guides": duty.on_duty(store=found, at=now) if carries else [],
    }
    return show(request, shop, "store.html", context)


@require_GET
@shop_page
def guide(request: HttpRequest, shop: Shop, ref: str) -> HttpResponse:
    """A guide's card: what their code leads to, with the first screen of joining on it."""
    found = guide_in(shop, ref)
    if found is None:
        return show(request, shop, "guide_gone.html", {}, status=404)
    who, where = found
    now = timezone.now()
    context = {
        "guide": who,
        "store": where,
        "opening": where.opening(now),
        "on_duty": who in duty.on_duty(store=where, at=now),
        "binding": shop.member and serving(brand=shop.brand, member=shop.member, at=now),
        "form": PhoneForm(initial={"store": where.ref, "guide": who.ref}),
    }
    return show(request, shop, "guide.html", context)


def _cities(request: HttpRequest, shop: Shop, why: str) -> HttpResponse:
    provinces = cities_of(brand=shop.brand, at=timezone.now())
    return show(request, shop, _whole_or(request, "cities.html"), {"provinces": provinces, "why": why})


def _whole_or(request: HttpRequest, fragment: str) -> str:
    """The fragment for htmx, the same within a page for everybody else."""
    return f"parts/{fragment}" if request.htmx else fragment


def _offer(shop: Shop) -> Campaign | None:
    """One running campaign of the brand, the one that takes most off."""
    now = timezone.now()
    running = every(Campaign).filter(
        brand=shop.brand,
        kind=Campaign.Kind.FULL_REDUCTION,
        state=Campaign.State.ACTIVE,
        claim_from__lte=now,
        claim_until__gt=now,
    )
    return running.order_by("-amount_off", "id").first()
