"""我的: who I am here, my messages, how the phone looks, and out."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from notifications import inbox
from workbench import access, shell
from workbench.telling import told


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    desk = access.desk(request)
    context = {
        "desk": desk,
        "unread": inbox.unread_count(desk.seat.user),
        "seats": request.seats if len(request.seats) > 1 else [],
    }
    return shell.page(request, "mine/mine", context, tab="mine")


@require_GET
def messages(request: HttpRequest) -> HttpResponse:
    """To have seen them is to have read them; what comes in meanwhile stays unread."""
    desk = access.desk(request)
    newest = inbox.newest(desk.seat.user)
    shown = told(newest, seat=desk.seat, guide=desk.guide)
    if newest:
        inbox.mark_read(desk.seat.user, upto=newest[0].seq)
    return shell.page(request, "mine/messages", {"desk": desk, "shown": shown})
