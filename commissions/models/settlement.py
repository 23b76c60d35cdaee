from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from commissions.models.batch import SettlementBatch
from commissions.models.split import Share, Split
from merchants.models import Merchant
from merchants.refs import RefField
from stores.models import Contract


class Settlement(models.Model):
    """Lines of one book that became payable together. T+0: a few behind the sales; T+1: a page of a batch."""

    ref = RefField(prefix="stl")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlements")
    mode = models.CharField(max_length=2, choices=Contract.Settlement)
    batch = models.ForeignKey(
        SettlementBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="settlements"
    )
    at = models.DateTimeField()
    lines = models.PositiveIntegerField()
    total = models.BigIntegerField(help_text="What became payable to others, reserves included")
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id", "merchant"], name="settlement_with_merchant")]
        indexes = [models.Index(fields=["merchant", "-at"], name="settlement_newest_first")]

    def __str__(self) -> str:
        return self.ref


class SettlementItem(models.Model):
    """One share became payable: `due` at once, `reserve` when the return window closes. Once, ever.

    A refund takes from the reserve first (`reserve_clawed`); what is then left is `released` in one piece.

    Settlement, split and share are its merchant's: looked at once a statement (migration 0017), so no keys stand here.
    """

    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="items", db_constraint=False
    )
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="items", db_constraint=False)
    share = models.OneToOneField(Share, on_delete=models.PROTECT, related_name="item", db_constraint=False)
    due = models.BigIntegerField()
    reserve = models.BigIntegerField()
    reserve_clawed = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(due__gte=0, reserve__gte=0), name="item_not_negative"),
            models.CheckConstraint(
                condition=Q(reserve_clawed__gte=0, released__gte=0)
                & Q(reserve__gte=F("reserve_clawed") + F("released")),
                name="item_takes_within_its_reserve",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "split"],
                condition=Q(reserve__gt=F("reserve_clawed") + F("released")),
                name="item_with_a_reserve",
            )
        ]

    def __str__(self) -> str:
        return f"{self.share_id}: {self.due} + {self.reserve}"

    @property
    def kept(self) -> int:
        """What is still in reserve."""
        return self.reserve - self.reserve_clawed - self.released
