"""Money goes back on the lines of one sale: first decided, then written and told. Locks: docs/adr/0005-locking.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.record import Actor, Happening, record_many
from members.models import Member
from merchants.business_day import business_date
from merchants.errors import DomainError
from merchants.storable import EARLIEST
from orders.facts import RefundFacts, body_hash
from orders.models import Order, OrderLine, Refund, RefundLine, Touch
from orders.reading import touches_for
from orders.receipts import CLOCKS_DIFFER
from orders.recording import lines_by_owner
from orders.returning import Payments
from orders.spreading import Back, spread


@dataclass(frozen=True)
class Given:
    """A refund, unsaved, and what it gives back on each line."""

    refund: Refund
    backs: list[Back]
    tenders: Mapping[int, Mapping[int, int]]
    """By line (id), fen by the number of the payment they go back on."""


def decide(
    order: Order, lines: Sequence[OrderLine], payments: Payments, facts: RefundFacts, *, teller_id: int
) -> Given:
    """What a refund gives back on the order's lines, written nowhere but on these `lines` and `payments` in memory, so
    that the next decision on them counts it. DomainError `refund.in_future`, `refund.too_early`, `refund.before_sale`,
    and those of orders.spreading and orders.returning; a refusal leaves both as they were."""
    check_dates(facts)
    at = max(facts.refunded_at, order.paid_at)  # the two may come from tills whose clocks differ
    if at - facts.refunded_at > CLOCKS_DIFFER:
        raise DomainError(
            "refund.before_sale",
            _("The refund is dated before the sale that it gives back."),
            next_step=_("Correct the refund's time, or the number of the sale."),
            field="refunded_at",
            extra={"order": order.ref},
        )
    backs = spread(lines, facts.lines)
    tenders = payments.give(backs)
    for back in backs:
        back.line.refunded += back.amount
        back.line.refunded_quantity += back.quantity
    refund = Refund(
        merchant=order.merchant,
        order=order,
        teller_id=teller_id,
        channel=facts.channel,
        external_no=facts.external_no,
        body_hash=body_hash(facts),
        amount=sum(back.amount for back in backs),
        refunded_at=at,
        business_date=business_date(at, zone=order.store.time_zone, cut_off=order.merchant.cut_off),
    )
    return Given(refund, backs, tenders)


def keep(order: Order, given: Sequence[Given], *, by: Actor) -> None:
    """Write what was decided, and tell it: as many statements for many refunds of the order as for one."""
    if not given:
        return
    Refund.objects.bulk_create(one.refund for one in given)
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=one.refund,
            merchant=order.merchant,
            brand_owner_id=back.line.brand_owner_id,
            line=back.line,
            quantity=back.quantity,
            amount=back.amount,
            names_tenders=bool(back.tenders),
            tenders=[list(part) for part in one.tenders[back.line.id].items()],
        )
        for one in given
        for back in one.backs
    )
    _lower([back for one in given for back in one.backs])
    amount = sum(one.refund.amount for one in given)
    Order.objects.filter(pk=order.pk).update(refunded_total=F("refunded_total") + amount)
    record_many(_happenings(order, given), by=by)
    order.refunded_total += amount


def _lower(backs: Sequence[Back]) -> None:
    """What came back on each line, in one statement; bulk_update takes a case for each line and field."""
    sums: dict[int, list[int]] = {}
    for back in backs:
        amount_and_pieces = sums.setdefault(back.line.id, [0, 0])
        amount_and_pieces[0] += back.amount
        amount_and_pieces[1] += back.quantity
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_orderline line
            SET refunded = refunded + back.amount, refunded_quantity = refunded_quantity + back.pieces
            FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS back(id, amount, pieces)
            WHERE line.id = back.id
            """,
            [list(sums), [amount for amount, _ in sums.values()], [pieces for _, pieces in sums.values()]],
        )


def check_dates(facts: RefundFacts) -> None:
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


def _happenings(order: Order, given: Sequence[Given]) -> list[Happening]:
    """As for the sale: the whole for the seller, own lines for each other brand owner."""
    touches = list(Touch.objects.filter(order=order).select_related("guide"))
    lines = {back.line.id: back.line for one in given for back in one.backs}
    owners = lines_by_owner(list(lines.values()), seller_id=order.merchant_id)
    shown = touches_for(touches, order=order, members=[own[0].brand_member for own in owners.values()])
    happenings, total = [], order.refunded_total
    for one in given:
        total += one.refund.amount
        happenings.append(_whole(order, one, touches, total))
        happenings += _parts(order, one, shown)
    return happenings


def _whole(order: Order, one: Given, touches: Sequence[Touch], total: int) -> Happening:
    return Happening(
        "order.refunded",
        merchant_id=order.merchant_id,
        subject=order.ref,
        payload=_facts(order, one.refund)
        | {
            "member": order.member.ref if order.member else None,
            "amount": one.refund.amount,
            "refunded_total": total,
            "lines": [_told(back) for back in one.backs],
        },
        concerns=_concerned(order, order.member, touches),
        at=one.refund.refunded_at,
    )


def _parts(order: Order, one: Given, shown: Mapping[Member | None, Sequence[Touch]]) -> Iterator[Happening]:
    by_line = {back.line.id: back for back in one.backs}
    owners = lines_by_owner([back.line for back in one.backs], seller_id=order.merchant_id)
    for owner_id, own in owners.items():
        member = own[0].brand_member
        backs = [by_line[line.id] for line in own]
        yield Happening(
            "order.lines_refunded",
            merchant_id=owner_id,
            subject=order.ref,
            payload=_facts(order, one.refund)
            | {
                "member": member.ref if member else None,
                "amount": sum(back.amount for back in backs),
                "lines": [_told(back) for back in backs],
            },
            concerns=_concerned(order, member, shown[member]),
            at=one.refund.refunded_at,
        )


def _facts(order: Order, refund: Refund) -> dict[str, object]:
    return {
        "refund": refund.ref,
        "order": order.ref,
        "store": order.store.ref,
        "business_date": refund.business_date.isoformat(),
    }


def _concerned(order: Order, member: Member | None, touches: Sequence[Touch]) -> list[str]:
    return [member.ref if member else "", *(touch.guide.ref for touch in touches), order.store.ref]


def _told(back: Back) -> dict[str, object]:
    return {
        "number": back.line.number,
        "sku": back.line.sku.ref,
        "brand": back.line.brand.ref if back.line.brand else None,
        "quantity": back.quantity,
        "amount": back.amount,
    }
