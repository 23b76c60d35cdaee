"""An order as a merchant may read it: the seller the whole receipt, a brand owner its own lines and of the money what
reached itself."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from members.models import Member
from members.sharing import known_as_one
from merchants.finding import not_found
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders import payments
from orders.models import Order, OrderLine, Refund, RefundLine, Tender, Touch
from orders.payments import Told


@dataclass(frozen=True)
class Receipt:
    """`whole` is the seller's: only then are totals and the seller's member to be shown. Of payments and refunds
    `money` holds what `orders.payments` tells the reader."""

    order: Order
    lines: Sequence[OrderLine]
    touches: Sequence[Touch]
    whole: bool
    money: Told = Told()


def receipt(ref: str, *, reader: Merchant) -> Receipt:
    """One order, inside the reader's scope; NotFound unless the reader sold it or owns a brand on it."""
    if order := receipts().filter(ref=ref).first():
        return whole(order)
    own = OrderLine.about.filter(order__ref=ref).select_related(
        "order__store", "order__merchant", "sku", "brand", "brand_member"
    )
    lines = list(own.order_by("number"))
    if not lines:
        raise not_found(Order)
    order = lines[0].order
    with acting_for(order.merchant):  # who served is shared with the owner of what was sold
        touches = list(Touch.objects.filter(order=order).select_related("guide"))
        kept = touches_for(touches, order=order, members=[lines[0].brand_member])[lines[0].brand_member]
    return Receipt(order, lines, kept, whole=False, money=payments.to_part(order, lines))


def touches_for(
    touches: Sequence[Touch],
    *,
    order: Order,
    members: Iterable[Member | None],
    as_one: Collection[tuple[int, int]] | None = None,
) -> dict[Member | None, list[Touch]]:
    """What a brand owner may know of the touches, by its own member of the shopper (None: it has none).

    A bound guide tells that the store's merchant knows the shopper, so it is told only where the shopper let the
    two be known as one. `as_one` are such pairs, if they were read for many orders at once. Inside the seller's scope.
    """
    told = [touch for touch in touches if touch.kind != Touch.Kind.BOUND]
    known = [member for member in members if member is not None]
    if not known or order.member is None or len(told) == len(touches):
        as_one = ()
    elif as_one is None:
        as_one = known_as_one(members=known, counterparts=[order.member])
    return {None: told} | {
        member: list(touches) if (member.id, order.member_id) in as_one else told for member in known
    }


def receipts() -> QuerySet[Order]:
    """The acting merchant's own sales, each with all that `whole` reads; statements do not grow with the rows."""
    lines = OrderLine.objects.select_related("sku", "brand", "brand_member").order_by("number")
    touches = Touch.objects.select_related("guide").order_by("id")
    tenders = Tender.objects.select_related("collector", "programme").order_by("number")
    backs = Prefetch("lines", RefundLine.objects.order_by("id"), to_attr="read_lines")
    refunds = Refund.objects.prefetch_related(backs).order_by("id")
    return Order.objects.select_related("store", "member").prefetch_related(
        Prefetch("lines", lines, to_attr="read_lines"),
        Prefetch("touches", touches, to_attr="read_touches"),
        Prefetch("tenders", tenders, to_attr="read_tenders"),
        Prefetch("refunds", refunds, to_attr="read_refunds"),
    )


def whole(order: Any) -> Receipt:
    """An order of `receipts()`, for its seller."""
    refunds = [(refund, refund.read_lines) for refund in order.read_refunds]
    told = payments.to_seller(order.read_tenders, refunds)
    return Receipt(order, order.read_lines, order.read_touches, True, told)


def parts_of(order_ids: Sequence[int]) -> dict[int, int]:
    """How much there is to book of each: its lines times its payments. Inside the seller's scope."""
    lines = (
        OrderLine.objects.filter(order__in=order_ids).values_list("order").annotate(n=Count("pk")).order_by()
    )
    tenders = (
        Tender.objects.filter(order__in=order_ids).values_list("order").annotate(n=Count("pk")).order_by()
    )
    paid_by = dict(tenders)
    return {order: count * paid_by.get(order, 1) for order, count in lines}
