"""Sales as headquarters sees them, over the seat's subtree: its own stores' receipts whole, and of other
merchants' its brands' lines alone, with the money that reached it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from members.models import Member
from merchants.scoping import Seat
from orders import payments
from orders.models import Order, OrderLine
from orders.payments import Told


@dataclass(frozen=True)
class SeenOrder:
    """An order as far as the seat may see it. Unless `whole`, only `lines` may be shown, never a total, and of payments
    and refunds what `orders.payments` tells a merchant that did not sell it. A line's `catalogue_amount` is what as
    many cost by the catalogue today: a till or guide may have asked another price."""

    order: Order
    lines: Sequence[OrderLine]
    whole: bool
    money: Told

    @property
    def member(self) -> Member | None:
        """The seat's merchant's own member who bought; never the seller's, when that is another."""
        if self.whole:
            return self.order.member
        return next((line.brand_member for line in self.lines if line.brand_member), None)

    @property
    def fee(self) -> int:
        """Of the payments told."""
        return sum(payment.tender.fee for payment in self.money.payments)

    @property
    def list_total(self) -> int:
        return sum(line.list_amount for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def paid(self) -> int:
        return sum(line.paid for line in self.lines)

    @property
    def refunded(self) -> int:
        return sum(line.refunded for line in self.lines)


READ = "orders.read"
_CATALOGUE_AMOUNT = F("sku__list_price") * F("quantity")


def receipts_of(seat: Seat) -> QuerySet[Order]:
    """The orders of the seat's own stores in its subtree; inside its merchant's scope."""
    return Order.objects.filter(seat.within("store__org_unit__path", READ))


def lines_of(seat: Seat) -> QuerySet[OrderLine]:
    """The lines sold in the seat's own stores."""
    return OrderLine.objects.filter(seat.within("order__store__org_unit__path", READ))


def lines_elsewhere(seat: Seat) -> QuerySet[OrderLine]:
    """The lines of the seat's brands sold by other merchants' stores, by where contracts hang those."""
    elsewhere = ~Q(merchant=seat.merchant)
    return OrderLine.about.filter(elsewhere, seat.within("contract__brand_unit__path", READ))


def seen(seat: Seat, ref: str) -> SeenOrder | None:
    """The order of this ref, as far as it is the seat's to see; None when no part of it is."""
    with_names = ("sku", "brand", "contract", "brand_member")
    orders = receipts_of(seat).select_related("store__org_unit", "member", "merchant")
    order = orders.filter(ref=ref).first()
    if order is not None:
        own = OrderLine.objects.filter(order=order).annotate(catalogue_amount=_CATALOGUE_AMOUNT)
        lines = list(own.select_related(*with_names).order_by("number"))
        return SeenOrder(order, lines, whole=True, money=payments.of_own(order))
    lines = list(
        lines_elsewhere(seat)
        .filter(order__ref=ref)
        .annotate(catalogue_amount=_CATALOGUE_AMOUNT)
        .select_related("order__store", "order__merchant", "contract__brand_unit", *with_names)
        .order_by("number")
    )
    if not lines:
        return None
    told = payments.to_part(lines[0].order, lines)
    return SeenOrder(lines[0].order, lines, whole=False, money=told)


def lines_within(seat: Seat, seen: SeenOrder, permission: str) -> Sequence[OrderLine]:
    """Of the lines shown, those where the seat holds this permission as well: at the store, or where the contract
    hangs it."""
    if seen.whole:
        return seen.lines if seat.may(permission, over=seen.order.store.org_unit.path) else []
    placed = [(line, line.contract) for line in seen.lines]
    return [line for line, con in placed if con and seat.may(permission, over=con.brand_unit.path)]


def bought_by(member: Member, seat: Seat, *, limit: int = 10) -> list[dict[str, Any]]:
    """The member's purchases as far as they are the seat's to see: own receipts whole, elsewhere the lines of
    its brands that name the member; plain rows as `sold_here` gives, newest first, `whole` beside."""
    own = [row | {"whole": True} for row in sold_here(seat).filter(member=member)[:limit]]
    other = [row | {"whole": False} for row in sold_elsewhere(seat).filter(brand_member=member)[:limit]]
    return sorted(own + other, key=lambda row: row["paid_at"], reverse=True)[:limit]


def worth_of(member: Member, seat: Seat) -> tuple[int, int]:
    """(fen paid less refunds, number of purchases), over what the seat may see of the member."""
    rows = (
        lines_of(seat).filter(order__member=member),
        lines_elsewhere(seat).filter(brand_member=member),
    )
    sums = [lines.aggregate(net=Sum(F("paid") - F("refunded")), orders=_ORDERS) for lines in rows]
    return sum(each["net"] or 0 for each in sums), sum(each["orders"] for each in sums)


_ORDERS = Count("order", distinct=True)


def numbered(seat: Seat, text: str, *, limit: int) -> list[dict[str, Any]]:
    """Sales whose number or ref is the text, as plain rows."""
    own = sold_here(seat).filter(Q(external_no__iexact=text) | Q(ref=text))[:limit]
    other = sold_elsewhere(seat).filter(Q(order__external_no__iexact=text) | Q(order__ref=text))[:limit]
    return [*own, *other][:limit]


def sold_here(seat: Seat) -> QuerySet[Order, Any]:
    """Receipts of the seat's own stores as plain rows, newest first."""
    return (
        receipts_of(seat)
        .annotate(place=F("id"), paid=F("paid_total"), refunded=F("refunded_total"))
        .values(
            "place",
            "ref",
            "external_no",
            "channel",
            "paid_at",
            "paid",
            "refunded",
            store_name=F("store__name"),
        )
        .order_by("-paid_at", "-place")
    )


def sold_elsewhere(seat: Seat) -> QuerySet[OrderLine, Any]:
    """The same rows for other merchants' receipts, summed over the seat's own brands' lines alone."""
    return (
        lines_elsewhere(seat)
        .values(
            place=F("order_id"),
            ref=F("order__ref"),
            external_no=F("order__external_no"),
            channel=F("order__channel"),
            paid_at=F("order__paid_at"),
            store_name=F("order__store__name"),
        )
        .annotate(paid=Sum("paid"), refunded=Sum("refunded"))
        .order_by("-paid_at", "-place")
    )
