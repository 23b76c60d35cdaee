"""A shopper joins in two screens, or signs in again on another phone. A session is a proven phone; joining
needs one.

The code is spent only when everything else on the screen is right; a wrong one is said with the other faults. If
joining is refused after that, the shopper stays signed in and need not ask for another code.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from flows.joining import join_brand
from guides.models import Guide
from members import phone_codes, shopper_sessions
from members.identity import person_for
from members.models import Consent
from merchants.client_ip import client_ip
from merchants.errors import DomainError
from storefront import asked
from storefront.access import Shop, guide_in, shop_page, show, store_in
from storefront.forms import BoxesForm, CodeForm, JoinForm, PhoneForm, put_fault
from stores.models import Store

PURPOSE = "shopper"


@require_http_methods(["GET", "POST"])
@shop_page
def join(request: HttpRequest, shop: Shop) -> HttpResponse:
    """The first screen, a phone; for a proven phone the boxes at once."""
    where = _where(shop, request.POST if request.method == "POST" else request.GET)
    if where is None:
        messages.info(request, _("First choose the store where you want to be a member."))
        return redirect(shop.url("landing"))
    place, guide = where
    if shop.session:
        return _boxes(request, shop, place, guide)
    form = PhoneForm(request.POST or None, initial=_hidden(place, guide))
    if request.method == "POST" and form.is_valid() and _sent(request, form):
        return asked.remember(
            redirect(f"{shop.url('confirm')}?{urlencode(_hidden(place, guide))}"),
            shop=shop,
            phone=form.cleaned_data["phone"],
        )
    context = {"form": form, "store": place, "guide": guide}
    return show(request, shop, "join.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@shop_page
def confirm(request: HttpRequest, shop: Shop) -> HttpResponse:
    """The second screen: code, name, consents."""
    where = _where(shop, request.POST if request.method == "POST" else request.GET)
    if where is None:
        return redirect(shop.url("landing"))
    place, guide = where
    if request.method == "GET":
        phone = asked.phone(request)
        if shop.session or not phone:
            return redirect(f"{shop.url('join')}?{urlencode(_hidden(place, guide))}")
        form = JoinForm(initial=_hidden(place, guide) | {"phone": phone}, asks=_asks(shop, place))
        return _confirm_page(request, shop, place, guide, form, phone)
    form = JoinForm(request.POST, asks=_asks(shop, place))
    if not form.is_valid():
        told = form.cleaned_data
        if {"phone", "code"} <= told.keys() and (
            wrong := phone_codes.fault(phone=told["phone"], purpose=PURPOSE, code=told["code"])
        ):
            put_fault(form, wrong)
        return _confirm_page(
            request, shop, place, guide, form, form.cleaned_data.get("phone", ""), status=422
        )
    phone = form.cleaned_data["phone"]
    try:
        phone_codes.check(phone=phone, purpose=PURPOSE, code=form.cleaned_data["code"])
    except DomainError as refusal:
        put_fault(form, refusal)
        return _confirm_page(request, shop, place, guide, form, phone, status=422)
    return _signed_in(request, shop, phone, lambda: _joined(request, shop, place, guide, form))


@require_http_methods(["GET", "POST"])
@shop_page
def sign_in(request: HttpRequest, shop: Shop) -> HttpResponse:
    if shop.member:
        return redirect(shop.url("me"))
    form = PhoneForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    if request.method == "POST" and form.is_valid() and _sent(request, form):
        there = f"{shop.url('sign_in_code')}?{urlencode({'next': form.cleaned_data['next']})}"
        return asked.remember(redirect(there), shop=shop, phone=form.cleaned_data["phone"])
    return show(request, shop, "sign_in.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@shop_page
def sign_in_code(request: HttpRequest, shop: Shop) -> HttpResponse:
    if request.method == "GET":
        phone, back = asked.phone(request), request.GET.get("next", "")
        if shop.member or not phone:
            return redirect(f"{shop.url('sign_in')}?{urlencode({'next': back})}")
        return _code_page(request, shop, CodeForm(initial={"phone": phone, "next": back}), phone)
    form = CodeForm(request.POST)
    phone = form.data.get("phone", "")
    if form.is_valid():
        phone = form.cleaned_data["phone"]
        try:
            phone_codes.check(phone=phone, purpose=PURPOSE, code=form.cleaned_data["code"])
        except DomainError as refusal:
            put_fault(form, refusal)
        else:
            return _signed_in(request, shop, phone, lambda: redirect(_after(request, shop, form)))
    return _code_page(request, shop, form, phone, status=422)


@require_POST
@shop_page
def sign_out(request: HttpRequest, shop: Shop) -> HttpResponse:
    if shop.session:
        shopper_sessions.revoke(person=shop.session.person, ref=shop.session.ref)
    response = redirect(shop.url("landing"))
    shopper_sessions.drop(response, brand=shop.brand)
    messages.success(request, _("You are signed out on this device."))
    return response


def _boxes(request: HttpRequest, shop: Shop, place: Store, guide: Guide | None) -> HttpResponse:
    """For a proven phone. A member who scans a guide's code again may still allow the store to know them."""
    form = BoxesForm(request.POST or None, initial=_hidden(place, guide), asks=_asks(shop, place))
    if request.method == "POST" and form.is_valid():
        if not (shop.member and form.fields.get("known_to_store")) or any(form.consents().values()):
            return _joined(request, shop, place, guide, form)
        form.add_error(None, _("Nothing is ticked. Tick what you allow, or go back: all stays as it is."))
    context = {"form": form, "store": place, "guide": guide}
    return show(request, shop, "boxes.html", context, status=422 if form.errors else 200)


