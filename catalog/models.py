from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from merchants.models import Brand, Merchant
from merchants.refs import RefField


class Product(models.Model):
    """What is sold, owned by its brand's merchant; without a brand it is a store merchant's own."""

    ref = RefField(prefix="prd")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="products")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="products")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    category = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="product_code_once_a_merchant"),
            models.UniqueConstraint(fields=["id", "merchant"], name="product_with_merchant"),
        ]

    def __str__(self) -> str:
        return self.name


class Sku(models.Model):
    """One thing that can be rung up. `list_price` in minor units of the merchant's currency."""

    ref = RefField(prefix="sku")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="skus")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="skus")
    code = models.CharField(max_length=40)
    barcode = models.CharField(max_length=14, blank=True)
    name = models.CharField(max_length=120)
    list_price = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="sku_code_once_a_merchant"),
            models.UniqueConstraint(fields=["id", "merchant"], name="sku_with_merchant"),
            models.CheckConstraint(condition=Q(list_price__gte=0), name="sku_price_not_negative"),
        ]
        indexes = [models.Index(fields=["barcode"], condition=~Q(barcode=""), name="sku_by_barcode")]

    def __str__(self) -> str:
        return self.name
