"""What a till shows before anything is done: a coupon's card, and a receipt priced with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django_scopes import scope

from coupons import redemption
from coupons.models import Coupon
from coupons.pricing import Priced
from flows.buyers import known_to
from flows.purchase import priced_with
from members.binding import binding_of
from members.models import Binding, Member
from merchants.errors import DomainError
from orders import receipts
from orders.facts import LineFacts
from orders.receipts import ReceiptLine
from stores.models import Store


@dataclass(frozen=True)
class CouponCard:
    """A coupon at a store. `member` is the store merchant's own member of who holds it; None without
    that consent."""

    coupon: Coupon
    code: str
    member: Member | None
    binding: Binding | None


@dataclass(frozen=True)
class Quote:
    """A receipt priced with its coupons, or without them and why they do not count (yet)."""

    lines: Sequence[ReceiptLine]
    priced: Priced
    refusal: DomainError | None = None

    @property
    def list_total(self) -> int:
        return sum(line.list_amount for line in self.lines)


def preview(*, code: str, store: Store, at: datetime | None = None) -> CouponCard:
    """What the redeem card shows; DomainError as `coupons.redemption.find`."""
    at = at or timezone.now()
    coupon = redemption.find(code=code, store=store, at=at)
    with scope(merchant=store.merchant):
        member = known_to(store.merchant, coupon.member)
    binding = binding_of(member=member, at=at) if member else None
    return CouponCard(coupon, redemption.digits(code), member, binding)


def quote(
    *, store: Store, lines: Sequence[LineFacts], coupons: Sequence[Coupon] = (), at: datetime | None = None
) -> Quote:
    """The lines at this store now, priced with coupons that `preview` found usable. DomainError for a line that
    cannot be sold; a coupon that these lines do not earn leaves the receipt without it and says why."""
    with scope(merchant=store.merchant):
        resolved = receipts.resolve(store=store, lines=lines, at=at or timezone.now())
    try:
        return Quote(resolved, priced_with(resolved, coupons))
    except DomainError as refusal:
        return Quote(resolved, priced_with(resolved, []), refusal)
