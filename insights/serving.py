"""Guides as headquarters sees them: where they serve, how many members are theirs, what they sold and earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Sum

from commissions.models import Share
from guides import duty
from guides.models import Assignment, Guide
from insights.period import Period
from members.models import Binding
from merchants.scoping import Seat
from orders import takings


@dataclass(frozen=True)
class Serving:
    """One guide in a period; fen, after refunds. `post` is where they serve, served last or will begin."""

    guide: Guide
    post: Assignment | None
    on_duty: bool
    members: int
    sold: int
    sales: int
    earned: int

    def begins_later(self, at: datetime) -> bool:
        return self.post is not None and self.post.starts_at > at


def of_guides(seat: Seat, guides: Sequence[Guide], period: Period, *, at: datetime) -> list[Serving]:
    """A few questions however many they are; inside the seat's merchant. Sales and earnings count as far as the
    seat's roles reach: those of `orders.read` and `commissions.read`."""
    posts = _posts(guides, at)
    stores = {post.store_id: post.store for post in posts.values()}
    there = duty.on_duty_at(stores.values(), at=at)
    on_duty = {guide.pk for group in there.values() for guide in group}
    bound = Binding.objects.live(at).filter(guide__in=guides).values("guide").annotate(n=Count("pk"))
    members = dict(bound.order_by().values_list("guide", "n"))
    sold = takings.of_guides(
        guides,
        first=period.first,
        last=period.last,
        orders=seat.within("order__store__org_unit__path", "orders.read"),
    )
    earned = _earned(seat, guides, period)
    return [
        Serving(
            guide=guide,
            post=posts.get(guide.pk),
            on_duty=guide.pk in on_duty,
            members=members.get(guide.pk, 0),
            sold=sold.get(guide.pk, (0, 0))[0],
            sales=sold.get(guide.pk, (0, 0))[1],
            earned=earned.get(guide.pk, 0),
        )
        for guide in guides
    ]


def posts_of(guide: Guide) -> list[Assignment]:
    """Everywhere the guide served, serves and will serve, the latest first; inside the merchant."""
    return list(Assignment.objects.filter(guide=guide).select_related("store").order_by("-starts_at"))


def _posts(guides: Sequence[Guide], at: datetime) -> dict[int, Assignment]:
    rows = Assignment.objects.filter(guide__in=guides).select_related("store__merchant", "store__org_unit")
    coming = rows.filter(starts_at__gt=at).order_by("guide", "starts_at").distinct("guide")
    begun = rows.filter(starts_at__lte=at).order_by("guide", "-starts_at").distinct("guide")
    return {post.guide_id: post for found in (coming, begun) for post in found}


def _earned(seat: Seat, guides: Sequence[Guide], period: Period) -> dict[int, int]:
    """By whomever it is owed; as the guides themselves read it."""
    within = seat.within("store__org_unit__path", "commissions.read")
    shares = Share.payable.filter(
        within, guide__in=guides, split__business_date__range=(period.first, period.last)
    )
    rows = shares.values("guide").annotate(held=Sum(F("amount") - F("clawed"))).order_by()
    return dict(rows.values_list("guide", "held"))
