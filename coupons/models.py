from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from catalog.models import Sku
from guides.models import Guide
from members.models import Member
from merchants.models import Brand, Merchant
from merchants.refs import RefField
from orders.models import Order, OrderLine
from stores.models import Store


class Campaign(models.Model):
    """A benefit that can be issued as coupons: spend the threshold on its brand's lines, get the amount
    off (满减); or exchange the coupon for whole pieces of its goods (兑换)."""

    class Kind(models.TextChoices):
        FULL_REDUCTION = "full_reduction", _("Full reduction")
        EXCHANGE = "exchange", _("Exchange coupon")

    class State(models.TextChoices):
        ACTIVE = "active", _("Running")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    ref = RefField(prefix="cmp")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="campaigns")
    brand = models.ForeignKey(
        Brand,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        help_text="Its lines count; empty for a store merchant's campaign over the whole receipt",
    )
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.FULL_REDUCTION)
    threshold = models.BigIntegerField(default=0, help_text="Of a full reduction")
    amount_off = models.BigIntegerField(default=0, help_text="Of a full reduction")
    pieces = models.PositiveSmallIntegerField(default=0, help_text="Which an exchange coupon pays wholly")
    sku = models.ForeignKey(
        Sku,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        help_text="The one article an exchange coupon is for; empty for any of the brand's",
    )
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    claim_from = models.DateTimeField()
    claim_until = models.DateTimeField()
    use_from = models.DateTimeField()
    use_until = models.DateTimeField()
    per_member_limit = models.PositiveSmallIntegerField(default=1)
    issue_limit = models.PositiveIntegerField()
    bearers = models.JSONField(
        help_text='[["brand", 700000], ["store", 300000]]: roles and their parts in ppm, summing to 1,000,000'
    )
    created_at = models.DateTimeField(auto_now_add=True)
    form_key = models.CharField(
        max_length=40, blank=True, editable=False, help_text="Of the form it was made by, which makes one"
    )

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="campaign_with_merchant"),
            models.UniqueConstraint(
                fields=["merchant", "form_key"], condition=~Q(form_key=""), name="campaign_once_a_form"
            ),
            models.CheckConstraint(
                condition=Q(amount_off__gt=0, threshold__gte=F("amount_off")) | ~Q(kind="full_reduction"),
                name="campaign_threshold_covers_amount",
            ),
            models.CheckConstraint(
                condition=Q(kind="exchange", pieces__gt=0, threshold=0, amount_off=0)
                | ~Q(kind="exchange") & Q(pieces=0, sku=None),
                name="campaign_exchanges_pieces",
            ),
            models.CheckConstraint(
                condition=Q(claim_until__gt=F("claim_from"), use_until__gt=F("use_from")),
                name="campaign_windows_in_order",
            ),
            models.CheckConstraint(
                condition=Q(per_member_limit__gt=0, issue_limit__gt=0), name="campaign_limits_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Quota(models.Model):
    """How many coupons of a campaign are out. One row is locked last and shortest; more shards come with
    heat."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="quotas")
    shard = models.PositiveSmallIntegerField(default=0)
    left = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "shard"], name="quota_shard_once"),
            models.CheckConstraint(condition=Q(left__gte=0), name="quota_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.shard}: {self.left}"


class Coupon(models.Model):
    """One issued coupon of one member of the campaign's merchant. The code is found by fingerprint,
    shown by unsealing."""

    class State(models.TextChoices):
        ISSUED = "issued", _("Usable")
        REDEEMED = "redeemed", _("Redeemed")
        VOIDED = "voided", _("Voided")
        EXPIRED = "expired", _("Expired")

    ref = RefField(prefix="cpn")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="coupons", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="coupons", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="coupons", db_index=False)
    code_hash = models.BinaryField(unique=True, editable=False)
    code_sealed = models.BinaryField(editable=False)
    claim_key = models.CharField(max_length=120)
    claim_no = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.ISSUED)
    usable_from = models.DateTimeField()
    usable_until = models.DateTimeField()
    issued_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        Guide, on_delete=models.PROTECT, null=True, blank=True, related_name="sent_coupons"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="coupon_with_merchant"),
            models.UniqueConstraint(fields=["merchant", "claim_key"], name="coupon_claim_key_once"),
            models.UniqueConstraint(
                fields=["campaign", "member", "claim_no"], name="coupon_within_member_limit"
            ),
            models.CheckConstraint(
                condition=Q(usable_until__gt=F("usable_from")), name="coupon_window_in_order"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "state"], name="coupon_of_member"),
            models.Index(fields=["usable_until"], condition=Q(state="issued"), name="coupon_expiring"),
        ]

    def __str__(self) -> str:
        return self.ref


class Redemption(models.Model):
    """A coupon used on an order: one live per coupon, rolled back at most once. Owned by the campaign's
    merchant; the seller reads it through `party`."""

    ref = RefField(prefix="rdm")
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="redemptions", db_index=False
    )
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="redemptions")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    guide = models.ForeignKey(
        Guide, on_delete=models.PROTECT, null=True, blank=True, related_name="redemptions"
    )
    amount_off = models.BigIntegerField()
    bearers = models.JSONField(help_text="The campaign's bearers, frozen")
    redeemed_at = models.DateTimeField()
    rolled_back_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon"], condition=Q(rolled_back_at=None), name="redemption_one_live_a_coupon"
            ),
            models.UniqueConstraint(fields=["id", "merchant"], name="redemption_with_merchant"),
        ]
        indexes = [models.Index(fields=["merchant", "-redeemed_at"], name="redemption_newest_first")]

    def __str__(self) -> str:
        return self.ref


class Allocation(models.Model):
    """What one redemption took off one line, and who bears it: [["brand", 1800], ["store", 900]] in
    minor units.

    Roles are resolved per line: "brand" is the line's brand owner, "store" and "channel" the seller.
    """

    redemption = models.ForeignKey(
        Redemption, on_delete=models.PROTECT, related_name="allocations", db_index=False
    )
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="allocations")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    costs = models.JSONField()

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["redemption", "line"], name="allocation_once_a_line"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.redemption_id}/{self.line_id}"
