from fractions import Fraction

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from commissions.models.plan import PlanVersion, Rule
from commissions.models.running import RunningTotal
from guides.models import Guide
from ledger.accounts import OWN_POINTS, Name, held, stored
from merchants.models import Merchant, Party
from merchants.money import PPM
from merchants.refs import RefField
from orders.models import Order, OrderLine, Tender
from stores.models import Contract, Store

BY_APPEAL = "appeal"  # `because` of a row that an appeal added


class SplitQuerySet(models.QuerySet):
    def open(self) -> "SplitQuerySet":
        """Booked and not settled yet. Asked by the items' own `split`: of their id no anti-join can be made."""
        return self.filter(items__split__isnull=True)


class Split(models.Model):
    """How one order line was divided: the terms it was divided by, frozen, and the amounts in minor units.

    `merchant` is the principal: the line stands in its book. The seller is the counterparty; the brand's
    owner is whom it is about. Σ shares = base and Σ shares − Σ contributions = paid, held by the database.
    """

    ref = RefField(prefix="spl")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="splits", db_index=False)
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="splits")
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="split")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, related_name="splits")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, null=True, related_name="splits")
    mode = models.CharField(max_length=8, choices=Contract.Mode)
    settlement = models.CharField(max_length=2, choices=Contract.Settlement)
    reserve_ppm = models.PositiveIntegerField()
    return_window_days = models.PositiveSmallIntegerField()
    input_hash = models.BinaryField(editable=False, help_text="SHA-256 of everything the division depends on")
    currency = models.CharField(max_length=3)
    paid = models.BigIntegerField()
    contribution = models.BigIntegerField()
    base = models.BigIntegerField()
    basis = models.BigIntegerField(help_text="What a ratio multiplies")
    business_date = models.DateField()
    at = models.DateTimeField(help_text="When the order was paid")
    recorded_at = models.DateTimeField(auto_now_add=True)

    _manager = models.Manager.from_queryset(SplitQuerySet)
    objects = ScopedManager(merchant="merchant", _manager_class=_manager)
    party = ScopedManager(merchant="counterparty", _manager_class=_manager)
    about = ScopedManager(merchant="brand_owner", _manager_class=_manager)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="split_with_merchant"),
            models.CheckConstraint(
                condition=Q(base=F("paid") + F("contribution"), paid__gte=0, contribution__gte=0),
                name="split_base_is_paid_and_contribution",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "business_date"], name="split_of_book_and_day"),
            models.Index(fields=["brand_owner", "-id"], name="split_about_brand_owner"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def source_id(self) -> str:
        """How the ledger names this line: `ord_…/2`. Its order and line are loaded."""
        return f"{self.order.ref}/{self.line.number}"


class Share(models.Model):
    """What one payee gets of a line, and why. Frozen; only `clawed` and what appeals moved grow.

    `clawed_before` is what of `clawed` had been taken when the last appeal of the line was upheld: later refunds run
    over what each share held then.
    """

    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="shares", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    rule_number = models.PositiveSmallIntegerField(null=True, help_text="Empty where no plan said anything")
    role = models.CharField(max_length=12, choices=Rule.Role)
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="shares")
    payee_merchant = models.ForeignKey(
        Merchant,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The payee, or the employer of the guide who is; empty for the platform",
    )
    owed_to = models.ForeignKey(
        Party,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose account it is: the payee's, or the employer's who pays on",
    )
    guide = models.ForeignKey(
        Guide, on_delete=models.PROTECT, null=True, related_name="shares", db_index=False
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    ppm = models.PositiveIntegerField(null=True)
    part_ppm = models.PositiveIntegerField(
        default=1_000_000, help_text="Of the rule's claim, if it is shared"
    )
    running = models.ForeignKey(
        RunningTotal,
        on_delete=models.PROTECT,
        null=True,
        related_name="shares",
        help_text="The month's total that counts it, where the plan has tiers or caps",
    )
    claim_numerator = models.DecimalField(max_digits=60, decimal_places=0)  # exact parts outgrow 64 bits
    claim_denominator = models.DecimalField(max_digits=60, decimal_places=0)
    amount = models.BigIntegerField()
    clawed = models.BigIntegerField(default=0)
    clawed_before = models.BigIntegerField(default=0)
    moved_out = models.BigIntegerField(default=0, help_text="To rows that appeals added")
    moved_ppm = models.PositiveIntegerField(
        default=0, help_text="Of the payee's part of the line, what went with it"
    )
    why = models.JSONField(help_text="Touch, rule, version and losing candidates, as codes and references")

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")
    about = ScopedManager(merchant="brand_owner")
    payable = ScopedManager(merchant="payee_merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["split", "number"], name="share_number_once"),
            models.UniqueConstraint(fields=["id", "split"], name="share_with_split"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="share_not_negative"),
            models.CheckConstraint(
                condition=Q(clawed__gte=0, moved_out__gte=0, amount__gte=F("clawed") + F("moved_out")),
                name="share_gives_within_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(clawed_before__gte=0, clawed_before__lte=F("clawed")),
                name="share_clawed_before_within_clawed",
            ),
            models.CheckConstraint(condition=Q(moved_ppm__lte=PPM), name="share_moved_ppm_within_a_whole"),
            models.CheckConstraint(
                condition=Q(claim_numerator__gte=0, claim_denominator__gt=0), name="share_claim_is_a_fraction"
            ),
        ]
        indexes = [models.Index(fields=["guide", "-id"], name="share_of_guide")]

    def __str__(self) -> str:
        return f"{self.split_id}/{self.number} {self.role}"

    @property
    def claim(self) -> Fraction:
        """Before rounding."""
        return Fraction(int(self.claim_numerator), int(self.claim_denominator))

    @property
    def held(self) -> int:
        return self.amount - self.clawed - self.moved_out

    @property
    def held_then(self) -> int:
        """When the last appeal of its line was upheld; without one, all of it."""
        return self.amount - self.moved_out - self.clawed_before

    @property
    def kept_ppm(self) -> int:
        """The payee's part of the rule's claim, less what appeals moved away."""
        return self.part_ppm * (PPM - self.moved_ppm) // PPM

    @property
    def holder(self) -> str:
        """Whose it is, by name; it comes with its guide and merchant. Empty for the platform."""
        if self.guide:
            return self.guide.name
        return self.payee_merchant.name if self.payee_merchant else ""

    @property
    def is_moved_here(self) -> bool:
        """An appeal gave it, no rule."""
        return self.why["because"] == BY_APPEAL

    @property
    def is_the_books_to_move(self) -> bool:
        """A guide's, or the principal's own. Another merchant's is agreed by contract, and nobody else's to give."""
        return self.guide_id is not None or self.is_principals

    @property
    def is_principals(self) -> bool:
        """The principal's own part: a result of its book, owed by nobody. `merchant` is loaded."""
        return self.payee_id == self.merchant.party_id

    @property
    def is_passed_on(self) -> bool:
        """Owed to the guide's employer, who owes it on to the guide."""
        return self.owed_to_id != self.payee_id

    @property
    def other_book(self) -> int | None:
        """The merchant in whose book this share is mirrored: the payee itself, or the employer who pays on."""
        mirrored = self.guide_id is None or self.is_passed_on
        return self.payee_merchant_id if mirrored and not self.is_principals else None


class Contribution(models.Model):
    """What a bearer of discounts owes the principal for this line. Frozen; only `returned` grows."""

    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="contributions", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    brand_owner = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    bearer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    bearer_merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty for the platform"
    )
    amount = models.BigIntegerField()
    returned = models.BigIntegerField(default=0)

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")
    about = ScopedManager(merchant="brand_owner")
    borne = ScopedManager(merchant="bearer_merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["split", "bearer"], name="contribution_once_a_bearer"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="contribution_above_zero"),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("amount")),
                name="contribution_returned_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.split_id} {self.bearer_id}"


class Collection(models.Model):
    """The part of a tender that paid this line, and who collected it. Frozen; only `returned` grows."""

    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="collections", db_index=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="In the order in which tenders are laid over lines")
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="collections")
    collector = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=12, choices=Tender.Place)
    programme = models.CharField(max_length=32, blank=True, default="", help_text="Its code, of stored value")
    amount = models.BigIntegerField()
    returned = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0, help_text="This line's part of what the payment service kept")
    fee_charged = models.BigIntegerField(
        default=0, help_text="Of it, what the principal owes the collector by contract"
    )

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")
    collected = ScopedManager(merchant="collector")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["split", "tender"], name="collection_once_a_tender"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="collection_above_zero"),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("amount")),
                name="collection_returned_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0, fee__lte=F("amount"))
                & Q(fee_charged__gte=0, fee_charged__lte=F("fee"))
                & (Q(fee_charged=0) | ~Q(collector=F("merchant"))),
                name="collection_fee_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.split_id} {self.place}"

    @property
    def account(self) -> Name:
        """In the collector's book: where it holds the money, or what it owed the shopper and now does not."""
        if self.place == Tender.Place.STORED:
            return stored(self.programme)
        return OWN_POINTS if self.place == Tender.Place.POINTS else held(self.place)
