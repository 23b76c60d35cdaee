"""Payouts as their readers may see them. Inside the reader's scope."""

from django.db.models import QuerySet

from commissions.models import BankFile, Payout, WithholdingRule
from guides.models import Guide
from merchants.scoping import acting_for

NAMED = ("merchant", "sender", "payee__merchant", "payee_merchant", "guide__user", "account", "bank_file")


def of_payer() -> QuerySet[Payout]:
    """What the acting merchant owed and paid, or had paid."""
    return Payout.objects.select_related(*NAMED)


def of_sender() -> QuerySet[Payout]:
    """What it sends: its own, and what it pays on another's behalf."""
    return Payout.sent.select_related(*NAMED)


def received() -> QuerySet[Payout]:
    """What others sent the acting merchant itself; its guides' are theirs."""
    sent = Payout.payable.filter(guide=None, submitted_at__isnull=False)
    return sent.select_related(*NAMED)


def to_export() -> QuerySet[Payout]:
    """What it sends by bank file and has not yet."""
    return _waiting().filter(account__ended_at=None)


def redirected() -> QuerySet[Payout]:
    """What waits and cannot go: it was drawn to an account that has been replaced since."""
    return _waiting().filter(account__ended_at__isnull=False)


def _waiting() -> QuerySet[Payout]:
    return of_sender().filter(rail=Payout.Rail.BANK, state=Payout.State.CREATED)


def files() -> QuerySet[BankFile]:
    return BankFile.objects.select_related("merchant").order_by("-id")


def rules() -> QuerySet[WithholdingRule]:
    """The newest first."""
    return WithholdingRule.objects.order_by("-starts_on", "-id")


def of_guide(guide: Guide) -> list[Payout]:
    """What she was paid, whoever paid, the newest first: the last fifty."""
    with acting_for(guide.merchant):
        return list(Payout.payable.filter(guide=guide).select_related("merchant").order_by("-id")[:50])


def one_of_guide(guide: Guide, ref: str) -> Payout | None:
    with acting_for(guide.merchant):
        own = Payout.payable.filter(guide=guide, ref=ref)
        return own.select_related("merchant", "account").first()
