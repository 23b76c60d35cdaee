from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from members.models import Programme
from merchants.models import Merchant
from orders.models.order import Order


class Tender(models.Model):
    """Money that paid the order, and where it reached or will reach: the collector. Of stored value and points that
    is who issued them, and owes their full face."""

    class Place(models.TextChoices):
        CASH = "cash", _("Cash")
        ACQUIRER = "acquirer", _("Card or QR acquirer")
        PSP = "psp", _("Payment account")
        PLATFORM = "platform", _("Platform benefit")
        STORED = "stored", _("Stored value")
        POINTS = "points", _("Points")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="tenders", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    collector = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=12, choices=Place)
    amount = models.BigIntegerField()
    lines = models.JSONField(default=list, help_text="Line numbers it is restricted to; [] for all")
    transaction = models.CharField(
        max_length=32,
        blank=True,
        default="",
        help_text="What WeChat Pay calls the payment, if shares may be split",
    )
    programme = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tenders",
        help_text="Whose stored value it was",
    )
    fee = models.BigIntegerField(default=0, help_text="What the payment service keeps of it")

    objects = ScopedManager(merchant="merchant")
    collected = ScopedManager(merchant="collector")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="tender_number_once"),
            models.UniqueConstraint(fields=["id", "merchant"], name="tender_with_merchant"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="tender_above_zero"),
            models.CheckConstraint(
                condition=Q(fee__gte=0, fee__lte=F("amount")), name="tender_fee_within_amount"
            ),
            models.CheckConstraint(
                condition=Q(fee=0) | ~Q(place__in=["stored", "points"]), name="tender_fee_of_money"
            ),
            models.CheckConstraint(
                condition=Q(place="stored", programme__isnull=False) | ~Q(place="stored") & Q(programme=None),
                name="tender_programme_of_stored_value",
            ),
            models.CheckConstraint(
                condition=Q(transaction="") | Q(place="psp"), name="tender_transaction_of_a_payment_account"
            ),
        ]
        indexes = [
            models.Index(fields=["collector"], condition=~Q(transaction=""), name="tender_of_wechat_pay")
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.place}"


# Where no collector holds money: promises of its own that were kept.
NO_MONEY = (Tender.Place.STORED, Tender.Place.POINTS)
