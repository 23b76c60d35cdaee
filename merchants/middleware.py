"""Who is here, and for which merchant: pages ask for a sign-in and act for one merchant, all but a few.

`/api/` and `/s/` have principals of their own (a merchant's key; a shopper and a brand) and enter their
scopes themselves. `/admin/` belongs to the platform's operator, who acts for no merchant.
"""

import zoneinfo
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone

from merchants.errors import Forbidden, NotFound
from merchants.models import User
from merchants.scoping import Seat, acting_for, seats
from merchants.storable import is_storable

OWN_PRINCIPALS = ("/api/", "/s/")
PRIVATE = ("/hq/", "/w/", "/account/")
WITHOUT_SEAT = (*OWN_PRINCIPALS, "/admin/")
CHOSEN_MERCHANT = "merchant"  # session key: the ref of the merchant acted for

View = Callable[..., HttpResponse]


def seat_not_required(view: View) -> View:
    """For pages about the user only, such as their devices: they answer before anybody appointed the user."""
    view.seat_required = False  # type: ignore[attr-defined]
    return view


class PrivatePages:
    """Pages behind the sign-in show members: no cache keeps them, not even the browser's on a shared counter. What a
    view says for itself stands. The storefront says the same in storefront/access.py."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(PRIVATE):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class StorableText:
    """Answers 400 to text that PostgreSQL cannot take, here and once: every query of every page would fail on it,
    in a lookup as in a write. The API refuses it in its own words (api/parsing.py)."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any) -> None:
        if request.path_info.startswith("/api/"):
            return
        if not all(map(is_storable, _texts_of(request))):
            raise BadRequest("text that cannot be kept")


def _texts_of(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    yield from request.COOKIES.values()
    for name, values in chain(request.GET.lists(), request.POST.lists()):
        yield from (name, *values)


class SignInRequired(LoginRequiredMiddleware):
    """Login by default. A view opts out with Django's `login_not_required`; a test holds their list."""

    def process_view(self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any) -> Any:
        if request.path_info.startswith(OWN_PRINCIPALS):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: View) -> HttpResponse:
        """To the page that signs this user in: guides by phone. A fragment's whole page comes back to itself."""
        by_phone = request.path_info.startswith("/w/")
        url = resolve_url("account_request_login_code" if by_phone else settings.LOGIN_URL)
        return redirect_to_login(_page_of(request) if request.htmx else request.get_full_path(), url)


def _page_of(request: HttpRequest) -> str:
    """The page that a fragment is of, as its browser says; a header that is no URL is of none."""
    try:
        return request.htmx.current_url_abs_path or "/"
    except ValueError:
        return "/"


class ActingMerchant:
    """Sets `request.seats` and `request.seat`; runs the request for the seat's merchant, in its time zone.

    What a response streams is read after this has returned: a view that streams enters the scope itself.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.seats, request.seat = [], None
        if request.path_info.startswith(WITHOUT_SEAT) or not request.user.is_authenticated:
            return self.get_response(request)
        request.seats = seats(request.user)
        request.seat = chosen(request.seats, request.session.get(CHOSEN_MERCHANT))
        if request.seat is None:
            return self.get_response(request)
        merchant = request.seat.merchant
        with acting_for(merchant), timezone.override(zoneinfo.ZoneInfo(merchant.time_zone)):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any) -> Any:
        user: User = request.user
        if request.seat or not user.is_authenticated or request.path_info.startswith(WITHOUT_SEAT):
            return None
        if not getattr(view_func, "seat_required", True) or not getattr(view_func, "login_required", True):
            return None
        return render(request, "account/no_seat.html", status=403)


class Refusals:
    """What is not the user's answers 404; what the user's role does not open, 403 naming the roles that do.
    Other refusals answer something that was asked, and the view shows them where it was asked."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, NotFound):
            raise Http404 from exception
        if isinstance(exception, Forbidden):
            raise PermissionDenied(exception.words) from exception


def chosen(among: list[Seat], ref: str | None) -> Seat | None:
    """The seat the user switched to, while it lasts; else the oldest."""
    return next((seat for seat in among if seat.merchant.ref == ref), among[0] if among else None)
