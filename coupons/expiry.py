"""Coupons whose time has passed are marked so, merchant by merchant. Pages and redemption judge by the
clock anyway."""

from datetime import datetime

from django_scopes import scope

from coupons.models import Coupon
from merchants.models import Merchant


def expire(*, at: datetime) -> int:
    """Mark every coupon that could still be used and ended by `at`: how many. Safe to run twice, or at
    once."""
    due = Merchant.objects.filter(coupons__state=Coupon.State.ISSUED, coupons__usable_until__lte=at)
    marked = 0
    for merchant in due.distinct().order_by("id"):
        with scope(merchant=merchant):
            issued = Coupon.objects.filter(state=Coupon.State.ISSUED, usable_until__lte=at)
            marked += issued.update(state=Coupon.State.EXPIRED)
    return marked
