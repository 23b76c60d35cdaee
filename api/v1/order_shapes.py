"""A sale as a reader may see it, from the receipt that `orders.reading` gives that reader."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from coupons.models import Redemption
from merchants.finding import every
from orders.models import Order, OrderLine, Touch
from orders.payments import GivenBack, Payment
from orders.reading import Receipt


def with_redemptions(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Each with the coupons used on it, whoever gave them out: the seller reads them as the counterparty."""
    used = every(Redemption, by="party").filter(rolled_back_at=None).select_related("coupon__campaign")
    return orders.prefetch_related(Prefetch("redemptions", used.order_by("id"), to_attr="used"))


def show(receipt: Receipt, used: Sequence[Redemption] | None = None) -> dict[str, Any]:
    """`used` are the coupons used on it, where they are at hand."""
    order, whole = receipt.order, receipt.whole
    member = order.member if whole else receipt.lines[0].brand_member
    return {
        "id": order.ref,
        "whole": whole,
        "channel": order.channel,
        "external_no": order.external_no,
        "status": status(receipt),
        "store": {"id": order.store.ref, "code": order.store.code, "name": order.store.name},
        "member": member.ref if member else None,
        "currency": order.currency,
        "list_total": order.list_total if whole else None,
        "discount_total": order.discount_total if whole else None,
        "paid_total": order.paid_total if whole else None,
        "refunded_total": order.refunded_total if whole else None,
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "business_date": order.business_date,
        "recorded_at": order.recorded_at,
        "lines": [show_line(line) for line in receipt.lines],
        "touches": [show_touch(touch) for touch in receipt.touches],
        "tenders": [show_payment(payment) for payment in receipt.money.payments],
        "coupons": [
            show_redemption(redemption) for redemption in (used_on(receipt) if used is None else used)
        ],
        "refunds": [show_refund(back) for back in receipt.money.refunds],
    }


def status(receipt: Receipt) -> str:
    """Over the lines that the reader sees, so that it tells a brand owner nothing of the others. Where they cost
    nothing, their pieces say it."""
    paid = sum(line.paid for line in receipt.lines)
    refunded = sum(line.refunded for line in receipt.lines)
    if not paid:
        paid = sum(line.quantity for line in receipt.lines)
        refunded = sum(line.refunded_quantity for line in receipt.lines)
    if refunded == 0:
        return "paid"
    return "refunded" if refunded == paid else "partly_refunded"


def used_on(receipt: Receipt) -> list[Redemption]:
    """A brand owner sees the coupons of its own campaigns."""
    if hasattr(receipt.order, "used"):
        return receipt.order.used
    rows = every(Redemption, by="party" if receipt.whole else "objects")
    rows = rows.filter(order=receipt.order, rolled_back_at=None).select_related("coupon__campaign")
    return list(rows.order_by("id"))


def show_line(line: OrderLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "sku": {"id": line.sku.ref, "code": line.sku.code, "name": line.sku.name},
        "brand": line.brand.ref if line.brand else None,
        "quantity": line.quantity,
        "list_amount": line.list_amount,
        "discount": line.discount,
        "paid": line.paid,
        "refunded": line.refunded,
        "refunded_quantity": line.refunded_quantity,
    }


def show_touch(touch: Touch) -> dict[str, Any]:
    return {"kind": touch.kind, "guide": touch.guide.ref, "name": touch.guide.name, "at": touch.at}


def show_payment(payment: Payment) -> dict[str, Any]:
    tender = payment.tender
    return {
        "number": tender.number,
        "place": tender.place,
        "amount": tender.amount,
        "collector": tender.collector.ref,
        "lines": payment.lines,
        "transaction": tender.transaction,
        "programme": tender.programme.ref if tender.programme else None,
        "fee": tender.fee,
    }


def show_redemption(redemption: Redemption) -> dict[str, Any]:
    return {
        "id": redemption.ref,
        "coupon": redemption.coupon.ref,
        "campaign": redemption.coupon.campaign.ref,
        "amount_off": redemption.amount_off,
    }


def show_refund(back: GivenBack) -> dict[str, Any]:
    return {
        "id": back.refund.ref,
        "external_no": back.refund.external_no,
        "amount": back.amount,
        "refunded_at": back.refund.refunded_at,
        "tenders": [{"number": tender.number, "amount": amount} for tender, amount in back.tenders],
    }
