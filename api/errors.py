"""Every refusal is one problem document (RFC 9457): a stable code, what happened, and the next step."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from merchants.errors import DomainError, NotFound

logger = logging.getLogger(__name__)

TITLES = {
    400: _("The request could not be read"),
    401: _("The key was not accepted"),
    403: _("The key may not do this"),
    404: _("Not found"),
    405: _("This address does not take that method"),
    406: _("Only JSON is answered"),
    409: _("Used before for something else"),
    413: _("The body is too large"),
    415: _("Only JSON is read"),
    422: _("Understood, but not possible"),
    429: _("Too many calls"),
    500: _("Something failed on our side"),
    503: _("Busy for a moment"),
}


class Unauthenticated(DomainError):
    status = 401


class Unreadable(DomainError):
    """The request as such is at fault: no JSON, a header missing."""

    status = 400


class TooMany(DomainError):
    status = 429


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """The problem document for whatever a call raised; DRF's exception handler."""
    request = context["request"]
    headers: dict[str, str] = {}
    errors = None
    if isinstance(error, DomainError):
        refusal = error
    elif isinstance(error, exceptions.ValidationError):
        refusal, errors = invalid_input(error)
    elif type(error) in FRAMEWORK:
        refusal = FRAMEWORK[type(error)]()
    elif _is_of_the_moment(error):
        logger.warning("%s: %s", request.request_id, type(error).__name__)
        refusal, headers = busy(), {"Retry-After": "1"}
    else:
        logger.exception("%s failed", request.request_id)
        refusal = failed(request.request_id)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tiandi"'
    if retry_after := refusal.extra.pop("retry_after", None):
        headers["Retry-After"] = str(retry_after)
    body = problem(refusal, request_id=request.request_id, errors=errors)
    return Response(body, status=refusal.status, headers=headers, content_type="application/problem+json")


def _is_of_the_moment(error: Exception) -> bool:
    """A deadlock resolved, a lock not got, the database restarting. Of a server that died while it answered, the
    driver may know no more than that it failed (a bare DatabaseError), and then that the connection is closed."""
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def problem(
    refusal: DomainError, *, request_id: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    body = {
        "type": f"urn:tiandi:problem:{refusal.code}",
        "title": TITLES[refusal.status],
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.message,
        "next_step": refusal.next_step,
        "field": refusal.field or None,
        "request_id": request_id,
    }
    return body | ({"errors": errors} if errors else {}) | refusal.extra


def invalid_input(error: exceptions.ValidationError) -> tuple[DomainError, list[dict[str, str]]]:
    faults = list(_faults(error.get_full_details()))
    first = faults[0]
    refusal = DomainError(
        "input.invalid",
        first["message"],
        next_step=_("Correct the fields listed under “errors” and send the request again."),
        field=first["field"],
    )
    return refusal, faults


def _faults(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested details as a flat list, each with the path of its field: `lines[0].quantity`."""
    if isinstance(details, Mapping) and isinstance(details.get("message"), str):
        yield {"field": path, "code": details["code"], "message": details["message"]}
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            step = "" if name == "non_field_errors" else f"[{name}]" if isinstance(name, int) else f".{name}"
            yield from _faults(inner, f"{path}{step}".lstrip("."))
    else:
        of_one_field = all(isinstance(item.get("message"), str) for item in details)
        for number, item in enumerate(details):
            yield from _faults(item, path if of_one_field else f"{path}[{number}]")


def not_json() -> DomainError:
    return Unreadable(
        "request.not_json",
        _("The body is not valid JSON."),
        next_step=_("Send a JSON object, encoded in UTF-8."),
    )


def not_storable() -> DomainError:
    return Unreadable(
        "request.not_storable",
        _("The request holds a character that cannot be kept: NUL, or half of a surrogate pair."),
        next_step=_("Remove it and send the request again."),
    )


def too_deep() -> DomainError:
    return Unreadable(
        "request.too_deep",
        _("The body is nested too deeply."),
        next_step=_("The shape of each body is described at /api/docs/."),
    )


def too_large() -> DomainError:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return _framed(
        413,
        "request.too_large",
        _("The body is larger than %(most)s bytes.") % {"most": most},
        next_step=_("Send it in parts."),
    )


def not_marked_as_json() -> DomainError:
    return _framed(
        415,
        "request.media_type",
        _("The body is not marked as JSON."),
        next_step=_("Send the header Content-Type: application/json."),
    )


def only_json_is_answered() -> DomainError:
    return _framed(
        406,
        "request.accept",
        _("Answers are JSON only."),
        next_step=_("Send the header Accept: application/json."),
    )


def no_such_method() -> DomainError:
    return _framed(
        405,
        "request.method",
        _("This address does not take that method."),
        next_step=_("The methods of each address are listed at /api/docs/."),
    )


def no_such_address() -> DomainError:
    return NotFound(
        "request.no_such_address",
        _("There is nothing at this address."),
        next_step=_("The addresses are listed at /api/docs/."),
    )


def no_such_id(where: str, *, by_code: bool) -> DomainError:
    """`where` is the path of the list that tells the ids."""
    next_step = (
        _("Take the “id” that GET %(where)s?code=… answers for your code.")
        if by_code
        else _("Take the “id” that GET %(where)s answers.")
    )
    return NotFound(
        "request.no_such_address",
        _("There is nothing at this address: it names a record by our id, not by a code or number of yours."),
        next_step=next_step % {"where": where},
    )


def busy() -> DomainError:
    return _framed(
        503,
        "server.busy",
        _("The request could not be finished now; nothing was kept."),
        next_step=_("Send it again with the same Idempotency-Key."),
    )


def failed(request_id: str) -> DomainError:
    return _framed(
        500,
        "server.failed",
        _("Something failed on our side; nothing was kept."),
        next_step=_("Send it again with the same Idempotency-Key. If it fails again, tell us the id %(id)s.")
        % {"id": request_id},
    )


def _framed(status: int, code: str, message: Any, *, next_step: Any) -> DomainError:
    refusal = DomainError(code, message, next_step=next_step)
    refusal.status = status
    return refusal


FRAMEWORK: dict[type[Exception], Callable[[], DomainError]] = {
    exceptions.ParseError: not_json,
    exceptions.UnsupportedMediaType: not_marked_as_json,
    exceptions.NotAcceptable: only_json_is_answered,
    exceptions.MethodNotAllowed: no_such_method,
    exceptions.NotFound: no_such_address,
    Http404: no_such_address,
}
