"""Redirects that keep people on pages: those that htmx asks for, and addresses that only take what is posted."""

from collections.abc import Callable
from pathlib import PurePosixPath

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseRedirectBase
from django.urls import is_valid_path
from django_htmx.http import HttpResponseClientRedirect

Answer = Callable[[HttpRequest], HttpResponse]


class WholePageRedirects:
    """Leads the page there. By itself the browser would follow within the fragment and put the other page into it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.htmx or not isinstance(response, HttpResponseRedirectBase):
            return response
        led = HttpResponseClientRedirect(response.url)
        led.cookies = response.cookies
        return led


class PostedLeadsUp:
    """Who comes back by GET to an address that only takes posts, after reloading a refused form or changing the
    language there, is led to the page above it; an empty 405 would be a dead end."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        in_browser = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if not in_browser or not isinstance(response, HttpResponseNotAllowed):
            return response
        above = (f"{path}/".replace("//", "/") for path in PurePosixPath(request.path_info).parents)
        return HttpResponseRedirect(next((path for path in above if is_valid_path(path)), "/"))
