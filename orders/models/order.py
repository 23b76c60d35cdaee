from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from catalog.models import Sku
from guides.models import Guide
from members.models import Member
from merchants.models import Brand, Merchant
from merchants.refs import RefField
from stores.models import Contract, Store


class Order(models.Model):
    """A sale, whichever channel it came by. It belongs to the merchant of its store; amounts in minor
    units."""

    class Channel(models.TextChoices):
        POS = "pos", _("Till")
        WORKBENCH = "workbench", _("Workbench")
        CLOUD_STORE = "cloud_store", _("Cloud store")
        MARKETPLACE = "marketplace", _("Marketplace")
        LIVE = "live", _("Live sale")
        API = "api", _("API")

    ref = RefField(prefix="ord")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="orders", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="orders", db_index=False)
    teller = models.ForeignKey(
        Merchant,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who told us, by its own numbers: the seller, or the owner of the brands that were sold",
        db_index=False,
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    channel = models.CharField(max_length=12, choices=Channel)
    external_no = models.CharField(max_length=64)
    body_hash = models.BinaryField(
        editable=False, help_text="SHA-256 of the canonical facts, to tell a replay from a reuse"
    )
    currency = models.CharField(max_length=3)
    list_total = models.BigIntegerField()
    discount_total = models.BigIntegerField()
    paid_total = models.BigIntegerField()
    refunded_total = models.BigIntegerField(default=0)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField()
    business_date = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "teller", "channel", "external_no"], name="order_once_a_channel"
            ),
            models.UniqueConstraint(fields=["id", "merchant"], name="order_with_merchant"),
            models.CheckConstraint(
                condition=Q(
                    paid_total=F("list_total") - F("discount_total"), discount_total__gte=0, paid_total__gte=0
                ),
                name="order_paid_is_list_less_discount",
            ),
            models.CheckConstraint(
                condition=Q(refunded_total__gte=0, refunded_total__lte=F("paid_total")),
                name="order_refund_within_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-paid_at"], name="order_newest_first"),
            models.Index(fields=["store", "business_date"], name="order_of_store_and_day"),
            models.Index(fields=["member", "-paid_at"], name="order_of_member"),
        ]

    def __str__(self) -> str:
        return self.external_no


class OrderLine(models.Model):
    """One line. `merchant` is the seller, `brand_owner` the merchant of its brand (the seller again for
    its own goods)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="order_lines")
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="order_lines"
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="order_lines"
    )
    brand_member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="brand_lines",
        help_text="The brand owner's own member, when the shopper is one",
    )
    quantity = models.PositiveIntegerField()
    list_amount = models.BigIntegerField(help_text="Unit list price × quantity")
    discount = models.BigIntegerField(default=0)
    paid = models.BigIntegerField()
    refunded = models.BigIntegerField(default=0)
    refunded_quantity = models.PositiveIntegerField(default=0)

    objects = ScopedManager(merchant="merchant")
    about = ScopedManager(merchant="brand_owner")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_line_number_once"),
            models.UniqueConstraint(fields=["id", "merchant"], name="order_line_with_merchant"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_above_zero"),
            models.CheckConstraint(
                condition=Q(paid=F("list_amount") - F("discount"), discount__gte=0, paid__gte=0),
                name="order_line_paid_is_list_less_discount",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("paid"), refunded_quantity__lte=F("quantity")),
                name="order_line_refund_within_paid",
            ),
        ]
        indexes = [models.Index(fields=["brand_owner", "-id"], name="order_line_of_brand_owner")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.number}"


class Touch(models.Model):
    """A guide's part in a sale. The plan decides which touch earns."""

    class Kind(models.TextChoices):
        SERVING = "serving", _("Served")
        BOUND = "bound", _("Own guide")
        SHARING = "sharing", _("Shared")
        RECRUITING = "recruiting", _("Recruited")
        ACCEPTING = "accepting", _("Accepted")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="touches", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="touches")
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", help_text="The guide's store at that instant"
    )
    protected = models.BooleanField(default=False, help_text="A bound touch inside its protection")
    weight = models.PositiveIntegerField(default=1, help_text="Beside other guides of the same touch")
    at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the link was opened, the member recruited or bound; empty: with the sale",
    )

    objects = ScopedManager(merchant="merchant")

    class Meta:
        verbose_name_plural = "touches"
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "guide"], name="touch_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="touch_weighs_something"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.guide_id}"
