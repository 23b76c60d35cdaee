"""Who may see which sales: headquarters and managers their subtree, a guide the own store's and the own."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from guides.models import Assignment, Guide
from merchants.scoping import Seat
from orders.models import Order, Touch


def visible_to(seat: Seat, *, at: datetime | None = None) -> QuerySet[Order]:
    """The acting merchant's sales this seat may see; call inside its scope."""
    at = at or timezone.now()
    seen = seat.within("store__org_unit__path", "orders.read")
    serving = Guide.objects.filter(user=seat.user, status=Guide.Status.ACTIVE)
    stores = Assignment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at), guide__in=serving, starts_at__lte=at
    )
    touched = Touch.objects.filter(guide__in=serving)
    if seat.may("orders.write"):
        seen |= Q(store__in=stores.values("store")) | Q(pk__in=touched.values("order"))
    return Order.objects.filter(seen).select_related("store", "member")
