from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from commissions.models.split import Split
from merchants.models import Merchant
from orders.models import RefundLine


class Clawback(models.Model):
    """A refund's line was taken back from the shares, once: what was refunded and contributions returned."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="clawbacks")
    refund_line = models.OneToOneField(RefundLine, on_delete=models.PROTECT, related_name="clawback")
    refunded = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    taken = models.BigIntegerField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded__gte=0, taken__gte=models.F("refunded")),
                name="clawback_takes_what_was_refunded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.split_id} −{self.taken}"
