from django.db import models
from django.db.models import Q

from merchants.models.api_key import ApiKey


class IdempotencyKey(models.Model):
    """One POST a client may repeat: the first answer is kept and given again. Platform table; its door is api/idempotency.py."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    method_path = models.CharField(max_length=255)
    body_hash = models.BinaryField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    locked_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_key_once_a_client"),
            models.CheckConstraint(
                condition=Q(state="done", status__isnull=False) | Q(state="running", status=None),
                name="idempotency_key_done_has_status",
            ),
        ]

    def __str__(self) -> str:
        return self.key
