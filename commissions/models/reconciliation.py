from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from commissions.models.payout import Payout
from commissions.reconciliation.matching import Kind
from merchants.models import Merchant
from merchants.refs import RefField


class RailBill(models.Model):
    """A rail's bill of some days, as it was imported; amounts in minor units. `lines` and `total` are of all that the
    file says left, `back` of payouts that it says came back, those known from an earlier bill included."""

    ref = RefField(prefix="rbl")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="rail_bills")
    rail = models.CharField(max_length=8, choices=Payout.Rail)
    first_day = models.DateField()
    last_day = models.DateField()
    told_until = models.DateField(help_text="The last of its days that was over when it was imported")
    name = models.CharField(max_length=120, help_text="The file's")
    digest = models.BinaryField(help_text="SHA-256 of the file")
    lines_count = models.PositiveIntegerField()
    total = models.BigIntegerField()
    known_count = models.PositiveIntegerField(help_text="Lines that an earlier bill had")
    known_total = models.BigIntegerField()
    back_count = models.PositiveIntegerField(default=0)
    back_total = models.PositiveBigIntegerField(default=0)
    left_out = models.PositiveIntegerField(help_text="Rows of failures and of others' money that came in")
    imported_by = models.CharField(max_length=40, help_text="usr_… or system")
    imported_at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="rail_bill_with_merchant"),
            models.UniqueConstraint(fields=["merchant", "rail", "digest"], name="rail_bill_once_a_file"),
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")) & Q(told_until__lte=F("last_day")),
                name="rail_bill_ends_later",
            ),
            models.CheckConstraint(
                condition=Q(known_count__lte=F("lines_count"))
                & Q(known_total__gte=0)
                & Q(total__gte=F("known_total")),
                name="rail_bill_knows_part_of_itself",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "-id"], name="rail_bill_newest_first")]

    def __str__(self) -> str:
        return f"{self.rail} {self.first_day}–{self.last_day}"


class BillLine(models.Model):
    """One movement that a rail told of, once, whichever bill had it first. `payout` is the one of its number; what came
    in is kept only with one."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    bill = models.ForeignKey(RailBill, on_delete=models.PROTECT, related_name="lines")
    row = models.PositiveIntegerField(help_text="Its line in the file")
    number = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=64, blank=True, help_text="The rail's own")
    amount = models.BigIntegerField()
    incoming = models.BooleanField(default=False, help_text="The payout's money came back")
    day = models.DateField(help_text="On the rail's calendar")
    at = models.DateTimeField(null=True, help_text="Where the rail told a time")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, related_name="bill_lines")
    identity = models.BinaryField(help_text="By which the same movement is known in another bill")

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="bill_line_with_merchant"),
            models.UniqueConstraint(fields=["merchant", "identity"], name="bill_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bill_line_moves_something"),
            models.CheckConstraint(
                condition=Q(incoming=False) | Q(payout__isnull=False), name="bill_line_in_is_a_payout_back"
            ),
        ]
        indexes = [models.Index(fields=["bill", "row"], name="bill_line_in_order")]

    def __str__(self) -> str:
        return f"{self.number} {self.amount}"


class Break(models.Model):
    """Where a rail's bill and our payouts differ, as it was found; only `state` moves. `theirs` and `ours` in minor
    units, 0 for the side that has nothing."""

    class State(models.TextChoices):
        OPEN = "open", _("To be worked")
        EXPLAINED = "explained", _("Explained")
        RESOLVED = "resolved", _("Cleared")

    LIVE = (State.OPEN, State.EXPLAINED)

    ref = RefField(prefix="brk")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    bill = models.ForeignKey(RailBill, on_delete=models.PROTECT, related_name="breaks")
    kind = models.CharField(max_length=16, choices=Kind)
    line = models.OneToOneField(BillLine, on_delete=models.PROTECT, null=True, related_name="found")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, related_name="breaks")
    day = models.DateField()
    theirs = models.BigIntegerField()
    ours = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="break_with_merchant"),
            models.UniqueConstraint(
                fields=["payout"],
                condition=Q(kind="missing_theirs", state__in=["open", "explained"]),
                name="break_missed_once_a_payout",
            ),
            models.CheckConstraint(
                condition=Q(kind="missing_theirs", line__isnull=True, payout__isnull=False, theirs=0)
                | Q(kind="missing_ours", line__isnull=False, payout__isnull=True, ours=0)
                | Q(kind__in=["amount", "date", "duplicate", "state", "returned"], line__isnull=False)
                & Q(payout__isnull=False),
                name="break_says_which_side_lacks",
            ),
            models.CheckConstraint(condition=Q(theirs__gte=0, ours__gte=0), name="break_from_zero"),
        ]
        indexes = [
            models.Index(fields=["merchant", "state", "-id"], name="break_newest_first"),
            models.Index(fields=["bill", "kind"], name="break_of_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def difference(self) -> int:
        return self.theirs - self.ours

    @property
    def incoming(self) -> bool:
        return self.line is not None and self.line.incoming

    @property
    def number(self) -> str:
        """Of the line if there is one: it may be nobody's."""
        return self.line.number if self.line else self.payout.number if self.payout else ""


class BreakStep(models.Model):
    """What was done about a break, one after the other; never changed. `note` is finance's own words."""

    class Cause(models.TextChoices):
        EXPLAINED = "explained", _("Explained")
        REOPENED = "reopened", _("Opened again")
        WORD_TAKEN = "word_taken", _("The bill's word was taken")
        LINE_CAME = "line_came", _("A later bill has the line")
        ANSWER_CAME = "answer_came", _("The payout was answered so here too by now")
        NOT_PAID = "not_paid", _("The payout failed or came back, so no bill has to have it")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    of = models.ForeignKey(Break, on_delete=models.PROTECT, related_name="steps")
    place = models.PositiveSmallIntegerField(help_text="1, 2, 3 … of its break")
    cause = models.CharField(max_length=12, choices=Cause)
    note = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=40, help_text="usr_… or system")
    at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "place"], name="break_step_in_turn")]

    def __str__(self) -> str:
        return f"{self.of_id}/{self.place} {self.cause}"
