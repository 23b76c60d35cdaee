"""Is what a form tells the sale that was kept under its number, or another one? A second tap tells the same again;
a page brought back by the browser may tell other goods."""

from typing import Any

from django.http import QueryDict

from coupons.issuing import code_of
from coupons.reading import used_on
from flows.till import Quote
from orders.models import Order


def is_again(order: Order, context: dict[str, Any], given: QueryDict) -> bool:
    """Does this page tell the sale that is kept as `order` once more: the same goods and prices, total, payment,
    coupon and member? The hash of the facts cannot say it: each tap tells its own moment."""
    quote: Quote | None = context["quote"]
    told = [(line.sku.id, line.quantity, line.list_amount) for line in quote.lines] if quote else []
    kept = order.lines.order_by("number").values_list("sku_id", "quantity", "list_amount")
    member, used = context["member_ref"], used_on(order)
    return (
        told == list(kept)
        and given.get("total") == str(order.paid_total)
        and {tender.place for tender in order.tenders.all()} <= {context["place"]}
        and [code_of(redemption.coupon) for redemption in used]
        == ([context["code"]] if context["code"] else [])
        and (bool(used) and not member or member == (order.member.ref if order.member else ""))
    )
