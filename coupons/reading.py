"""The coupons of a member, as the merchant that serves the member may see them."""

from datetime import datetime

from django.db.models import QuerySet
from django_scopes import scope

from coupons.models import Coupon, Redemption
from members.models import Member
from members.sharing import brands_shared_with
from orders.models import Order
from stores.models import Contract, Store


def of_member(member: Member, *, store: Store, at: datetime, limit: int = 20) -> list[Coupon]:
    """The member's own coupons, and those of brands that the shopper agreed to have known here, while
    the brand is sold at this store; usable ones first, then the newest."""
    with scope(merchant=store.merchant):
        sold = set(Contract.party.filter(store=store).live(at).values_list("brand", flat=True))
    found = _held(member, limit)
    for shared in brands_shared_with(member=member):
        if shared.brand_id in sold:
            found += [
                coupon
                for coupon in _held(shared.member, limit)
                if coupon.campaign.brand_id == shared.brand_id
            ]
    found.sort(key=lambda coupon: (not usable(coupon, at), -coupon.issued_at.timestamp()))
    return found[:limit]


def usable(coupon: Coupon, at: datetime) -> bool:
    return coupon.state == Coupon.State.ISSUED and coupon.usable_from <= at < coupon.usable_until


def _held(member: Member, limit: int) -> list[Coupon]:
    with scope(merchant=member.merchant):
        rows = Coupon.objects.filter(member=member).select_related("campaign__brand", "campaign__sku")
        return list(rows.order_by("-issued_at", "-id")[:limit])


def used_on(order: Order) -> list[Redemption]:
    """What counted on a sale, each with its campaign; inside the seller's scope."""
    return _counted(Redemption.party.filter(order=order))


def own_used_on(order: Order) -> list[Redemption]:
    """Of these, what the acting merchant's own campaigns gave, whoever sold."""
    return _counted(Redemption.objects.filter(order=order))


def _counted(redemptions: QuerySet[Redemption]) -> list[Redemption]:
    rows = redemptions.filter(rolled_back_at=None).select_related("coupon__campaign")
    return list(rows.order_by("id"))
