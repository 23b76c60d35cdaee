from datetime import datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from merchants.dated import times_overlap
from merchants.models import Brand, Merchant, OrgUnit, Party
from merchants.refs import RefField
from stores.geo import Point
from stores.hours import Opening, door


class Store(models.Model):
    """A place that sells: a leaf of its merchant's tree. Coordinates are WGS-84, the given ones beside."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("Direct store")
        FRANCHISE = "franchise", _("Franchise store")
        COLLECTION = "collection", _("Collection store")

    class Status(models.TextChoices):
        OPEN = "open", _("Trading")
        PAUSED = "paused", _("Paused")
        CLOSED = "closed", _("Closed for good")

    class Datum(models.TextChoices):
        WGS84 = "wgs84"
        GCJ02 = "gcj02"

    ref = RefField(prefix="sto")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="stores")
    org_unit = models.OneToOneField(OrgUnit, on_delete=models.PROTECT, related_name="store")
    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="store")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    pinyin = models.CharField(max_length=120, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)  # since when it does not trade
    province = models.CharField(max_length=40)
    city = models.CharField(max_length=40)
    district = models.CharField(max_length=40, blank=True)
    adcode = models.CharField(max_length=6, blank=True)
    address = models.CharField(max_length=240)
    lng = models.FloatField(help_text="WGS-84 degrees")
    lat = models.FloatField(help_text="WGS-84 degrees")
    given_lng = models.FloatField()
    given_lat = models.FloatField()
    given_datum = models.CharField(max_length=5, choices=Datum)
    time_zone = models.CharField(max_length=48, default="Asia/Shanghai")
    hours = models.JSONField(
        default=list, help_text='Seven entries from Monday: [["09:00","21:00"]], [] when closed'
    )
    special_days = models.JSONField(default=dict, help_text='{"2026-02-17": []}: dates whose hours differ')
    abilities = ArrayField(models.CharField(max_length=24), default=list)
    daily_capacity = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="store_code_once_a_merchant"),
            models.UniqueConstraint(fields=["id", "merchant"], name="store_with_merchant"),
            models.CheckConstraint(
                condition=Q(lng__gte=-180, lng__lte=180, lat__gte=-90, lat__lte=90), name="store_on_earth"
            ),
        ]
        indexes = [
            models.Index(fields=["province", "city", "district"], name="store_by_city"),
            GistIndex(Func("lng", "lat", function="point"), name="store_by_place"),
        ]

    def __str__(self) -> str:
        return self.name

    def traded(self, at: datetime) -> bool:
        """Was it in business at `at`? What it sold before it stopped may be told later."""
        return self.status == self.Status.OPEN or (self.stopped_at is not None and at < self.stopped_at)

    @property
    def place(self) -> Point:
        return Point(self.lng, self.lat)

    @property
    def full_address(self) -> str:
        """With its district, once: given addresses often begin with it."""
        return self.address if self.address.startswith(self.district) else f"{self.district}{self.address}"

    def is_open(self, at: datetime) -> bool:
        return self.opening(at).is_open

    def opening(self, at: datetime) -> Opening:
        """What its door says at `at`; a store that does not trade is closed and promises nothing."""
        if self.status != self.Status.OPEN:
            return Opening(False, None, None)
        return door(self.hours, self.special_days, self.time_zone, at)


class ContractQuerySet(models.QuerySet):
    def accepted(self) -> "ContractQuerySet":
        """Agreed by both at any time, over by now or not."""
        return self.filter(accepted_at__isnull=False)

    def drafts(self) -> "ContractQuerySet":
        """Offered, and not answered yet."""
        return self.filter(accepted_at=None, declined_at=None, withdrawn_at=None)

    def in_state(self, state: str) -> "ContractQuerySet":
        """`draft`, `declined`, `withdrawn` or `accepted`."""
        return self.drafts() if state == "draft" else self.filter(**{f"{state}_at__isnull": False})

    def with_sides(self) -> "ContractQuerySet":
        return self.select_related(
            "brand__merchant", "store", "merchant", "counterparty", "brand_unit", "succeeds"
        )

    def live(self, at: datetime) -> "ContractQuerySet":
        """In force at `at`: accepted by both, begun, not ended."""
        return self.accepted().filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


_MANAGER = models.Manager.from_queryset(ContractQuerySet)


FEE_CAP = 50_000  # ppm; no service keeps as much of what is paid
NO_TIME = timedelta(microseconds=1)  # how long a contract lasts that was ended before it began


class Contract(models.Model):
    """Who may sell which brand where, from when to when, and how the money moves.

    Owned by the brand's merchant; the store's merchant is the counterparty and reads it through `party`. A draft
    until the counterparty accepts it; from then on its terms stand and only its end may come earlier.
    """

    class Mode(models.TextChoices):
        CENTRAL = "central", _("Central: the brand collects, then splits")
        DIRECT = "direct", _("Direct: the store collects and splits at once")

    class Settlement(models.TextChoices):
        T0 = "T0", "T+0"
        T1 = "T1", "T+1"

    class GuidePay(models.TextChoices):
        DIRECT = "direct", _("The principal pays the guide")
        EMPLOYER = "employer", _("The employer pays the guide")

    class FeeBearer(models.TextChoices):
        COLLECTOR = "collector", _("Who collects the money")
        PRINCIPAL = "principal", _("The principal, for its lines")

    ref = RefField(prefix="con")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="brand_contracts")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="store_contracts")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="contracts")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="contracts")
    brand_unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="placed_contracts")
    mode = models.CharField(max_length=8, choices=Mode)
    settlement = models.CharField(max_length=2, choices=Settlement, default=Settlement.T0)
    guide_pay = models.CharField(max_length=8, choices=GuidePay, default=GuidePay.DIRECT)
    reserve_ppm = models.PositiveIntegerField(default=0)
    return_window_days = models.PositiveSmallIntegerField(default=7)
    store_bears_ppm = models.PositiveIntegerField(
        default=0, help_text="Most of the cost of the brand's coupons that the store's merchant bears"
    )
    brand_bears_ppm = models.PositiveIntegerField(
        default=0,
        help_text="Most of the cost of the store merchant's coupons that the brand bears on its lines",
    )
    brand_tells_for_store = models.BooleanField(
        default=False, help_text="The brand's systems may say that the store's merchant took the money"
    )
    store_tells_for_brand = models.BooleanField(
        default=False, help_text="The store's systems may say that the brand's owner took the money"
    )
    fee_bearer = models.CharField(
        max_length=9,
        choices=FeeBearer,
        default=FeeBearer.COLLECTOR,
        help_text="Who bears what the payment service takes",
    )
    fee_cap_ppm = models.PositiveIntegerField(
        default=FEE_CAP,
        help_text="Most of what a payment paid of its lines that the principal bears of its fee",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    terms_version = models.PositiveSmallIntegerField(
        default=1, help_text="Grows with each revision of a draft: who accepts names the one they read"
    )
    succeeds = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        help_text="The contract that ends where this one begins, once this one is accepted",
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.CharField(max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant", _manager_class=_MANAGER)
    party = ScopedManager(merchant="counterparty", _manager_class=_MANAGER)

    class Meta:
        indexes = [models.Index(fields=["store", "brand"], name="contract_of_store")]
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="contract_with_merchant"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="contract_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(reserve_ppm__lte=1_000_000), name="contract_reserve_is_a_part"
            ),
            models.CheckConstraint(
                condition=Q(store_bears_ppm__lte=1_000_000, brand_bears_ppm__lte=1_000_000),
                name="contract_coupon_costs_are_parts",
            ),
            models.CheckConstraint(
                condition=Q(fee_cap_ppm__lte=1_000_000), name="contract_fee_cap_is_a_part"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, declined_at=None)
                | Q(accepted_at=None, withdrawn_at=None)
                | Q(declined_at=None, withdrawn_at=None),
                name="contract_draft_ends_one_way",
            ),
            models.UniqueConstraint(
                fields=["brand", "store"],
                condition=Q(accepted_at=None, declined_at=None, withdrawn_at=None),
                name="contract_one_open_draft",
            ),
            ExclusionConstraint(
                name="contract_never_overlaps",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("store", RangeOperators.EQUAL),
                    times_overlap(),
                ],
                condition=Q(accepted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_draft(self) -> bool:
        return self.accepted_at is None and self.declined_at is None and self.withdrawn_at is None

    @property
    def never_began(self) -> bool:
        """It was ended before it began: it is over, and never was in force."""
        return self.ends_at is not None and self.ends_at - self.starts_at <= NO_TIME

    @property
    def is_own(self) -> bool:
        """The brand's owner runs the store itself."""
        return self.merchant_id == self.counterparty_id
