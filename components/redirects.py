"""Where a redirect leads when htmx asked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django_htmx.http import HttpResponseClientRedirect


class WholePageRedirects:
    """Leads the page there. By itself the browser would follow within the fragment and put the other page into it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.htmx or not isinstance(response, HttpResponseRedirectBase):
            return response
        led = HttpResponseClientRedirect(response.url)
        led.cookies = response.cookies
        return led
