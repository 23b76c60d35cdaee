from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from merchants.models import Merchant, Party
from merchants.refs import RefField


class Adjustment(models.Model):
    """What finance gave or gave up by hand, once a key. `amount` below zero takes back."""

    class Kind(models.TextChoices):
        GOODWILL = "goodwill", _("Goodwill")
        WRITE_OFF = "write_off", _("Write-off")

    ref = RefField(prefix="adj")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    amount = models.BigIntegerField()
    key = models.CharField(max_length=64)
    by = models.CharField(max_length=40, help_text="usr_… or system")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "key"], name="adjustment_once_a_key"),
            models.CheckConstraint(condition=~Q(amount=0), name="adjustment_moves_something"),
        ]

    def __str__(self) -> str:
        return self.ref
