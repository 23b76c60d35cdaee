from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from commissions.models.payout import Payout
from merchants.models import Merchant


class PayoutPart(models.Model):
    """A stretch of the payee's line of dues, from the `start`-th fen on, that a payout pays; or, if `set_off`, that
    by then had left what was due in another way: taken back by a refund, kept for what was owed, set against a debt.

    What payouts pay never overlaps, and is their gross; a payout that failed or came back pays nothing, and its
    stretch is paid anew by a later one. What was set off stays so (commissions/payouts/laying.py).
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="parts")
    start = models.BigIntegerField()
    amount = models.BigIntegerField()
    set_off = models.BooleanField(default=False)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payout", "start"], name="payout_part_once_a_start"),
            models.CheckConstraint(condition=Q(start__gte=0, amount__gt=0), name="payout_part_is_a_stretch"),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id}: {self.start} + {self.amount}"
