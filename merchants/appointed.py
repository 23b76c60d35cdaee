"""Whom the acting merchant has appointed to do something, where."""

from datetime import datetime

from merchants.models import Appointment, User
from merchants.roles import roles_with


def holders(permission: str, *, path: str, at: datetime) -> list[User]:
    """The active users whose role at `at` carries the permission over the unit of this path."""
    appointed = Appointment.objects.live(at).filter(role__in=roles_with(permission), user__is_active=True)
    rows = appointed.select_related("user", "org_unit").order_by("pk")
    found = {
        apt.user_id: apt.user for apt in rows if apt.may(permission) and path.startswith(apt.org_unit.path)
    }
    return list(found.values())
