from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from merchants.models import Merchant
from merchants.refs import RefField
from orders.models.order import Order, OrderLine


class Refund(models.Model):
    """Money given back on lines of one order."""

    ref = RefField(prefix="rfd")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    teller = models.ForeignKey(
        Merchant,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose number it has: as the order's, or the seller's of a sale that a brand owner told",
    )
    channel = models.CharField(max_length=12, choices=Order.Channel)
    external_no = models.CharField(max_length=64)
    body_hash = models.BinaryField(editable=False)
    amount = models.BigIntegerField()
    refunded_at = models.DateTimeField()
    business_date = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "teller", "channel", "external_no"], name="refund_once_a_channel"
            ),
            models.UniqueConstraint(fields=["id", "merchant"], name="refund_with_merchant"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="refund_not_negative"),
        ]

    def __str__(self) -> str:
        return self.external_no


class RefundLine(models.Model):
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField(default=0)
    amount = models.BigIntegerField()
    names_tenders = models.BooleanField(default=False, help_text="It was said which payments it goes back on")
    tenders = models.JSONField(default=list, help_text="[[a payment's number, fen that go back of it], …]")

    objects = ScopedManager(merchant="merchant")
    about = ScopedManager(merchant="brand_owner")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
            models.UniqueConstraint(fields=["id", "merchant"], name="refund_line_with_merchant"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="refund_line_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}/{self.line_id}"


class ParkedRefund(models.Model):
    """A refund that came before its order: kept as it was sent, applied when the order comes."""

    ref = RefField(prefix="prk")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    teller = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="+", help_text="As the order's"
    )
    channel = models.CharField(max_length=12, choices=Order.Channel)
    external_no = models.CharField(max_length=64)
    order_external_no = models.CharField(max_length=64)
    body_hash = models.BinaryField(editable=False)
    facts = models.JSONField()
    parked_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    refused_code = models.CharField(max_length=60, blank=True)
    put_away_at = models.DateTimeField(
        null=True, blank=True, help_text="Of a refused one: somebody saw to it"
    )

    objects = ScopedManager(merchant="merchant")
    told = ScopedManager(merchant="teller")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "teller", "channel", "external_no"], name="parked_refund_once"
            ),
            models.CheckConstraint(
                condition=Q(put_away_at=None) | ~Q(refused_code=""), name="parked_refund_put_away_if_refused"
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "teller", "channel", "order_external_no"],
                condition=Q(applied_at=None),
                name="parked_refund_waiting",
            ),
            models.Index(
                fields=["teller", "order_external_no"],
                condition=~Q(refused_code=""),
                name="parked_refund_refused",
            ),
        ]

    def __str__(self) -> str:
        return self.external_no

    @property
    def amount(self) -> int:
        """What it asks to give back, minor units."""
        return sum(line["amount"] for line in self.facts["lines"])

    @property
    def told_in(self) -> str:
        return str(Order.Channel(self.channel).label)
