from django.db import models

from merchants.refs import RefField


class Party(models.Model):
    """Whoever an account, a share, a payout or a key can belong to. Platform-wide; reached only through its owner."""

    class Kind(models.TextChoices):
        MERCHANT = "merchant"
        STORE = "store"
        GUIDE = "guide"
        PROMOTER = "promoter"
        PLATFORM = "platform"

    ref = RefField(prefix="pty")
    kind = models.CharField(max_length=16, choices=Kind)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind="platform"), name="party_one_platform"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"
