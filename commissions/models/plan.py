from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import BigIntegerField, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from catalog.models import Sku
from merchants.dated import times_overlap
from merchants.models import Brand, Merchant
from merchants.refs import RefField
from orders.models import Order
from stores.models import Contract


class Plan(models.Model):
    """How a brand splits its sales under contracts of one mode. What it says stands in its versions."""

    ref = RefField(prefix="pln")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="plans")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="plans")
    mode = models.CharField(max_length=8, choices=Contract.Mode)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            # One plan a mode, so that the exclusion on versions leaves exactly one answer for every sale.
            models.UniqueConstraint(fields=["brand", "mode"], name="plan_once_a_brand_and_mode"),
            models.UniqueConstraint(fields=["id", "merchant"], name="plan_with_merchant"),
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.mode}"


class PlanVersion(models.Model):
    """What holds in [effective_from, effective_until) for a scope: the brand, a channel merchant, a contract.

    Once published it does not change, except that its end may be set, once, when a successor is published. While
    it has not begun it may become a draft again, and whom it ended goes on.
    """

    class Basis(models.TextChoices):
        PAID = "paid", _("What the shopper paid")
        FULL = "full", _("What was paid and what others bore of the discounts")

    ref = RefField(prefix="plv")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    channel = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="plan_versions"
    )
    number = models.PositiveIntegerField()
    basis = models.CharField(max_length=4, choices=Basis, default=Basis.PAID)
    ceiling_ppm = models.PositiveIntegerField(default=1_000_000, help_text="What the ratios may sum to")
    effective_from = models.DateTimeField()
    effective_until = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rules_sha256 = models.BinaryField(editable=False)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once"),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="plan_version_ends_after_start",
            ),
            models.UniqueConstraint(fields=["id", "merchant"], name="plan_version_with_merchant"),
            models.CheckConstraint(
                condition=Q(channel=None) | Q(contract=None), name="plan_version_has_one_scope"
            ),
            models.CheckConstraint(
                condition=Q(ceiling_ppm__gt=0, ceiling_ppm__lte=1_000_000),
                name="plan_version_ceiling_is_a_part",
            ),
            ExclusionConstraint(
                name="plan_version_never_overlaps",
                expressions=[
                    ("plan", RangeOperators.EQUAL),
                    (
                        Coalesce("channel", Value(0), output_field=BigIntegerField()),
                        RangeOperators.EQUAL,
                    ),
                    (
                        Coalesce("contract", Value(0), output_field=BigIntegerField()),
                        RangeOperators.EQUAL,
                    ),
                    times_overlap("effective_from", "effective_until"),
                ],
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.number}"


class Rule(models.Model):
    """One claim of a version, in order of number: a role's ratio of the basis, a fixed amount, the slices of its
    tiers, or the residual, the rest. It claims where all of its conditions hold, beside other rules of its role."""

    class Role(models.TextChoices):
        BRAND = "brand", _("Brand")
        CHANNEL = "channel", _("Channel")
        STORE = "store", _("Store")
        GUIDE = "guide", _("Guide")
        BOUND = "bound", _("Own guide")
        SERVING = "serving", _("Serving guide")
        SHARING = "sharing", _("Sharing guide")
        RECRUITING = "recruiting", _("Recruiting guide")
        ACCEPTING = "accepting", _("Accepting guide")
        MANAGER = "manager", _("Store manager")
        PLATFORM = "platform", _("Platform")
        RESIDUAL = "residual", _("Rest")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="rules")
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=12, choices=Role)
    ppm = models.PositiveIntegerField(null=True, blank=True, help_text="Of the basis")
    fixed = models.BigIntegerField(null=True, blank=True, help_text="Minor units, for a line")
    per_unit = models.BooleanField(default=False, help_text="The fixed amount is for each piece")
    tiers = models.JSONField(
        default=list, blank=True, help_text="[[from, ppm], …], marginal on the payee's basis of the month"
    )
    line_cap = models.BigIntegerField(null=True, blank=True, help_text="Minor units, for all who share it")
    period_cap = models.BigIntegerField(null=True, blank=True, help_text="Minor units, a payee and month")
    category = models.CharField(max_length=60, blank=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=12, choices=Order.Channel, blank=True)
    level = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the guide, when it was paid"
    )

    objects = ScopedManager(merchant="merchant")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="rule_number_once"),
            models.UniqueConstraint(
                fields=["version"], condition=Q(role="residual"), name="rule_one_residual"
            ),
            # isnull=False: a comparison with NULL is unknown, and a check lets the unknown pass.
            models.CheckConstraint(
                condition=Q(role="residual", ppm=None, fixed=None, tiers=[])
                | ~Q(role="residual")
                & (
                    Q(ppm__isnull=False, ppm__gt=0, ppm__lte=1_000_000, fixed=None, tiers=[])
                    | Q(ppm=None, fixed__isnull=False, fixed__gt=0, tiers=[])
                    | Q(ppm=None, fixed=None) & ~Q(tiers=[])
                ),
                name="rule_claims_one_way",
            ),
            models.CheckConstraint(
                condition=(Q(line_cap=None) | Q(line_cap__gt=0))
                & (Q(period_cap=None) | Q(period_cap__gt=0))
                & (Q(per_unit=False) | Q(fixed__isnull=False)),
                name="rule_caps_above_zero",
            ),
            models.CheckConstraint(
                condition=~Q(role="residual")
                | Q(line_cap=None, period_cap=None, category="", sku=None, channel="", level=None),
                name="rule_residual_takes_no_conditions",
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="rule_number_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.role}"


# Roles whose payee is a guide.
GUIDE_ROLES = (
    Rule.Role.GUIDE,
    Rule.Role.BOUND,
    Rule.Role.SERVING,
    Rule.Role.SHARING,
    Rule.Role.RECRUITING,
    Rule.Role.ACCEPTING,
    Rule.Role.MANAGER,
)