def _joined(
    request: HttpRequest, shop: Shop, place: Store, guide: Guide | None, form: BoxesForm
) -> HttpResponse:
    membership = {Consent.Purpose.MEMBERSHIP: True} if shop.member else {}  # asked for once
    try:
        joined = join_brand(
            brand=shop.brand,
            store=place,
            phone=shop.session.person.phone,
            name=form.cleaned_data["name"],
            consents=form.consents() | membership,
            guide=guide,
            by=shop.actor,
        )
    except DomainError as refusal:
        proven = BoxesForm(request.POST, asks=_asks(shop, place))
        proven.is_valid()
        put_fault(proven, refusal)
        context = {"form": proven, "store": place, "guide": guide}
        return show(request, shop, "boxes.html", context, status=422)
    names = {"brand": shop.brand_name, "guide": joined.guide.name if joined.guide else ""}
    known_now = joined.channel_member and form.consents().get(Consent.Purpose.STORE)
    if not joined.is_new and known_now and joined.guide:
        words = _("%(merchant)s knows you now, and %(guide)s is your guide there.")
        messages.success(request, words % (names | {"merchant": place.merchant.name}))
    elif not joined.is_new and known_now:
        messages.success(request, _("%(merchant)s knows you now.") % {"merchant": place.merchant.name})
    elif not joined.is_new:
        messages.info(
            request,
            _(
                "Good to see you again. You are a member of %(brand)s already, and what you allowed before"
                " still stands."
            )
            % names,
        )
    elif joined.guide:
        messages.success(request, _("Welcome to %(brand)s. %(guide)s is your guide now.") % names)
    else:
        messages.success(request, _("Welcome to %(brand)s.") % names)
    return redirect(shop.url("me"))


def _signed_in(request: HttpRequest, shop: Shop, phone: str, then) -> HttpResponse:
    """The phone is proven: open a session, go on, and let the browser keep it whatever came of the rest."""
    shop.session, token = shopper_sessions.open_session(
        person=person_for(phone=phone), brand=shop.brand, device=request.headers.get("User-Agent", "")
    )
    response = then()
    shopper_sessions.keep(response, brand=shop.brand, token=token)
    return response


def _sent(request: HttpRequest, form: PhoneForm) -> bool:
    """Whether a code is on its way; one sent a moment ago still counts, unless it is spent."""
    try:
        phone_codes.send(phone=form.cleaned_data["phone"], purpose=PURPOSE, ip=client_ip(request))
    except DomainError as refusal:
        if refusal.code != "code.too_soon" or refusal.extra["spent"]:
            put_fault(form, refusal)
            return False
        messages.info(request, refusal.words)
    return True


def _confirm_page(
    request: HttpRequest,
    shop: Shop,
    place: Store,
    guide: Guide | None,
    form: JoinForm,
    phone: str,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "store": place,
        "guide": guide,
        "phone": phone,
        **_code_sent(phone),
    }
    return show(request, shop, "confirm.html", context, status=status)


def _code_page(
    request: HttpRequest, shop: Shop, form: CodeForm, phone: str, status: int = 200
) -> HttpResponse:
    context = {"form": form, "phone": phone, **_code_sent(phone)}
    return show(request, shop, "sign_in_code.html", context, status=status)


def _code_sent(phone: str) -> dict[str, object]:
    """The code, in a demo, and how long the next one must wait."""
    return {
        "demo_code": phone_codes.demo_code(phone=phone),
        "wait": phone_codes.wait(phone=phone, purpose=PURPOSE),
    }


def _where(shop: Shop, given: QueryDict) -> tuple[Store, Guide | None] | None:
    """The store to join at, with the guide if their code was scanned; None when neither is named."""
    if given.get("guide") and (found := guide_in(shop, given["guide"])):
        guide, place = found
        return place, guide
    if given.get("store"):
        return store_in(shop, given["store"])[0], None
    return None


def _hidden(place: Store, guide: Guide | None) -> dict[str, str]:
    return {"store": place.ref, "guide": guide.ref if guide else ""}


def _asks(shop: Shop, place: Store) -> set[str]:
    """The purposes still to be asked for. At the brand's own store there is nobody else to be known to."""
    asks = {purpose for purpose in Consent.Purpose if not shop.consents.get(purpose)}
    return asks - {Consent.Purpose.STORE} if place.merchant_id == shop.brand.merchant_id else asks


def _after(request: HttpRequest, shop: Shop, form: CodeForm) -> str:
    wanted = form.cleaned_data["next"]
    if wanted.startswith(shop.url("landing")) and url_has_allowed_host_and_scheme(wanted, request.get_host()):
        return wanted
    return shop.url("me")
