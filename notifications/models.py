from django.db import models
from django_scopes import ScopedManager

from events.models import Event
from merchants.models import Merchant, User
from merchants.refs import RefField


class Notification(models.Model):
    """An event addressed to a user, with read state. What it says stands in the event."""

    ref = RefField(prefix="ntf")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        indexes = [
            models.Index(fields=["user", "-seq"], name="notification_newest_first"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notification_unread"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "event"], name="notification_once_a_user_and_event"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
