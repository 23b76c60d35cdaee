"""Find and permit together: what is not the seat's answers 404, what its role does not open 403."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from merchants.errors import NotFound
from merchants.scoping import Seat
from orders import oversight
from orders.oversight import SeenOrder

View = Callable[..., HttpResponse]


def needs(permission: str) -> Callable[[View], View]:
    """A page of headquarters that asks for one permission; Forbidden names the roles that carry it."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
            seat: Seat = request.seat
            seat.need("dashboard.use")
            seat.need(permission)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def absent() -> NotFound:
    return NotFound(
        "not_found", _("There is nothing here."), next_step=_("Go back to the list and choose again.")
    )


def order(request: HttpRequest, ref: str) -> SeenOrder:
    found = oversight.seen(request.seat, ref)
    if found is None:
        raise absent()
    return found
