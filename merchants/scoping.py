"""Who is asking, for which merchant, over which part of its tree. One acting merchant at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, OuterRef, Q, Subquery
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from events.record import Actor
from merchants.models import Appointment, Brand, Merchant, User
from merchants.roles import PERMISSIONS, lacking


@dataclass(frozen=True)
class Seat:
    """One signed-in user acting for one merchant: its live appointments there. What a face passes to a room's reads."""

    user: User
    merchant: Merchant
    appointments: tuple[Appointment, ...]

    @property
    def actor(self) -> Actor:
        return Actor.user(self.user.ref)

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(appointment.role for appointment in self.appointments)

    def may(self, permission: str, *, over: str = "") -> bool:
        """Anywhere; or, given the path of a unit, there."""
        held = [apt for apt in self.appointments if not over or over.startswith(apt.org_unit.path)]
        return any(apt.may(permission) for apt in held)

    def need(self, permission: str, *, over: str = "") -> None:
        """Forbidden, naming the roles that may, unless one of this seat's appointments carries the permission
        (there, given the path of a unit)."""
        if not self.may(permission, over=over):
            raise lacking(permission, here=any(permission in PERMISSIONS[role] for role in self.roles))

    def paths(self, *permissions: str) -> list[str]:
        """The org-tree prefixes over which one appointment carries all of these; a root prefix means the whole
        merchant. Two appointments never add up: who reads here and writes there does not write here."""
        return [apt.org_unit.path for apt in self.appointments if all(map(apt.may, permissions))]

    def within(self, field: str, permission: str) -> Q:
        """A filter for rows whose org path, reached by `field` (`store__org_unit__path`), lies in the subtree."""
        paths = self.paths(permission)
        condition = Q(pk__in=[])
        for path in paths:
            condition |= Q(**{f"{field}__startswith": path})
        return condition


def seats(user: User, *, at: datetime | None = None) -> list[Seat]:
    """Every merchant this user may act for now, the one that appointed them first in front: an appointment is
    recorded when its id is given, while a merchant says itself since when it holds. Crosses merchants by its nature.
    """
    with scopes_disabled():
        ever = Appointment.objects.filter(user=user, merchant=OuterRef("merchant")).order_by()
        first = ever.values("merchant").annotate(first=Min("id")).values("first")
        rows = list(
            Appointment.objects.filter(user=user)
            .live(at or timezone.now())
            .select_related("merchant", "org_unit")
            .order_by(Subquery(first), "id")
        )
    by_merchant: dict[int, list[Appointment]] = {}
    for row in rows:
        by_merchant.setdefault(row.merchant_id, []).append(row)
    return [Seat(user, group[0].merchant, tuple(group)) for group in by_merchant.values()]


@contextmanager
def acting_for(merchant: Merchant) -> Iterator[None]:
    """Everything read inside belongs to this merchant."""
    with scope(merchant=merchant):
        yield


def brand_at(slug: str) -> Brand | None:
    """The brand at a public address, with its merchant: how a page without a seat finds whom to act for."""
    with scopes_disabled():
        return Brand.objects.filter(slug=slug).select_related("merchant").first()
