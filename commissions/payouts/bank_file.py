"""Payouts by the bank: a file to upload there, and the file of results that comes back.

Locks: all purses in order of id, then the payouts (docs/adr/0006).
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.models import BankFile, PayeeAccount, Payout
from commissions.models.payout import new_number
from commissions.payouts import answers
from commissions.payouts.bank_results import Answer, ResultRow, read
from commissions.payouts.payee_accounts import number_of
from commissions.payouts.paying import hold_purses
from commissions.payouts.tables import harmless, yuan_of
from events.record import Actor, record
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.money import yuan
from merchants.scoping import acting_for

MOST_ROWS = 2_000  # of a file of results; each is a transaction of its own


@dataclass(frozen=True)
class Break:
    """A row that was not applied, and why: line in the file, the number it names, words for finance."""

    line: int
    number: str
    why: str


@dataclass
class Imported:
    """What a file of results did: payouts that moved, rows that told nothing new, rows that do not fit."""

    moved: list[Payout] = field(default_factory=list)
    unchanged: int = 0
    breaks: list[Break] = field(default_factory=list)


@transaction.atomic
def export(*, book: Merchant, payouts: Iterable[Payout], by: Actor, at: datetime | None = None) -> BankFile:
    """Put these payouts, which the merchant sends, into one file: all are submitted, or none is.

    `content(file, by=…)` is what the bank gets, as often as it is asked for. DomainError `bank_file.empty`,
    `bank_file.wrong_payout`, `payee_account.missing`, `payee_account.replaced` for what was drawn to an account that
    has ended since; Conflict `payout.cannot` if one has been sent.
    """
    at = at or timezone.now()
    wanted = sorted({payout.pk for payout in payouts})
    with acting_for(book):
        rows = Payout.sent.filter(pk__in=wanted).select_related("merchant", "payee", "account").order_by("id")
        chosen = list(rows.filter(rail=Payout.Rail.BANK))
        if not wanted or len(chosen) != len(wanted):
            raise _wrong(bool(wanted))
        kept = PayeeAccount.objects.filter(party__in=[row.payee_id for row in chosen], ended_at=None)
        now = {account.party_id: account for account in kept}
        if replaced := [row.ref for row in chosen if row.account and row.account.ended_at]:
            raise _other_account(replaced)
        accounts = {row.pk: row.account or now.get(row.payee_id) for row in chosen}
        if missing := [row.ref for row in chosen if not accounts[row.pk]]:
            raise _no_account(missing)
        file = BankFile.objects.create(
            merchant=book,
            number=new_number(at, zone=book.time_zone),
            payouts_count=len(chosen),
            total=sum(payout.net for payout in chosen),
            exported_by=by.ref,
            exported_at=at,
        )
    hold_purses(chosen)
    for payout in chosen:
        answers.submit(payout, account=accounts[payout.pk], bank_file=file, by=by, at=at)
    return file


@transaction.atomic
def content(file: BankFile, *, by: Actor, at: datetime | None = None) -> bytes:
    """The file as the bank gets it: CSV, UTF-8 with a mark, amounts in yuan. Uploaded as it is: saved from a
    spreadsheet, long numbers lose digits. The account numbers stand in clear: only for whoever may pay, and the
    stream tells who took it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        [
            gettext("Batch"),
            gettext("Payout number"),
            gettext("Account holder"),
            gettext("Bank"),
            gettext("Account number"),
            gettext("Amount (yuan)"),
        ]
    )
    with acting_for(file.merchant):
        for payout in Payout.sent.filter(bank_file=file).select_related("account").order_by("id"):
            account = payout.account
            assert account is not None  # nothing is exported without one
            row = [file.number, payout.number, account.holder, account.bank, number_of(account)]
            writer.writerow([*map(harmless, row), yuan_of(payout.net)])
        record(
            "bank_file.taken",
            merchant_id=file.merchant_id,
            subject=file.ref,
            payload={
                "file": file.ref,
                "number": file.number,
                "payouts": file.payouts_count,
                "total": file.total,
            },
            concerns=[],
            by=by,
            at=at,
        )
    return out.getvalue().encode("utf-8-sig")


