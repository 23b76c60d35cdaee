from django.db import models

from merchants.models.api_key import ApiKey


class IdempotencyKey(models.Model):
    """One POST a client may repeat: its answer is kept and given again. Platform table; its door is
    api/idempotency.py. A row is written with the deed it tells of, so there is none for a request in flight."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    method_path = models.CharField(max_length=255)
    body_hash = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    answer_sealed = models.BinaryField()  # JSON; some answers hold a coupon's code
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_key_once_a_client"),
        ]

    def __str__(self) -> str:
        return self.key
