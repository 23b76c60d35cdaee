from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from merchants.dated import times_overlap
from merchants.models import Merchant, Party, User
from merchants.refs import RefField
from stores.models import Store


class Guide(models.Model):
    """A user who serves shoppers, employed by one merchant."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        LEFT = "left"

    ref = RefField(prefix="gui")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="guides")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="guides")
    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="guide")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    pinyin = models.CharField(max_length=120, editable=False)
    status = models.CharField(max_length=6, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="guide_code_once_a_merchant"),
            models.UniqueConstraint(fields=["merchant", "user"], name="guide_once_a_user_and_merchant"),
            models.UniqueConstraint(fields=["id", "merchant"], name="guide_with_merchant"),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """Guide × store × level, dated: one store and one level at any instant."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="assignments")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="assignments")
    level = models.PositiveSmallIntegerField(default=1)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        indexes = [models.Index(fields=["store", "starts_at"], name="assignment_of_store")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="assignment_ends_after_start"
            ),
            ExclusionConstraint(
                name="assignment_one_store_at_a_time",
                expressions=[
                    ("guide", RangeOperators.EQUAL),
                    times_overlap(),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guide_id} at {self.store_id}"


class OffDuty(models.Model):
    """A time a guide is marked off: ill, on leave, on a break."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="off_duty")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        verbose_name_plural = "off duty"
        indexes = [models.Index(fields=["guide", "starts_at"], name="off_duty_of_guide")]

    def __str__(self) -> str:
        return f"{self.guide_id} from {self.starts_at}"


class Target(models.Model):
    """What a guide should sell on a day, in minor units: the ring on 今日."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="targets")
    day = models.DateField()
    amount = models.BigIntegerField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["guide", "day"], name="target_once_a_day"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="target_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.guide_id} {self.day}"
