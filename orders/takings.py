"""What was sold, summed."""

from datetime import date

from django.db.models import F, Sum

from guides.models import Guide
from orders.models import Order, Touch


def of_guide(guide: Guide, *, day: date) -> int:
    """Fen of the business date in sales this guide served, less what was given back; inside the guide's
    merchant."""
    served = Touch.objects.filter(guide=guide, kind=Touch.Kind.SERVING)
    orders = Order.objects.filter(business_date=day, pk__in=served.values("order"))
    return orders.aggregate(sum=Sum(F("paid_total") - F("refunded_total")))["sum"] or 0
