"""What happens, as it happens, and what happened before."""

from collections.abc import Collection

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.access import needs
from dashboard.frame import page
from events import stream
from flows import audience
from insights.telling import Told, tell

PAGE = 40
HIGHLIGHTS = (
    "member.joined",
    "coupon.redeemed",
    "order.paid",
    "order.lines_paid",
    "order.refunded",
    "order.lines_refunded",
)


@needs("overview.read")
def show(request: HttpRequest) -> HttpResponse:
    """A page of the feed; `?before=<seq>` goes back in time."""
    told = latest(request, limit=PAGE + 1, before=_number(request.GET.get("before")))
    more = told[PAGE - 1].seq if len(told) > PAGE else None
    context = {"told": told[:PAGE], "older": more, "live": "before" not in request.GET}
    return page(request, "dashboard/feed/page.html", context, section="feed_page")


@needs("overview.read")
def fragment(request: HttpRequest) -> HttpResponse:
    """The newest of everything with `?whole=1`, else the overview's few."""
    whole = bool(request.GET.get("whole"))
    told = latest(request, limit=PAGE) if whole else highlights(request)
    return render(request, "dashboard/feed/items.html", {"told": told})


def highlights(request: HttpRequest) -> list[Told]:
    """What the overview tells: members, sales, redemptions; not who earned what by each."""
    return latest(request, limit=8, kinds=HIGHLIGHTS)


def latest(
    request: HttpRequest, *, limit: int, before: int | None = None, kinds: Collection[str] = ()
) -> list[Told]:
    """The newest events the reader may see of the merchant acted for, told in sentences."""
    merchant = request.seat.merchant
    events = audience.of_user(request.user).among(stream.for_merchant(merchant.id)).newest_first()
    if kinds:
        events = events.filter(kind__in=kinds)
    if before is not None:
        events = events.filter(position__seq__lt=before)
    return tell(events[:limit], merchant=merchant)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None
