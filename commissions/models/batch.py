from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from merchants.models import Merchant, Party
from merchants.refs import RefField


class SettlementPolicy(models.Model):
    """What a merchant asks of its own T+1 batches. Without a row nothing is asked."""

    merchant = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="settlement_policy")
    needs_approval = models.BooleanField(default=False, help_text="A batch waits until finance approves it")

    objects = ScopedManager(merchant="merchant")

    def __str__(self) -> str:
        return f"{self.merchant_id}"


class SettlementBatch(models.Model):
    """The T+1 lines of one book that were open when its business date closed: `id` ≤ `last_split` and a date
    up to `business_date`. Each page of them becomes a Settlement; `cursor` is the last line that has.

    What becomes of it after it is posted is not kept here but read from payouts and bills: commissions/progress.py.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Being opened")
        FROZEN = "frozen", _("Frozen")
        APPROVED = "approved", _("Approved and locked")
        POSTED = "posted", _("Payable")

    ref = RefField(prefix="stb")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlement_batches")
    business_date = models.DateField(help_text="The last date it takes")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    needs_approval = models.BooleanField(default=False)
    lines = models.PositiveIntegerField(default=0, help_text="As frozen")
    total = models.BigIntegerField(default=0, help_text="As frozen: what becomes payable to others")
    last_split = models.BigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=40, blank=True, help_text="usr_… or system")
    locked_total = models.BigIntegerField(
        null=True, blank=True, help_text="As approved: exactly this becomes payable to others"
    )
    posted_at = models.DateTimeField(null=True, blank=True)
    due_total = models.BigIntegerField(
        null=True, blank=True, help_text="What became payable at once, reserves not; empty before it was kept"
    )

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "business_date"], name="batch_once_a_book_and_date"),
            models.UniqueConstraint(
                fields=["merchant"], condition=~Q(state="posted"), name="batch_one_under_way_a_book"
            ),
            models.UniqueConstraint(fields=["id", "merchant"], name="batch_with_merchant"),
            models.CheckConstraint(
                condition=Q(cursor__gte=0) & Q(last_split__gte=0) & Q(total__gte=0),
                name="batch_counts_from_zero",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(needs_approval=True, locked_total__gte=0),
                name="batch_approved_is_locked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.business_date}"


class BatchDue(models.Model):
    """What a posted batch made payable at once to one payee, and where that stands on the payee's line of dues in
    the book: `amount` fen up to the `up_to`-th that ever became due (commissions/payouts/laying.py)."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(SettlementBatch, on_delete=models.PROTECT, related_name="dues")
    payee = models.ForeignKey(
        Party,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whom the book owes: a guide or her employer",
    )
    amount = models.BigIntegerField()
    up_to = models.BigIntegerField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "payee"], name="batch_due_once_a_payee"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, up_to__gte=F("amount")), name="batch_due_stands_on_its_line"
            ),
        ]
        indexes = [models.Index(fields=["merchant", "payee", "up_to"], name="batch_due_of_payee")]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.payee_id} {self.amount}"
