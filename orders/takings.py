"""What guides sold, summed."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Count, F, Q, Sum

from guides.models import Guide
from orders.models import Order, Touch


def of_guide(guide: Guide, *, day: date) -> int:
    """Fen of the business date in sales this guide served, less what was given back; inside the guide's
    merchant."""
    served = Touch.objects.filter(guide=guide, kind=Touch.Kind.SERVING)
    orders = Order.objects.filter(business_date=day, pk__in=served.values("order"))
    return orders.aggregate(sum=Sum(F("paid_total") - F("refunded_total")))["sum"] or 0


def of_guides(
    guides: Sequence[Guide], *, first: date, last: date, orders: Q | None = None
) -> dict[int, tuple[int, int]]:
    """Guide id → (fen less what was given back, sales) over these business dates, of sales they served; inside their
    merchant. `orders` narrows which sales count. Of two who served one, each has it whole."""
    served = Touch.objects.filter(
        kind=Touch.Kind.SERVING, guide__in=guides, order__business_date__range=(first, last)
    )
    if orders is not None:
        served = served.filter(orders)
    net = Sum(F("order__paid_total") - F("order__refunded_total"))
    rows = served.values("guide").annotate(net=net, sales=Count("pk")).order_by()
    return {row["guide"]: (row["net"], row["sales"]) for row in rows}
