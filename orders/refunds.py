"""Money given back, line by line, never more than was paid. A refund that comes before its order waits
for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, Happening, record_many
from merchants.business_day import business_date
from merchants.errors import Conflict, DomainError
from merchants.models import Merchant
from merchants.refusing import refusing
from orders.facts import RefundFacts, RefundLineFacts, body_hash, plain, refund_facts
from orders.models import Order, OrderLine, ParkedRefund, Refund, RefundLine, Touch
from orders.reading import touches_for
from orders.receipts import CLOCKS_DIFFER, EARLIEST
from orders.recording import hold_number, hold_refund_number, lines_by_owner


@dataclass(frozen=True)
class Back:
    """What goes back on one line."""

    line: OrderLine
    quantity: int
    amount: int


def refund(
    facts: RefundFacts, *, by: Actor, teller: Merchant | None = None
) -> tuple[Refund | ParkedRefund, bool]:
    """Give money back on an order of `facts.merchant`: (refund, is_new), or (parked, is_new) before the
    order is there. `teller` is whose numbers these are, of the refund and the order: the seller's, if left out.

    Conflict `refund.reused_number`; DomainError `refund.not_on_order`, `refund.above_paid`,
    `refund.above_quantity`, `refund.nothing`, `refund.in_future`, `refund.too_early`, `refund.before_sale`.
    """
    teller = teller or facts.merchant
    seller, channel = facts.merchant, facts.channel
    with scope(merchant=seller), transaction.atomic():
        hold_number(merchant=seller, teller=teller, channel=channel, external_no=facts.order_external_no)
        hold_refund_number(merchant=seller, teller=teller, channel=channel, external_no=facts.external_no)
        if (told := _told_before(facts, teller)) is not None:
            return told, False
        _dated(facts)
        order = _locked(facts, teller)
        if order is None:
            return _park(facts, teller), True
        return _give_back(order, facts, by=by), True


def apply_parked(order: Order, *, by: Actor) -> None:
    """What waited for this order, in the order's own transaction. One that cannot be lawful says why and
    stays; the sale is kept whatever waited for it."""
    waiting = ParkedRefund.objects.filter(
        teller=order.teller_id, channel=order.channel, order_external_no=order.external_no, applied_at=None
    )
    for parked in waiting.order_by("id"):
        facts = refund_facts(order.merchant, parked.facts)
        try:
            with refusing("refund_once_a_channel", _reused(facts)):  # with a savepoint of its own
                _give_back(order, facts, by=by)
        except DomainError as refusal:
            parked.refused_code = refusal.code
        except IntegrityError:
            parked.refused_code = "refund.not_kept"
        parked.applied_at = timezone.now()
        parked.save(update_fields=["applied_at", "refused_code"])


def _told_before(facts: RefundFacts, teller: Merchant) -> Refund | ParkedRefund | None:
    number = {"teller": teller, "channel": facts.channel, "external_no": facts.external_no}
    told = Refund.objects.filter(**number).first() or ParkedRefund.objects.filter(**number).first()
    if told is not None and bytes(told.body_hash) != body_hash(facts):
        raise _reused(facts)
    return told


def _locked(facts: RefundFacts, teller: Merchant) -> Order | None:
    """The order, locked: whoever else gives money back on it waits here, then sees what was given."""
    orders = Order.objects.filter(teller=teller, channel=facts.channel, external_no=facts.order_external_no)
    return orders.select_for_update(no_key=True, of=("self",)).select_related("store", "member").first()


def _park(facts: RefundFacts, teller: Merchant) -> ParkedRefund:
    return ParkedRefund.objects.create(
        merchant=facts.merchant,
        teller=teller,
        channel=facts.channel,
        external_no=facts.external_no,
        order_external_no=facts.order_external_no,
        body_hash=body_hash(facts),
        facts=plain(facts),
    )


def _give_back(order: Order, facts: RefundFacts, *, by: Actor) -> Refund:
    """Decide on every line before writing any, so that a refusal leaves nothing behind."""
    _dated(facts)
    if facts.refunded_at < order.paid_at:
        raise DomainError(
            "refund.before_sale",
            _("The refund is dated before the sale that it gives back."),
            next_step=_("Correct the refund's time, or the number of the sale."),
            field="refunded_at",
            extra={"order": order.ref},
        )
    rows = order.lines.select_related("sku", "brand", "brand_member").order_by("number")
    backs = spread(list(rows), facts.lines)
    refund = Refund.objects.create(
        merchant=order.merchant,
        order=order,
        teller_id=order.teller_id,
        channel=facts.channel,
        external_no=facts.external_no,
        body_hash=body_hash(facts),
        amount=sum(back.amount for back in backs),
        refunded_at=facts.refunded_at,
        business_date=business_date(
            facts.refunded_at, zone=order.store.time_zone, cut_off=order.merchant.cut_off
        ),
    )
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            merchant=order.merchant,
            brand_owner_id=back.line.brand_owner_id,
            line=back.line,
            quantity=back.quantity,
            amount=back.amount,
        )
        for back in backs
    )
    for back in backs:
        back.line.refunded += back.amount
        back.line.refunded_quantity += back.quantity
    OrderLine.objects.bulk_update([back.line for back in backs], ["refunded", "refunded_quantity"])
    Order.objects.filter(pk=order.pk).update(refunded_total=F("refunded_total") + refund.amount)
    order.refunded_total += refund.amount
    record_many(_happenings(order, refund, backs), by=by)
    return refund


def spread(lines: Sequence[OrderLine], asked: Sequence[RefundLineFacts]) -> list[Back]:
    """Pure: over which lines of the order the refund goes. A SKU that stands on several lines fills them
    in turn."""
    room = {line.id: [line.quantity - line.refunded_quantity, line.paid - line.refunded] for line in lines}
    given: dict[int, list[int]] = {}
    for place, wish in enumerate(asked):
        fits = [line for line in lines if _meant(line, wish)]
        if not fits:
            raise DomainError(
                "refund.not_on_order",
                _("“%(sku)s” is not on this order.") % {"sku": wish.sku or wish.number},
                next_step=_("Name a line of the order by its SKU or its number, or by both if they agree."),
                field=f"lines[{place}]",
            )
        quantity, amount = wish.quantity, wish.amount
        _enough(place, quantity, sum(room[line.id][0] for line in fits), "refund.above_quantity")
        _enough(place, amount, sum(room[line.id][1] for line in fits), "refund.above_paid")
        for line in fits:
            left, unpaid = room[line.id]
            pieces, fen = min(quantity, left), min(amount, unpaid)
            quantity, amount = quantity - pieces, amount - fen
            room[line.id] = [left - pieces, unpaid - fen]
            if pieces or fen:
                sums = given.setdefault(line.id, [0, 0])
                sums[0], sums[1] = sums[0] + pieces, sums[1] + fen
    if not given:
        raise DomainError(
            "refund.nothing",
            _("This refund gives nothing back."),
            next_step=_("Say the amount or the pieces of at least one line."),
            field="lines",
        )
    return [Back(line, *given[line.id]) for line in lines if line.id in given]


def _dated(facts: RefundFacts) -> None:
    """Also before it is parked: a date that no calendar holds would refuse the sale it waits for."""
    if facts.refunded_at > timezone.now() + CLOCKS_DIFFER:
        raise DomainError(
            "refund.in_future",
            _("The refund is dated in the future."),
            next_step=_("Set the till's clock and its time zone, then send the refund again."),
            field="refunded_at",
        )
    if facts.refunded_at < EARLIEST:
        raise DomainError(
            "refund.too_early",
            _("The refund is dated before %(year)d.") % {"year": EARLIEST.year},
            next_step=_("Set the till's clock and its time zone, then send the refund again."),
            field="refunded_at",
        )


def _meant(line: OrderLine, wish: RefundLineFacts) -> bool:
    """By number or by SKU; where both are named, the line is what both name."""
    if wish.number is None:
        return _is_of(line, wish.sku)
    return line.number == wish.number and (not wish.sku or _is_of(line, wish.sku))


def _is_of(line: OrderLine, sku: str) -> bool:
    return sku in (line.sku.ref, line.sku.code, line.sku.barcode or None)


def _enough(place: int, wanted: int, left: int, code: str) -> None:
    if 0 <= wanted <= left:
        return
    words = (
        _("More than was paid: %(left)s fen can still be given back on this line, not %(wanted)s.")
        if code == "refund.above_paid"
        else _("More than was sold: %(left)s pieces can still come back on this line, not %(wanted)s.")
    )
    raise DomainError(
        code,
        words % {"left": left, "wanted": wanted},
        next_step=_("Correct the line; earlier refunds of the order count."),
        field=f"lines[{place}]",
        extra={"left": left, "wanted": wanted},
    )


def _reused(facts: RefundFacts) -> Conflict:
    return Conflict(
        "refund.reused_number",
        _("The number %(number)s was used for another refund.") % {"number": facts.external_no},
        next_step=_("Give this refund a number of its own."),
        field="external_no",
    )


def _happenings(order: Order, refund: Refund, backs: list[Back]) -> list[Happening]:
    """As for the sale: the whole for the seller, own lines for each other brand owner."""
    touches = list(Touch.objects.filter(order=order).select_related("guide"))
    guides = [touch.guide.ref for touch in touches]
    told: dict[str, object] = {
        "refund": refund.ref,
        "order": order.ref,
        "store": order.store.ref,
        "business_date": refund.business_date.isoformat(),
    }
    by_line = {back.line.id: back for back in backs}
    happenings = [
        Happening(
            "order.refunded",
            merchant_id=order.merchant_id,
            subject=order.ref,
            payload=told
            | {
                "member": order.member.ref if order.member else None,
                "amount": refund.amount,
                "refunded_total": order.refunded_total,
                "lines": [_told(back) for back in backs],
            },
            concerns=[order.member.ref if order.member else "", *guides, order.store.ref],
            at=refund.refunded_at,
        )
    ]
    lines = [back.line for back in backs]
    owners = lines_by_owner(lines, seller_id=order.merchant_id)
    shown = touches_for(touches, order=order, members=[own[0].brand_member for own in owners.values()])
    for owner_id, own in owners.items():
        member = own[0].brand_member
        guides = [touch.guide.ref for touch in shown[member]]
        happenings.append(
            Happening(
                "order.lines_refunded",
                merchant_id=owner_id,
                subject=order.ref,
                payload=told
                | {
                    "member": member.ref if member else None,
                    "amount": sum(by_line[line.id].amount for line in own),
                    "lines": [_told(by_line[line.id]) for line in own],
                },
                concerns=[member.ref if member else "", *guides, order.store.ref],
                at=refund.refunded_at,
            )
        )
    return happenings


def _told(back: Back) -> dict[str, object]:
    return {
        "number": back.line.number,
        "sku": back.line.sku.ref,
        "brand": back.line.brand.ref if back.line.brand else None,
        "quantity": back.quantity,
        "amount": back.amount,
    }
