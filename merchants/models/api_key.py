from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from merchants.models.merchant import Merchant
from merchants.refs import RefField


class ApiKey(models.Model):
    """A merchant system's key: kept as a SHA-256 hash (it has 192 bits of chance, so no salt), with scopes."""

    class Mode(models.TextChoices):
        TEST = "test"
        LIVE = "live"

    ref = RefField(prefix="key")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    mode = models.CharField(max_length=4, choices=Mode)
    hint = models.CharField(max_length=16, help_text="The first characters, to tell keys apart")
    hash = models.BinaryField(unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
