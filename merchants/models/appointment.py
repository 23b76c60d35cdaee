from datetime import datetime

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from merchants.models.merchant import Merchant
from merchants.models.org_unit import OrgUnit
from merchants.models.user import User
from merchants.refs import RefField
from merchants.roles import OF_THE_WHOLE, PERMISSIONS, Role


class AppointmentQuerySet(models.QuerySet):
    def live(self, at: datetime) -> "AppointmentQuerySet":
        return self.filter(starts_at__lte=at).filter(Q(ends_at=None) | Q(ends_at__gt=at))


class Appointment(models.Model):
    """User × role × org unit, dated: what somebody may do, and over which subtree."""

    ref = RefField(prefix="apt")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="appointments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(max_length=20, choices=Role)
    org_unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(
        merchant="merchant", _manager_class=models.Manager.from_queryset(AppointmentQuerySet)
    )

    class Meta:
        indexes = [models.Index(fields=["user", "merchant"], name="appointment_of_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="appointment_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"

    def may(self, permission: str) -> bool:
        """Somewhere in the subtree; what is the merchant's as a whole only over the whole of it."""
        reaches = permission not in OF_THE_WHOLE or self.org_unit.is_root
        return reaches and permission in PERMISSIONS[self.role]
