from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from merchants.models import Merchant, Party
from merchants.refs import RefField


class PayeeAccount(models.Model):
    """The bank account to which one payer sends a payee's money, as that payer keeps it. Never changed: another
    account is another row, and the old one ends, so what was paid still says where it went."""

    ref = RefField(prefix="pya")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="payee_accounts")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=60)
    bank = models.CharField(max_length=80)
    number_sealed = models.BinaryField(editable=False)
    number_hash = models.BinaryField(editable=False, help_text="Holds the sealed number to what was kept")
    ending = models.CharField(max_length=4, help_text="The last four digits, to tell accounts apart")
    kept_by = models.CharField(max_length=40, help_text="usr_… or system")
    kept_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="payee_account_with_merchant"),
            models.UniqueConstraint(
                fields=["merchant", "party"], condition=Q(ended_at=None), name="payee_account_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("kept_at")), name="payee_account_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.masked}"

    @property
    def masked(self) -> str:
        """What faces show of the number."""
        return f"•••• {self.ending}"


class WithholdingRule(models.Model):
    """What a payer withholds of what it pays to persons, from one month on. Written once; of several for one month
    the last holds.

    `brackets` is [[from_fen, ppm], …], marginal, on the month's total; below the first nothing is withheld. Exact
    over all brackets and rounded once, half up, to the fen.
    """

    ref = RefField(prefix="whr")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="withholding_rules")
    starts_on = models.DateField(help_text="The first of a month: a month is taxed by one rule")
    brackets = ArrayField(ArrayField(models.BigIntegerField(), size=2))
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="withholding_with_merchant"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="withholding_starts_with_a_month"),
        ]
        indexes = [models.Index(fields=["merchant", "-starts_on", "-id"], name="withholding_of_a_month")]

    def __str__(self) -> str:
        return f"{self.merchant_id} from {self.starts_on}"


class WithdrawalPolicy(models.Model):
    """What a payer asks of guides who draw their money themselves. Without a row any amount may be drawn."""

    merchant = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="withdrawal_policy")
    minimum = models.BigIntegerField(default=0, validators=[MinValueValidator(0)], help_text="Minor units")

    objects = ScopedManager(merchant="merchant")

    class Meta:
        verbose_name_plural = "withdrawal policies"
        constraints = [models.CheckConstraint(condition=Q(minimum__gte=0), name="withdrawal_from_zero")]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.minimum}"
