"""Who may see which members: a guide their own and their store's, a manager the subtree, HQ everyone."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from guides.models import Assignment, Guide
from members.models import Binding, Member
from merchants.scoping import Seat
from stores.models import Contract

READ = "members.read"


def visible_to(seat: Seat, *, permission: str = READ, at: datetime | None = None) -> QuerySet[Member]:
    """The active members this seat may see, or may do more with by the same appointment; call inside its merchant. A
    brand owner's subtree counts the stores of others that hang in it by contract."""
    at = at or timezone.now()
    members = Member.objects.filter(status=Member.Status.ACTIVE).select_related(
        "person", "home_store", "merchant"
    )
    paths = seat.paths(READ, permission)
    if any(_is_root(path) for path in paths):
        return members
    seen = Q(pk__in=[])
    for path in paths:
        hanging = Contract.objects.filter(brand_unit__path__startswith=path, accepted_at__isnull=False)
        seen |= Q(home_store__org_unit__path__startswith=path, home_store__merchant=seat.merchant)
        seen |= Q(home_store__in=hanging.values("store"))
    if seat.paths("members.serve", *({permission} - {READ})):
        serving = Guide.objects.filter(user=seat.user, status=Guide.Status.ACTIVE)
        bound = Binding.objects.live(at).filter(guide__in=serving)
        stores = Assignment.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), guide__in=serving, starts_at__lte=at
        )
        seen |= Q(pk__in=bound.values("member")) | Q(home_store__in=stores.values("store"))
    return members.filter(seen)


def _is_root(path: str) -> bool:
    return path.count("/") == 2
