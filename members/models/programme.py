from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from merchants.models import Merchant
from merchants.refs import RefField


class Programme(models.Model):
    """What a merchant promises its members, under a name: here the value it stores for them.

    `outstanding` is what may still be spent of it, in minor units, bonus included: top-ups less what sales took, plus
    what refunds put back. Each shopper's own balance is kept by the merchant's system.
    """

    ref = RefField(prefix="prg")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="programmes")
    code = models.CharField(max_length=32, help_text="Its account in the book: stored:<code>")
    name = models.CharField(max_length=60)
    outstanding = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="programme_code_once_a_merchant"),
            models.UniqueConstraint(fields=["id", "merchant"], name="programme_with_merchant"),
            models.CheckConstraint(condition=Q(outstanding__gte=0), name="programme_never_below_zero"),
        ]

    def __str__(self) -> str:
        return self.name


class TopUp(models.Model):
    """Value stored once: what was paid for it, where that stands, and what the merchant added."""

    class Place(models.TextChoices):
        CASH = "cash", _("Cash")
        ACQUIRER = "acquirer", _("Card or QR acquirer")
        PSP = "psp", _("Payment account")
        BANK = "bank", _("Bank")

    ref = RefField(prefix="tup")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="top_ups")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="top_ups")
    external_no = models.CharField(max_length=64)
    paid = models.BigIntegerField()
    bonus = models.BigIntegerField(default=0)
    place = models.CharField(max_length=12, choices=Place)
    at = models.DateTimeField()
    business_date = models.DateField()
    by = models.CharField(max_length=40, help_text="Who told it, by reference")
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "external_no"], name="top_up_once_a_number"),
            models.CheckConstraint(condition=Q(paid__gte=0, bonus__gte=0), name="top_up_not_negative"),
            models.CheckConstraint(condition=Q(paid__gt=0) | Q(bonus__gt=0), name="top_up_stores_something"),
        ]
        indexes = [models.Index(fields=["programme", "-id"], name="top_up_newest_first")]

    def __str__(self) -> str:
        return self.external_no

    @property
    def stored(self) -> int:
        return self.paid + self.bonus