def import_results(*, book: Merchant, file: bytes, by: Actor, at: datetime | None = None) -> Imported:
    """Apply the bank's results row by row, each in a transaction of its own. The same file again changes nothing;
    a row that does not fit is told and left, the others land. DomainError `bank_file.unreadable`,
    `bank_file.no_rows`, `bank_file.too_long`: then none has."""
    at, imported = at or timezone.now(), Imported()
    rows = list(read(file))  # to its end first: a file that breaks off half-way lands nothing
    if not rows:
        raise DomainError(
            "bank_file.no_rows",
            _("There is no result in this file."),
            next_step=_("Download the results from the bank anew; nothing has been changed."),
            field="file",
        )
    if len(rows) > MOST_ROWS:
        raise DomainError(
            "bank_file.too_long",
            _("This file has more than %(most)s rows.") % {"most": f"{MOST_ROWS:,}"},
            next_step=_("Divide it and read the parts one after the other. None of its rows has been read."),
        )
    for row in rows:
        try:
            with answers.held_payout(_payout_of(book, row)) as payout:
                before = payout.state
                after = _apply(payout, row, by=by, at=at)
        except DomainError as refusal:
            imported.breaks.append(Break(row.line, row.number, refusal.words))
            continue
        if after.state == before:
            imported.unchanged += 1
        else:
            imported.moved.append(after)
    return imported


def _payout_of(book: Merchant, row: ResultRow) -> Payout:
    """The payout the row names, if the row fits it to the fen."""
    with acting_for(book):
        sent = Payout.sent.filter(bank_file__isnull=False).select_related("merchant", "payee")
        payout = sent.filter(number=row.number).first()
    if payout is None:
        raise DomainError("bank_file.unknown_number", _("No payout of yours has this number."))
    if row.answer is None:
        raise DomainError(
            "bank_file.unknown_words",
            _("“%(text)s” holds no result that we know; the words we know stand beside the form.")
            % {"text": row.text[:60]},
        )
    if row.amount is None:
        raise DomainError(
            "bank_file.no_amount", _("“%(text)s” holds no amount in yuan.") % {"text": row.text[:60]}
        )
    if row.amount != payout.net:
        raise DomainError(
            "bank_file.other_amount",
            _("The bank says %(theirs)s, the payout is of %(ours)s.")
            % {"theirs": yuan(row.amount), "ours": yuan(payout.net)},
        )
    return payout


def _apply(payout: Payout, row: ResultRow, *, by: Actor, at: datetime) -> Payout:
    if row.answer == Answer.SUCCEEDED:
        return answers.succeed(payout, by=by, at=at)
    if row.answer == Answer.FAILED:
        return answers.fail(payout, reason=row.reason, by=by, at=at)
    if row.answer == Answer.RETURNED:
        return answers.come_back(payout, reason=row.reason, by=by, at=at)
    return payout


def _wrong(any_wanted: bool) -> DomainError:
    if not any_wanted:
        return DomainError(
            "bank_file.empty",
            _("No payout was chosen."),
            next_step=_("Choose at least one that is to go by bank file."),
        )
    return DomainError(
        "bank_file.wrong_payout",
        _("Not all of these payouts are yours to send by bank file."),
        next_step=_("Choose payouts of the rail “bank file” that you send."),
    )


def _other_account(replaced: list[str]) -> DomainError:
    return DomainError(
        "payee_account.replaced",
        _("The accounts to which some payouts were drawn have been replaced since."),
        next_step=_("Call these off: the guides see the account that is kept now, and draw again."),
        extra={"payouts": replaced},
    )


def _no_account(missing: list[str]) -> DomainError:
    return DomainError(
        "payee_account.missing",
        _("No bank account is kept for some payees."),
        next_step=_("Enter their accounts, or leave them out."),
        extra={"payouts": missing},
    )
