"""The pages of 400, 403, 404, 500 and a refused form token: what happened, what is safe, what next.

The reference is the request's id, the one that stands in the log.
"""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from components.context import look


def reference(request: HttpRequest) -> str:
    """The request's id, as components.reference gave it; "" before it could."""
    return str(getattr(request, "request_id", "") or "")


def page(request: HttpRequest, status: int, template: str, **context: object) -> HttpResponse:
    words = render_to_string(template, {"reference": reference(request), **context}, request)
    return HttpResponse(words, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400, "400.html")


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A PermissionDenied may say in a translated sentence which role has the right; it is shown."""
    said = exception.args[0] if isinstance(exception, PermissionDenied) and exception.args else ""
    return page(request, 403, "403.html", reason=said)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: what broke the page may break them, too."""
    words = render_to_string("500.html", look(request) | {"reference": reference(request)})
    return HttpResponse(words, status=500)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW; the reason is for the log, it helps nobody on the page."""
    return page(request, 403, "csrf_failure.html")
