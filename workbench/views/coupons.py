"""Send a coupon: choose, confirm, sent."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from coupons import campaigns, issuing
from members import followups
from merchants.errors import DomainError
from merchants.refs import new_ref
from workbench import access, shell


@require_GET
def choose(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request, "coupons.send")
    member = access.member(desk, ref, "coupons.send")
    offered = campaigns.sendable(store=desk.store)
    reachable = campaigns.that_reach(offered, member=member)
    context = {
        "member": member,
        "campaigns": reachable,
        "unreached": [campaign for campaign in offered if campaign not in reachable],
    }
    return shell.page(request, "members/choose_campaign", context)


@require_http_methods(["GET", "POST"])
def send(request: HttpRequest, ref: str, campaign_ref: str) -> HttpResponse:
    """The claim key stands in the form: sent twice, it is one coupon. To who allows no offers it goes only on their
    own word, which the guide ticks."""
    desk = access.desk(request, "coupons.send")
    member = access.member(desk, ref, "coupons.send")
    campaign = access.campaign(desk, campaign_ref)
    context = {"member": member, "campaign": campaign, "claim_key": new_ref("clm")}
    try:
        context["no_offers"] = no_offers = issuing.offers_refused(campaign=campaign, member=member)
        if request.method == "GET":
            return shell.page(request, "members/send_coupon", context)
        if no_offers and request.POST.get("asked_for") != "on":
            raise DomainError(
                "coupon.no_offers",
                _("%(member)s does not allow offers to be sent.") % {"member": member},
                next_step=_("Send it only if they asked you for it, and tick that they did."),
                field="asked_for",
            )
        issuing.issue(
            campaign=campaign,
            member=member,
            claim_key=f"workbench:{desk.guide.ref}:{request.POST.get('claim_key', '')[:40]}",
            guide=desk.guide,
            store=desk.store,
            by=desk.seat.actor,
        )
    except DomainError as refusal:
        return shell.page(request, "members/send_coupon", context | {"refusal": refusal}, status=422)
    followups.welcomed(member=member, guide=desk.guide, by=desk.seat.actor)
    words = _("“%(name)s” is sent. %(left)s are left.")
    messages.success(request, words % {"name": campaign.name, "left": f"{campaigns.left(campaign):,}"})
    return redirect("workbench:member", ref=member.ref)
