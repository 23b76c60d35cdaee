"""A reference for every page: in X-Request-ID, on the error pages, and in the log beside the fault."""

import logging
import secrets
from collections.abc import Callable

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse

logger = logging.getLogger(__name__)
REFUSALS = (Http404, PermissionDenied, SuspiciousOperation)  # answers, not faults


class RequestReference:
    """Gives each request a `request_id`; what gives it another later (the API does) is listened to."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = f"req_{secrets.token_hex(8)}"
        response = self.get_response(request)
        response.headers.setdefault("X-Request-ID", request.request_id)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if not isinstance(exception, REFUSALS):
            logger.error("%s: %s at %s", request.request_id, type(exception).__name__, request.path)
