from datetime import date

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from commissions.models.plan import Plan, Rule
from merchants.models import Merchant, Party
from merchants.refs import RefField


class RunningTotal(models.Model):
    """What a payee has had by one role of a plan in a book's month: what tiers and period caps look at, and the row
    that workers lock to book one after the other. Kept only where a version of the plan asks for it.

    Net of refunds until the month is trued up; after that it only grows by what came late.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", help_text="The book")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Rule.Role)
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    period = models.DateField(help_text="The first day of the month of business dates")
    # Millionths of sums that themselves fill eight bytes.
    basis_ppm = models.DecimalField(
        max_digits=38, decimal_places=0, default=0, help_text="Σ basis × part, in millionths of a minor unit"
    )
    booked = models.BigIntegerField(default=0, help_text="Σ of the shares, less what was taken back")
    trued_up_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "plan", "role", "payee", "period"], name="running_total_once"
            ),
            models.UniqueConstraint(fields=["id", "merchant"], name="running_total_with_merchant"),
            models.CheckConstraint(
                condition=Q(basis_ppm__gte=0, booked__gte=0), name="running_total_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} {self.role} {self.period:%Y-%m}"


class TrueUp(models.Model):
    """A month of tiers was worked once more from its net amounts, exactly, and the difference booked: once, ever."""

    ref = RefField(prefix="tru")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="true_ups")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Rule.Role)
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    period = models.DateField()
    total = models.BigIntegerField(help_text="The net basis of the month, in whole minor units")
    entitled = models.BigIntegerField(help_text="What the tiers come to on it, rounded once, half up")
    booked = models.BigIntegerField(help_text="What had been booked by them, less what was taken back")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "plan", "role", "payee", "period"], name="true_up_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.period:%Y-%m}"

    @property
    def adjustment(self) -> int:
        return self.entitled - self.booked


def month_of(day: date) -> date:
    """The period of a business date, by its first day."""
    return day.replace(day=1)
