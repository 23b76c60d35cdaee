from datetime import time

from django.db import models
from django.db.models import Q

from merchants.models.party import Party
from merchants.refs import RefField


class Merchant(models.Model):
    """The tenant: a legal merchant that owns brands, runs stores, or both."""

    ref = RefField(prefix="mch")
    name = models.CharField(max_length=120)
    is_brand_owner = models.BooleanField(default=False)
    is_channel = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=48, default="Asia/Shanghai")
    currency = models.CharField(max_length=3, default="CNY")
    cut_off = models.TimeField(default=time(0, 0))
    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="merchant")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_brand_owner=True) | Q(is_channel=True),
                name="merchant_owns_brands_or_runs_stores",
            ),
        ]

    def __str__(self) -> str:
        return self.name
