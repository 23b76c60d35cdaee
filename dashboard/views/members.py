"""Members: who they are to this merchant, who serves them, what they bought and allowed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from coupons import lookup
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import latest_first
from events import stream
from flows import audience
from insights import membership
from insights.telling import tell
from members import consent
from members.reveal import Reason, reveal
from members.search import matching
from members.sharing import brands_shared_with
from members.visibility import visible_to
from merchants.errors import DomainError
from orders import oversight

TIMELINE = 20


@needs("members.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?q=` searches names, pinyin, a phone or its last four digits."""
    text = request.GET.get("q", "")
    rows = matching(visible_to(request.seat), text).order_by("-joined_at", "-pk")
    found = latest_first(rows, request.GET.get("cursor", ""), moment="joined_at", key="pk")
    served = membership.served_by(found.rows, at=timezone.now())
    rows = [(member, served.get(member.id)) for member in found.rows]
    context = {"rows": rows, "next": found.next, "text": text}
    return page(request, "dashboard/members/index.html", context, section="members")


@needs("members.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    member, seat = access.member(request, ref), request.seat
    spent, purchases = oversight.worth_of(member, seat)
    now = timezone.now()
    served = membership.served_by([member], at=now).get(member.id)
    happened = stream.for_merchant(seat.merchant.id).concerning(member.ref).newest_first()
    events = audience.of_user(request.user).among(happened)[:TIMELINE]
    context = {
        "member": member,
        "served": served,
        "guides_seen": access.guides_among(request, [served.guide] if served else []),
        "shared": brands_shared_with(member=member),
        "spent": spent,
        "purchases": purchases,
        "orders": oversight.bought_by(member, seat),
        "coupons": lookup.held_by(member),
        "usable": lookup.usable_by(member, at=now),
        "now": now,
        "consents": consent.everywhere(member=member),
        "timeline": tell(events, merchant=seat.merchant),
        "reasons": Reason.choices,
        "may_reveal": access.may_with_member(request, member, "members.reveal"),
    }
    return page(request, "dashboard/members/show.html", context, section="members")


@require_POST
@needs("members.reveal")
def phone(request: HttpRequest, ref: str) -> HttpResponse:
    """The full number in place of the masked one; the look is an event."""
    member = access.member(request, ref, "members.reveal")
    try:
        number = reveal(member=member, by=request.seat.actor, reason=request.POST.get("reason", ""))
    except DomainError as refusal:
        context = {"member": member, "refusal": refusal, "reasons": Reason.choices}
        return render(request, "dashboard/members/reveal.html", context, status=422)
    answer = render(request, "dashboard/members/phone.html", {"member": member, "number": number})
    answer["Cache-Control"] = "no-store"
    return answer
