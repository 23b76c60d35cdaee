from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from guides.models import Guide
from merchants import phones, sealing
from merchants.dated import times_overlap
from merchants.models import Brand, Merchant
from merchants.refs import RefField
from stores.models import Store


class Person(models.Model):
    """One human, platform-wide, keyed by phone. Never shown across merchants; its one door is members/identity.py."""

    ref = RefField(prefix="psn")
    phone_sealed = models.BinaryField(editable=False)
    phone_hash = models.BinaryField(unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.ref

    @property
    def phone(self) -> str:
        """E.164 in clear. To show it whole is an event: see members/reveal.py."""
        return sealing.unseal(self.phone_sealed)

    @property
    def masked_phone(self) -> str:
        return phones.mask(self.phone)


class Member(models.Model):
    """A person in the eyes of one merchant."""

    class Origin(models.TextChoices):
        STOREFRONT = "storefront", _("Joined on the storefront")
        GUIDE = "guide", _("Joined through a guide")
        API = "api", _("Came from a merchant's system")
        STORE = "store", _("Joined a brand at this store")

    class Status(models.TextChoices):
        ACTIVE = "active"
        LEFT = "left"

    ref = RefField(prefix="mem")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="members")
    name = models.CharField(max_length=60, blank=True)
    pinyin = models.CharField(max_length=120, blank=True, editable=False)
    home_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="home_members"
    )
    origin = models.CharField(max_length=12, choices=Origin)
    origin_guide = models.ForeignKey(
        Guide, on_delete=models.PROTECT, null=True, blank=True, related_name="recruited"
    )
    status = models.CharField(max_length=6, choices=Status, default=Status.ACTIVE)
    joined_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "person"], name="member_once_a_merchant_and_person"),
            models.UniqueConstraint(fields=["id", "merchant"], name="member_with_merchant"),
        ]
        indexes = [
            models.Index(fields=["merchant", "-joined_at"], name="member_newest_first"),
            models.Index(fields=["home_store", "-joined_at"], name="member_of_store"),
        ]

    def __str__(self) -> str:
        return self.name or gettext("A member without a name")


class SharedMembership(models.Model):
    """The shopper's consent that a brand's member and the store merchant's member of the same person are known as one.

    Owned by the brand's merchant, readable by the store's merchant through `party`. Made only with a consent.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="shared_with")
    counterpart = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="shared_from")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "member", "counterpart"], name="shared_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} ↔ {self.counterpart_id}"


class Identity(models.Model):
    """How a source system knows the member."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="identities")
    system = models.CharField(max_length=40)
    value = models.CharField(max_length=120)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "system", "value"], name="identity_once_a_merchant"),
        ]

    def __str__(self) -> str:
        return f"{self.system}:{self.value}"


class Consent(models.Model):
    """One yes or no, per brand and purpose; append-only, the newest counts. No `brand`: the merchant's own."""

    class Purpose(models.TextChoices):
        MEMBERSHIP = "membership", _("Keep my membership and orders")
        STORE = "store", _("Let the store that serves me know me too")
        MARKETING = "marketing", _("Send me offers")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="consents")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose)
    granted = models.BooleanField()
    text_version = models.CharField(max_length=20)
    at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        indexes = [models.Index(fields=["member", "purpose", "-at"], name="consent_newest_first")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.purpose} {self.granted}"


class BindingQuerySet(models.QuerySet):
    def live(self, at: datetime) -> "BindingQuerySet":
        return self.filter(starts_at__lte=at, ends_at__gt=at)


class Binding(models.Model):
    """Member ↔ exclusive guide of the same merchant. Two clocks: validity (starts–ends) and protection."""

    ref = RefField(prefix="bnd")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="bindings")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="bindings")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="bindings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    protected_until = models.DateTimeField()

    objects = ScopedManager(merchant="merchant", _manager_class=models.Manager.from_queryset(BindingQuerySet))

    class Meta:
        indexes = [models.Index(fields=["guide", "ends_at"], name="binding_of_guide")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), protected_until__lte=F("ends_at")),
                name="binding_clocks_in_order",
            ),
            ExclusionConstraint(
                name="binding_one_live_a_member",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    times_overlap(),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} ↔ {self.guide_id}"


class FollowUp(models.Model):
    """A task for a guide about a member."""

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("Welcome a new member")
        COUPON_EXPIRING = "coupon_expiring", _("A coupon expires soon")

    ref = RefField(prefix="fup")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="follow_ups")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="follow_ups")
    kind = models.CharField(max_length=20, choices=Kind)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        indexes = [
            models.Index(fields=["guide", "due_at"], condition=Q(done_at=None), name="follow_up_open"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "guide", "kind"], condition=Q(done_at=None), name="follow_up_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.member_id}"


class PhoneCode(models.Model):
    """A one-time code sent to a shopper's phone: kept as a fingerprint, spent by use, by age or by wrong tries."""

    phone_hash = models.BinaryField()
    purpose = models.CharField(max_length=24)
    code_hash = models.BinaryField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["phone_hash", "-sent_at"], name="phone_code_newest_first")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.sent_at}"


class ShopperSession(models.Model):
    """A shopper signed in on one device to one brand's storefront. The cookie's token is kept as a hash only."""

    ref = RefField(prefix="ses")
    token_hash = models.BinaryField(unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sessions")
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["person", "-seen_at"], name="shopper_session_of_person")]

    def __str__(self) -> str:
        return self.ref
