from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from commissions.attribution_rules import Policy, as_read
from merchants.dated import times_overlap
from merchants.models import Merchant
from merchants.refs import RefField


class AttributionPolicy(models.Model):
    """Who earns the guide's part of sales under the merchant's plans, as an ordered list of rules.

    A draft has rules and no time. Published it holds in [effective_from, effective_until) and does not change, except
    that its end is set, once, when a successor is published.
    """

    ref = RefField(prefix="atp")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="attribution_policies")
    number = models.PositiveIntegerField()
    rules = models.JSONField(help_text="As commissions.attribution_rules.as_kept tells")
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_until = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        verbose_name_plural = "attribution policies"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "number"], name="attribution_policy_number_once"),
            models.CheckConstraint(
                condition=Q(published_at=None, effective_from=None, effective_until=None)
                | Q(published_at__isnull=False, effective_from__isnull=False),
                name="attribution_policy_begins_when_published",
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="attribution_policy_ends_after_start",
            ),
            models.CheckConstraint(condition=~Q(rules=[]), name="attribution_policy_says_something"),
            ExclusionConstraint(
                name="attribution_policy_never_overlaps",
                expressions=[
                    ("merchant", RangeOperators.EQUAL),
                    times_overlap("effective_from", "effective_until"),
                ],
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} v{self.number}"

    @property
    def said(self) -> Policy:
        """Its rules, as the pure attribution takes them."""
        return Policy(as_read(self.rules), self.ref, self.number)
