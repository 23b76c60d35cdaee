from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from commissions.models.payout_terms import PayeeAccount, WithholdingRule
from guides.models import Guide
from merchants.models import Merchant, Party
from merchants.refs import RefField, letters


def new_number(at: datetime | None = None, *, zone: str = "UTC") -> str:
    """What the rail sees: capitals and digits only, sortable by day (of the wall clock in `zone`), never used again."""
    day = (at or timezone.now()).astimezone(ZoneInfo(zone))
    return f"TD{day:%y%m%d}{letters(12).upper()}"


class BankFile(models.Model):
    """Payouts handed to one merchant's bank in one file, under one batch number. Its rows are the payouts."""

    ref = RefField(prefix="bkf")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="bank_files")
    number = models.CharField(max_length=24, unique=True, default=new_number, editable=False)
    payouts_count = models.PositiveIntegerField()
    total = models.BigIntegerField(help_text="Minor units")
    exported_by = models.CharField(max_length=40, help_text="usr_… or system")
    exported_at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id", "merchant"], name="bank_file_with_merchant")]
        indexes = [models.Index(fields=["merchant", "-id"], name="bank_file_newest_first")]

    def __str__(self) -> str:
        return self.number


class Payout(models.Model):
    """One payment of what a book owes to one payee. Amounts in minor units, frozen; `state` moves only along its
    arrows, held by the database. `number` is what the rail sees: asked about as often as needed, sent once.

    gross − recovered − tax = net. `merchant` owes it; `sender` sends it: the same, or a collector who pays on its
    behalf and is then owed it.
    """

    class State(models.TextChoices):
        CREATED = "created", _("Not sent yet")
        SUBMITTED = "submitted", _("Submitted")
        UNKNOWN = "unknown", _("Answer lost")
        HELD = "held", _("On hold")
        SUCCEEDED = "succeeded", _("Paid out")
        CONTESTED = "contested", _("Contested")
        FAILED = "failed", _("Failed")
        RETURNED = "returned", _("Returned")

    class Rail(models.TextChoices):
        BANK = "bank", _("Bank file")
        MANUAL = "manual", _("By hand")
        WECHAT = "wechat", _("WeChat Pay profit sharing")

    OPEN = (State.CREATED, State.SUBMITTED, State.UNKNOWN, State.HELD)
    GIVEN_BACK = (State.FAILED, State.RETURNED)
    BY_WORD = (Rail.BANK, Rail.MANUAL)  # rails on which it is the payer who says that it arrived

    ref = RefField(prefix="pay")
    number = models.CharField(max_length=24, unique=True, default=new_number, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="payouts")
    sender = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="payouts")
    payee_merchant = models.ForeignKey(
        Merchant,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The payee, or the employer of the guide who is; empty for the platform",
    )
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True, related_name="payouts")
    rail = models.CharField(max_length=8, choices=Rail)
    place = models.CharField(max_length=12, help_text="Where the sender holds what it sends: bank, cash")
    currency = models.CharField(max_length=3)
    gross = models.BigIntegerField(help_text="Taken from what is due")
    recovered = models.BigIntegerField(help_text="Kept for what the payee owed, oldest first")
    tax = models.BigIntegerField()
    net = models.BigIntegerField(help_text="What is sent")
    tax_month = models.DateField(help_text="The first of the month on the payer's wall clock")
    withholding = models.ForeignKey(
        WithholdingRule, on_delete=models.PROTECT, null=True, related_name="payouts"
    )
    at = models.DateTimeField()
    by = models.CharField(max_length=40, help_text="usr_… or system")
    recorded_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    account = models.ForeignKey(PayeeAccount, on_delete=models.PROTECT, null=True, related_name="payouts")
    bank_file = models.ForeignKey(BankFile, on_delete=models.PROTECT, null=True, related_name="payouts")
    submitted_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True, help_text="Stays when the money is returned later")
    given_back_at = models.DateTimeField(null=True)
    reason = models.CharField(
        max_length=200, blank=True, help_text="The rail's words, for a failure or return"
    )

    contested_at = models.DateTimeField(null=True, help_text="When the payee said it did not arrive")
    objection = models.CharField(max_length=200, blank=True, help_text="The payee's words")

    objects = ScopedManager(merchant="merchant")
    payable = ScopedManager(merchant="payee_merchant")
    sent = ScopedManager(merchant="sender")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "sender"], name="payout_with_sender"),
            models.UniqueConstraint(fields=["id", "merchant"], name="payout_with_merchant"),
            models.UniqueConstraint(
                fields=["merchant", "payee", "currency"],
                condition=Q(state__in=["created", "submitted", "unknown", "held"]),
                name="payout_one_under_way_a_payee",
            ),
            models.CheckConstraint(
                condition=Q(gross__gt=0, recovered__gte=0, tax__gte=0, net__gte=0)
                & Q(net=F("gross") - F("recovered") - F("tax")),
                name="payout_net_is_what_is_left",
            ),
            models.CheckConstraint(
                condition=Q(guide__isnull=False) | Q(recovered=0, tax=0),
                name="payout_takes_from_persons_only",
            ),
            models.CheckConstraint(
                condition=Q(net__gt=0) | Q(state="succeeded"), name="payout_of_nothing_is_closed"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["created", "held", "failed"])
                | Q(state="succeeded", net=0)
                | Q(submitted_at__isnull=False),
                name="payout_answered_after_it_was_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state="succeeded") | Q(paid_at__isnull=False), name="payout_paid_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="contested") | Q(contested_at__isnull=False, paid_at__isnull=False),
                name="payout_contested_after_it_was_paid",
            ),
            models.CheckConstraint(condition=Q(tax_month__day=1), name="payout_tax_month_is_a_month"),
        ]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="payout_newest_first"),
            models.Index(fields=["sender", "state"], name="payout_to_send"),
            models.Index(fields=["merchant", "payee", "tax_month"], name="payout_of_a_month"),
            models.Index(fields=["guide", "-id"], name="payout_of_guide"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_contestable(self) -> bool:
        """The payee, a merchant, may still say that it did not arrive; it says so once."""
        paid = self.state == self.State.SUCCEEDED and self.net > 0 and self.contested_at is None
        return paid and self.guide_id is None and self.rail in self.BY_WORD

    @property
    def collector_id(self) -> int | None:
        """The merchant who pays on the book's behalf, if it is another."""
        return self.sender_id if self.sender_id != self.merchant_id else None
