"""The bank accounts of payees, as each payer keeps them: sealed at rest, masked in faces."""

import re
import unicodedata
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import PayeeAccount
from events.record import Actor, Happening, record_many
from merchants import sealing
from merchants.errors import DomainError
from merchants.models import Merchant, Party
from merchants.scoping import acting_for

_NUMBER = re.compile(r"[0-9A-Z]{6,34}")


def keep(
    *,
    payer: Merchant,
    party: Party,
    holder: str,
    bank: str,
    number: str,
    by: Actor,
    at: datetime | None = None,
) -> PayeeAccount:
    """From now on the payer sends the party's money to this account; the one before it ends.

    `number` as it is written on a card: spaces and hyphens do not count. DomainError `payee_account.invalid`,
    with the field at fault.
    """
    holder, bank = _line(holder, "holder", 60), _line(bank, "bank", 80)
    digits = _number(number)
    with acting_for(payer), transaction.atomic():
        Merchant.objects.select_for_update(no_key=True).get(pk=payer.pk)  # a payer's accounts take turns
        at = at or timezone.now()  # when it is this one's turn, or it would end before it began
        PayeeAccount.objects.filter(party=party, ended_at=None).update(ended_at=at)
        account = PayeeAccount.objects.create(
            merchant=payer,
            party=party,
            holder=holder,
            bank=bank,
            number_sealed=sealing.seal(digits),
            number_hash=_fingerprint(digits),
            ending=digits[-4:],
            kept_by=by.ref,
            kept_at=at,
        )
        record_many(_told(account, payer, party, at), by=by)
    return account


def account_of(party: Party, *, payer: Merchant) -> PayeeAccount | None:
    """Where this payer sends the party's money now."""
    with acting_for(payer):
        return PayeeAccount.objects.filter(merchant=payer, party=party, ended_at=None).first()


def number_of(account: PayeeAccount) -> str:
    """The number in clear, for the bank alone; faces show `account.masked`. RuntimeError if the row was tampered
    with: it opens to another number than the one that was kept."""
    number = sealing.unseal(account.number_sealed)
    if _fingerprint(number) != bytes(account.number_hash):
        raise RuntimeError(f"{account.ref} does not hold the number that was kept")
    return number


def _told(account: PayeeAccount, payer: Merchant, party: Party, at: datetime) -> list[Happening]:
    """To the payer, and where it is a guide's also to her employer, where she works and is told."""
    guide = party.guide if party.kind == Party.Kind.GUIDE else None
    payee = guide.ref if guide else party.ref
    payload = {"account": account.ref, "payer": payer.ref, "payee": payee}
    told = {payer.pk: [payee]}
    if guide:
        told[guide.merchant_id] = [payee, guide.user.ref]
    return [
        Happening(
            "payee_account.kept",
            merchant_id=merchant_id,
            subject=account.ref,
            payload=payload,
            concerns=concerns,
            at=at,
        )
        for merchant_id, concerns in sorted(told.items())
    ]


def _fingerprint(number: str) -> bytes:
    return sealing.fingerprint(number, purpose="payee-account")


def _line(text: str, field: str, length: int) -> str:
    words = " ".join(text.split())
    if not words or len(words) > length or not words.isprintable():
        raise _invalid(field)
    return words


def _number(text: str) -> str:
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not _NUMBER.fullmatch(number):
        raise DomainError(
            "payee_account.invalid",
            _("This is not a whole account number."),
            next_step=_("Enter all of its digits, at least six, as they stand on the card."),
            field="number",
        )
    return number


def _invalid(field: str) -> DomainError:
    return DomainError(
        "payee_account.invalid",
        _("This is not a complete bank account."),
        next_step=_("Enter the holder, the bank and the number as they stand on the card."),
        field=field,
    )
