"""会员: whom the guide serves, and one of them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from coupons import reading
from members import consent, followups, search
from members.binding import binding_of
from members.models import Consent
from members.reveal import Reason, reveal
from members.sharing import brands_shared_with
from members.visibility import visible_to
from merchants.errors import DomainError
from orders.visibility import visible_to as orders_of
from workbench import access, shell

PAGE = 30
LAST_SALES = 5


@require_GET
def members(request: HttpRequest) -> HttpResponse:
    """The guide's own (`whose=mine`, the first) or the store's; `q` is a name, pinyin, a phone or its
    tail."""
    desk = access.desk(request)
    whose, text = request.GET.get("whose", "mine"), request.GET.get("q", "")
    rows = visible_to(desk.seat)
    if whose == "mine":
        rows = search.bound_to(rows, desk.guide, at=timezone.now())
    else:
        rows = rows.filter(home_store=desk.store)
    found = search.matching(rows, text).order_by("-joined_at", "-id")
    context = {
        "desk": desk,
        "whose": whose,
        "q": text,
        "shown": Paginator(found, PAGE).get_page(request.GET.get("page")),
    }
    if request.htmx:
        return shell.fragment(request, "members/_list", context)
    return shell.page(request, "members/members", context, tab="members")


@require_GET
def member(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request)
    member, now = access.member(desk, ref), timezone.now()
    sales = orders_of(desk.seat).filter(member=member).order_by("-paid_at")[:LAST_SALES]
    consents = consent.everywhere(member=member)
    context = {
        "desk": desk,
        "member": member,
        "now": now,
        "tasks": followups.open_for(guide=desk.guide).filter(member=member),
        "binding": binding_of(member=member, at=now),
        "brands": brands_shared_with(member=member),
        "coupons": [
            (coupon, reading.usable(coupon, now))
            for coupon in reading.of_member(member, store=desk.store, at=now)
        ],
        "sales": sales,
        "consents": consents,
        "no_offers": any(row.purpose == Consent.Purpose.MARKETING and not row.granted for row in consents),
        "may_reveal": access.may_with(desk, member, "members.reveal"),
        "reasons": Reason.choices,
    }
    return shell.page(request, "members/member", context)


@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest, ref: str) -> HttpResponse:
    """The full number, for a reason; that somebody looked is an event. GET is its address loaded again."""
    if request.method == "GET":
        return redirect("workbench:member", ref=ref)
    desk = access.desk(request, "members.reveal")
    member = access.member(desk, ref, "members.reveal")
    try:
        number = reveal(member=member, by=desk.seat.actor, reason=request.POST.get("reason", ""))
    except DomainError as refusal:
        return shell.fragment(request, "_refusal", {"refusal": refusal}, status=422)
    return shell.fragment(request, "members/_phone", {"number": number})
