"""Who stands at this phone, and which rows they may open. What is not theirs is not there: 404."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import Appeal
from coupons import campaigns
from coupons.models import Campaign
from guides.duty import assignment_of
from guides.models import Guide
from members.followups import open_for
from members.models import FollowUp, Member
from members.visibility import visible_to as members_of
from merchants.business_day import business_date
from merchants.errors import Forbidden
from merchants.finding import every, not_found, one
from merchants.roles import lacking
from merchants.scoping import Seat
from orders.models import Order
from orders.visibility import visible_to as orders_of
from stores.models import Store


@dataclass(frozen=True)
class Desk:
    """A guide at the store they serve at now."""

    seat: Seat
    guide: Guide
    store: Store

    @property
    def day(self) -> date:
        """The store's business date."""
        cut_off = self.seat.merchant.cut_off
        return business_date(timezone.now(), zone=self.store.time_zone, cut_off=cut_off)


class NoPost(Forbidden):
    """The role opens the workbench, but it serves from a store, and this user has no post at one."""


def desk(request: HttpRequest, permission: str = "workbench.use") -> Desk:
    """The guide of this request's seat at their store. Forbidden without the role there, NoPost without a post
    today."""
    seat = cast(Seat, request.seat)
    seat.need("workbench.use")
    seat.need(permission)
    own = every(Guide).filter(user=seat.user, status=Guide.Status.ACTIVE)
    guide = own.select_related("merchant", "user").first()
    post = assignment_of(guide=guide, at=timezone.now()) if guide else None
    if guide is None:
        raise NoPost(
            "workbench.no_guide",
            _("The workbench is where guides serve at a store, and you are not a guide of this merchant."),
            next_step=_(
                "To serve as well, have headquarters hire you as a guide of your store; its system does so by "
                "the API. Then open this page again."
            ),
        )
    if post is None:
        raise NoPost(
            "workbench.no_post",
            _("You are not posted to a store of this merchant today."),
            next_step=_("Ask your store manager for a post; then open this page again."),
        )
    seat.need(permission, over=post.store.org_unit.path)
    return Desk(seat, guide, post.store)


def served(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the workbench; who has no post is told how to get one, and where else to go meanwhile."""

    @wraps(view)
    def answered(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NoPost as refusal:
            context = {
                "refusal": refusal,
                "may_manage": request.seat.may("dashboard.use"),
                "seats": [seat for seat in request.seats if seat.merchant != request.seat.merchant],
            }
            return render(request, "workbench/no_post.html", context, status=403)

    return answered


def member(desk: Desk, ref: str, permission: str = "members.read") -> Member:
    """One whom one appointment both shows and carries the permission for."""
    found = one(members_of(desk.seat), ref=ref)
    if not may_with(desk, found, permission):
        raise lacking(permission, here=True)
    return found


def may_with(desk: Desk, member: Member, permission: str) -> bool:
    return members_of(desk.seat, permission=permission).filter(pk=member.pk).exists()


def sale(desk: Desk, ref: str) -> Order:
    return one(orders_of(desk.seat), ref=ref)


def sales_among(desk: Desk, refs: set[str]) -> set[str]:
    """Those of these sales that open at this phone."""
    return set(orders_of(desk.seat).filter(ref__in=refs).values_list("ref", flat=True)) if refs else set()


def sale_told(desk: Desk, number: str) -> Order | None:
    """The sale that a form of this number became, if it was confirmed."""
    told = orders_of(desk.seat).filter(channel=Order.Channel.WORKBENCH, external_no=number)
    return told.filter(teller=desk.seat.merchant).first()


def appeal(desk: Desk, ref: str) -> Appeal:
    """The guide's own."""
    return one(every(Appeal, by="party").filter(guide=desk.guide).select_related("merchant"), ref=ref)


def follow_up(desk: Desk, ref: str) -> FollowUp:
    return one(open_for(guide=desk.guide), ref=ref)


def campaign(desk: Desk, ref: str) -> Campaign:
    """One that can be sent from this store now."""
    found = next((row for row in campaigns.sendable(store=desk.store) if row.ref == ref), None)
    if found is None:
        raise not_found(Campaign)
    return found
