"""A merchant's own coupons, found by code or by who holds them; inside its scope."""

from datetime import datetime

from coupons.issuing import CODE_DIGITS, code_hash
from coupons.models import Coupon
from coupons.redemption import digits
from members.models import Member


def by_code(text: str) -> Coupon | None:
    """The acting merchant's coupon with this code, however it was typed; another merchant's is not found."""
    code = digits(text)
    if len(code) != CODE_DIGITS:
        return None
    rows = Coupon.objects.filter(code_hash=code_hash(code))
    return rows.select_related("campaign__brand", "member").first()


def usable_by(member: Member, *, at: datetime) -> int:
    """How many coupons the member can still use, those whose time has not begun yet included."""
    return Coupon.objects.filter(member=member, state=Coupon.State.ISSUED, usable_until__gt=at).count()


def held_by(member: Member, *, limit: int = 20) -> list[Coupon]:
    """The coupons a member was given, the newest first."""
    rows = Coupon.objects.filter(member=member).select_related("campaign", "sent_by", "store")
    return list(rows.order_by("-issued_at", "-id")[:limit])
