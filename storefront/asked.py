"""The phone a code was sent to, between the two screens: sealed in a cookie, so that the second screen is a page of
its own, which the back button and the language switch find again, and no address holds a phone."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from members.phone_codes import LIFETIME
from merchants import sealing
from storefront.access import Shop

COOKIE = "asked_phone"


def remember(response: HttpResponse, *, shop: Shop, phone: str) -> HttpResponse:
    response.set_cookie(
        COOKIE,
        sealing.seal(phone).decode(),
        max_age=LIFETIME,
        path=shop.url("landing"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def phone(request: HttpRequest) -> str:
    """E.164; "" when it was too long ago, or is none of ours."""
    try:
        text = sealing.unseal(request.COOKIES.get(COOKIE, "").encode())
    except RuntimeError:
        return ""
    return text if text.startswith("+") else ""
