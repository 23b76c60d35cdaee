"""Sales are kept once, however often they are told. Locks: docs/adr/0005-locking.md."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from events.compiled import compiled
from events.record import Actor, Happening, record_many
from events.rows import write
from members.models import Member
from members.sharing import known_as_one
from merchants.business_day import business_date
from merchants.errors import Conflict
from merchants.models import Merchant
from orders.facts import OrderFacts, body_hash
from orders.models import Order, OrderLine, Tender, Touch
from orders.reading import touches_for
from orders.receipts import ReceiptLine
from orders.tendering import tendered
from orders.touching import Guides, touches_of

Number = tuple[str, str]  # channel and external number, of one seller and teller


@dataclass(frozen=True)
class Sale:
    """A sale that may be kept: its rows, unsaved until `keep`."""

    order: Order
    lines: list[OrderLine]
    touches: list[Touch]
    tenders: list[Tender]


def hold_number(*, merchant: Merchant, teller: Merchant, channel: str, external_no: str) -> None:
    """One story at a time about one order number of `teller`, until the transaction ends; also
    before the order is there, where no row could be locked: a sale told twice at once, and a refund that
    crosses its sale."""
    hold_numbers([(merchant, teller, channel, external_no)])


def hold_numbers(numbers: Iterable[tuple[Merchant, Merchant, str, str]]) -> None:
    """The same for many, each (merchant, teller, channel, external number): in one order, whoever asks."""
    _hold(
        f"order/{merchant.id}/{teller.id}/{channel}/{external_no}"
        for merchant, teller, channel, external_no in numbers
    )


def hold_refund_number(*, merchant: Merchant, teller: Merchant, channel: str, external_no: str) -> None:
    """The same for a refund's number, taken after its order's: one number told at once of two orders."""
    _hold([f"refund/{merchant.id}/{teller.id}/{channel}/{external_no}"])


def _hold(names: Iterable[str]) -> None:
    keys = {int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True) for name in names}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS k(key)", [sorted(keys)]
        )


def told_before(sales: Collection[OrderFacts], *, teller: Merchant) -> dict[Number, Order]:
    """The orders that stand under the numbers of these facts of `teller`; inside the seller's scope."""
    orders = _numbered(
        teller=teller,
        channels={facts.channel for facts in sales},
        numbers={facts.external_no for facts in sales},
    )
    return {(order.channel, order.external_no): order for order in orders}


@compiled
def _numbered(*, teller: Merchant, channels: Collection[str], numbers: Collection[str]) -> QuerySet[Order]:
    return Order.objects.filter(teller=teller, channel__in=channels, external_no__in=numbers)


def check_same(order: Order, facts: OrderFacts) -> None:
    """Conflict `order.reused_number` if the order is of other facts than these, which have its number."""
    if bytes(order.body_hash) != body_hash(facts):
        raise Conflict(
            "order.reused_number",
            _("The number %(number)s was used for another sale.") % {"number": facts.external_no},
            next_step=_("Give this sale a number of its own; to change the other one, refund it."),
            field="external_no",
            extra={"order": order.ref},
        )


def drafted(
    facts: OrderFacts,
    lines: Sequence[ReceiptLine],
    *,
    discounts: Sequence[int],
    member: Member | None,
    brand_members: Mapping[int, Member],
    teller: Merchant,
    guides: Guides,
) -> Sale:
    """What `keep` will write of a sale that is not kept yet. `discounts` is fen off each line; `brand_members` is
    brand owner id → its own member of the shopper; `guides` were read for the batch. DomainError as
    orders.tendering and orders.touching say."""
    seller, store = facts.store.merchant, facts.store
    order = Order(
        merchant=seller,
        store=store,
        teller_id=teller.pk,
        member=member,
        channel=facts.channel,
        external_no=facts.external_no,
        body_hash=body_hash(facts),
        currency=facts.currency,
        list_total=sum(line.list_amount for line in lines),
        discount_total=sum(discounts),
        placed_at=facts.placed_at or facts.paid_at,
        paid_at=facts.paid_at,
        business_date=business_date(facts.paid_at, zone=store.time_zone, cut_off=seller.cut_off),
    )
    order.paid_total = order.list_total - order.discount_total
    tenders = tendered(facts, order, lines, discounts, teller=teller)
    touches = touches_of(facts, order, member, guides)
    rows = [
        OrderLine(
            order=order,
            merchant_id=seller.pk,
            brand_owner_id=line.brand_owner.pk,
            number=line.number,
            sku=line.sku,
            brand=line.brand,
            contract_id=line.contract.pk if line.contract else None,
            brand_member=brand_members.get(line.brand_owner.id),
            quantity=line.quantity,
            list_amount=line.list_amount,
            discount=off,
            paid=line.list_amount - off,
        )
        for line, off in zip(lines, discounts, strict=True)
    ]
    return Sale(order, rows, touches, tenders)


