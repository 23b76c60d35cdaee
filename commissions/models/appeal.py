from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from commissions.models.split import Share, Split
from guides.models import Guide
from merchants.models import Merchant
from merchants.refs import RefField


class AppealPolicy(models.Model):
    """How long a book's lines may be appealed and how long its owner takes to answer, from a business date on.
    Written once; of several for one date the last holds. Without a row the defaults do."""

    ref = RefField(prefix="app")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="appeal_policies")
    starts_on = models.DateField(help_text="The first business date of sales it holds for")
    days = models.PositiveSmallIntegerField(default=7, help_text="After the business date of the sale")
    answer_days = models.PositiveSmallIntegerField(default=14, help_text="After the appeal")
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        verbose_name_plural = "appeal policies"
        constraints = [
            models.CheckConstraint(condition=Q(answer_days__gt=0), name="appeal_policy_leaves_time_to_answer")
        ]
        indexes = [models.Index(fields=["merchant", "-starts_on", "-id"], name="appeal_policy_of_a_date")]

    def __str__(self) -> str:
        return f"{self.merchant_id} from {self.starts_on}: {self.days} days"


class Appeal(models.Model):
    """A guide says that a share of a line is rather theirs; the owner of the line's book decides, once.

    Upheld, `amount` left `share` and stands in the new row `moved_to`. `note` and `words` are what people wrote:
    they stay here, no event carries them.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        UPHELD = "upheld", _("Upheld")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn by the guide")
        EXPIRED = "expired", _("Expired")

    class Reason(models.TextChoices):
        SERVED = "served", _("I served this customer")
        BOUND = "bound", _("I am this member's own guide")
        RECRUITED = "recruiting", _("I brought this member")
        SHARED = "sharing", _("I shared what was bought")
        AMOUNT = "amount", _("The amount is wrong")

    ref = RefField(prefix="apl")
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="appeals", help_text="Whose book; who decides"
    )
    counterparty = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="+", help_text="The seller, who employs the guide"
    )
    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="appeals")
    share = models.ForeignKey(
        Share, on_delete=models.PROTECT, related_name="appeals", help_text="Which it would be taken from"
    )
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="appeals")
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    answer_by = models.DateField(help_text="The last business date on which it is decided; then it expires")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=40, blank=True, help_text="usr_… or system")
    words = models.CharField(max_length=300, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    moved_to = models.OneToOneField(
        Share, on_delete=models.PROTECT, null=True, blank=True, related_name="appeal"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")
    party = ScopedManager(merchant="counterparty")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["split", "guide"], condition=Q(state="open"), name="appeal_one_open_a_line_and_guide"
            ),
            models.CheckConstraint(
                condition=Q(state="upheld", amount__gt=0, moved_to__isnull=False)
                | ~Q(state="upheld") & Q(amount=None, moved_to=None),
                name="appeal_moves_if_upheld",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by="")
                | ~Q(state="open") & Q(decided_at__isnull=False) & ~Q(decided_by=""),
                name="appeal_says_who_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "answer_by"], condition=Q(state="open"), name="appeal_open"),
            models.Index(fields=["guide", "-id"], name="appeal_of_guide"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def disputed(self) -> Share:
        """What is said to be wrong. Where it is the amount, the guide's own share; else a colleague's or the rest, from
        which it would be taken. Its split comes with its shares."""
        own = [share for share in self.split.shares.all() if share.guide_id == self.guide_id]
        return min(own, key=lambda share: share.number) if own and self.is_about_amount else self.share

    @property
    def is_about_amount(self) -> bool:
        return self.reason == self.Reason.AMOUNT

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