def keep(sales: Sequence[Sale], *, by: Actor) -> None:
    """Write orders, lines, touches, tenders and events of one seller, one statement for each of them. Inside its
    scope and in a transaction, after `hold_numbers` and `told_before`."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a sale is kept with its coupons: open a transaction")
    write(Order, (sale.order for sale in sales))
    write(OrderLine, (line for sale in sales for line in sale.lines))
    write(Touch, (touch for sale in sales for touch in sale.touches))
    write(Tender, (tender for sale in sales for tender in sale.tenders))
    as_one = known_as_one(
        members={
            line.brand_member for sale in sales for line in sale.lines if line.brand_member and sale.touches
        },
        counterparts={sale.order.member for sale in sales if sale.order.member and sale.touches},
    )
    record_many([told for sale in sales for told in _happenings(sale, as_one)], by=by)


def _happenings(sale: Sale, as_one: Collection[tuple[int, int]]) -> list[Happening]:
    """The seller hears of its whole receipt; each other brand owner of its own lines, and never of the
    total."""
    order, lines, touches = sale.order, sale.lines, sale.touches
    guides = _by_kind(touches)
    told = {
        "order": order.ref,
        "store": order.store.ref,
        "channel": order.channel,
        "currency": order.currency,
        "business_date": order.business_date.isoformat(),
    }
    happenings = [
        Happening(
            "order.paid",
            merchant_id=order.merchant_id,
            subject=order.ref,
            payload=told
            | {
                "guides": guides,
                "member": order.member.ref if order.member else None,
                "list_total": order.list_total,
                "discount_total": order.discount_total,
                "paid_total": order.paid_total,
                "lines": [_told(line) for line in lines],
            },
            concerns=[*_refs(order.member), *_everybody(touches), order.store.ref],
            at=order.paid_at,
        )
    ]
    owners = lines_by_owner(lines, seller_id=order.merchant_id)
    members = [own[0].brand_member for own in owners.values()]
    shown = touches_for(touches, order=order, members=members, as_one=as_one)
    for owner_id, own in owners.items():
        member = own[0].brand_member
        guides = _by_kind(shown[member])
        happenings.append(
            Happening(
                "order.lines_paid",
                merchant_id=owner_id,
                subject=order.ref,
                payload=told
                | {
                    "guides": guides,
                    "member": member.ref if member else None,
                    "paid": sum(line.paid for line in own),
                    "lines": [_told(line) for line in own],
                },
                concerns=[*_refs(member), *_everybody(shown[member]), order.store.ref],
                at=order.paid_at,
            )
        )
    return happenings


def _by_kind(touches: Sequence[Touch]) -> dict[str, str]:
    """The first of each kind: of several who share it, whoever has most of it."""
    return {touch.kind: touch.guide.ref for touch in reversed(touches)}


def _everybody(touches: Sequence[Touch]) -> list[str]:
    return list(dict.fromkeys(touch.guide.ref for touch in touches))


def lines_by_owner(lines: Sequence[OrderLine], *, seller_id: int) -> dict[int, list[OrderLine]]:
    """The lines of each brand owner that is not the seller."""
    owners: dict[int, list[OrderLine]] = {}
    for line in lines:
        if line.brand_owner_id != seller_id:
            owners.setdefault(line.brand_owner_id, []).append(line)
    return owners


def _refs(member: Member | None) -> list[str]:
    return [member.ref] if member else []


def _told(line: OrderLine) -> dict[str, object]:
    return {
        "number": line.number,
        "sku": line.sku.ref,
        "brand": line.brand.ref if line.brand else None,
        "quantity": line.quantity,
        "list": line.list_amount,
        "discount": line.discount,
        "paid": line.paid,
    }
