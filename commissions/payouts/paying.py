"""A payout is made: what is due to one payee, less what the payee owes and what is withheld.

Locks: the payee's purse, `due` and `owed`, in order of id (docs/adr/0006), before a balance decides.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import PayeeAccount, Payout
from commissions.models.payout import new_number
from commissions.payouts import stories
from commissions.payouts.laying import lay
from commissions.payouts.telling import tell
from commissions.payouts.withholding import Withheld, month_of, withheld_from
from commissions.stories import DUE, OWED
from events.record import Actor
from guides.models import Guide
from ledger import accounts, balances
from ledger.models import Account
from ledger.transfers import post
from merchants.errors import Conflict, DomainError
from merchants.models import Merchant, Party
from merchants.money import yuan
from merchants.refusing import refusing
from merchants.scoping import acting_for
from orders.models import NO_MONEY, Tender

State = Payout.State
BANK = "bank"
PLACES = (
    *(place for place in Tender.Place.values if place not in NO_MONEY),
    BANK,
)  # where a book holds money


class Parts(NamedTuple):
    """What a payout of `gross` is made of, minor units: gross − recovered − tax = net."""

    gross: int
    recovered: int
    taken: Withheld

    @property
    def tax(self) -> int:
        return self.taken.tax

    @property
    def net(self) -> int:
        return self.gross - self.recovered - self.tax


def pay(
    *,
    book: Merchant,
    payee: Party,
    rail: str,
    by: Actor,
    amount: int | None = None,
    collector: Merchant | None = None,
    place: str = BANK,
    account: PayeeAccount | None = None,
    at: datetime | None = None,
) -> Payout:
    """Pay the payee what is due to it in the merchant's book, or `amount` (minor units) of that, once.

    What a person owes is kept first, the oldest first; then comes the tax; the rest is on its way until the rail
    has answered. A payout with nothing left to send is paid at once. `collector` sends it on the book's behalf.
    `place` is where the sender holds the money it sends, such as `bank` or `cash`. `account` binds it to the one it
    was agreed to go to; else it goes to the one that is kept when it is sent.
    DomainError `payout.nothing_due`, `payout.more_than_due`, `payout.wrong_collector`; Conflict
    `payout.under_way` while another to the same payee is.
    """
    at, currency = at or timezone.now(), book.currency
    if place not in PLACES:
        raise ValueError(f"no book holds money in {place}")
    if collector and collector.party_id in (book.party_id, payee.pk):
        raise DomainError(
            "payout.wrong_collector",
            _("Only a third merchant can pay on behalf of another."),
            next_step=_("Leave it out to pay from your own account."),
            field="collector",
        )
    guide = payee.guide if payee.kind == Party.Kind.GUIDE else None
    with acting_for(book), transaction.atomic():
        due, owed = hold_purse(book, payee, currency)
        if Payout.objects.filter(
            merchant=book, payee=payee, currency=currency, state__in=Payout.OPEN
        ).exists():
            raise under_way()
        parts = parts_of(book, payee, due=due, owed=owed, amount=amount, at=at)
        net = parts.net
        payout = Payout(
            merchant=book,
            number=new_number(at, zone=book.time_zone),
            sender=collector or book,
            payee=payee,
            payee_merchant=_merchant_of(payee, guide),
            guide=guide,
            rail=Payout.Rail(rail),
            place=place,
            account=account,
            currency=currency,
            gross=parts.gross,
            recovered=parts.recovered,
            tax=parts.tax,
            net=net,
            tax_month=month_of(at, book=book),
            withholding=parts.taken.rule,
            at=at,
            by=by.ref,
            state=State.CREATED if net else State.SUCCEEDED,
            paid_at=None if net else at,
        )
        with refusing("payout_one_under_way_a_payee", under_way()):
            payout.save(force_insert=True)
        lay(payout)
        post([stories.made(payout)])
        tell(payout, by=by, at=at)
    return payout


def parts_of(book: Merchant, payee: Party, *, due: int, owed: int, amount: int | None, at: datetime) -> Parts:
    """What paying `amount` of `due` would come to at `at`; inside the book's scope. Only under the purse's lock
    (`hold_purse`) does the answer stand. DomainError `payout.nothing_due`, `payout.more_than_due`."""
    gross = _gross(due, amount)
    if payee.kind != Party.Kind.GUIDE:
        return Parts(gross, 0, Withheld(0, None))
    recovered = min(gross, owed)
    month = month_of(at, book=book)
    return Parts(
        gross, recovered, withheld_from(book, payee, book.currency, month, taxable=gross - recovered)
    )


def hold_purse(book: Merchant, payee: Party, currency: str) -> tuple[int, int]:
    """(due, owed) of the payee in this book, minor units, owed ≥ 0; locked until the transaction ends. Inside the
    book's scope."""
    purse = Account.objects.filter(book=book, party=payee, code__in=(DUE, OWED), currency=currency)
    # No account is made here: whoever makes `owed` holds `due`, and would wait for us while we wait for it.
    accounts.lock(purse.values_list("id", flat=True))
    found = {account.code: account.pk for account in purse.all()}
    standing = balances.of_accounts(found.values())
    due, owed = (standing.get(found.get(code, 0), 0) for code in (DUE, OWED))
    return due, -owed


def hold_purses(payouts: Iterable[Payout]) -> None:
    """Lock the purses of several payouts at once, before any of their rows: in one order, so nobody waits in a
    ring."""
    ids: list[int] = []
    for payout in payouts:
        with acting_for(payout.merchant):
            purse = Account.objects.filter(book=payout.merchant, party=payout.payee_id, code__in=(DUE, OWED))
            ids += purse.filter(currency=payout.currency).values_list("id", flat=True)
    accounts.lock(ids)


def _gross(due: int, amount: int | None) -> int:
    if due <= 0:
        raise DomainError(
            "payout.nothing_due",
            _("Nothing is due to this payee."),
            next_step=_("Wait until a sale has been settled."),
            extra={"due": due},
        )
    if amount is not None and not 0 < amount <= due:
        raise DomainError(
            "payout.more_than_due",
            _("The amount is not within what is due: %(due)s.") % {"due": yuan(due)},
            next_step=_("Choose an amount above zero and up to that, or leave it out for all of it."),
            field="amount",
            extra={"due": due},
        )
    return due if amount is None else amount


def _merchant_of(payee: Party, guide: Guide | None) -> Merchant | None:
    if guide:
        return guide.merchant
    return payee.merchant if payee.kind == Party.Kind.MERCHANT else None


def under_way() -> Conflict:
    return Conflict(
        "payout.under_way",
        _("A payout to this payee is under way."),
        next_step=_("Wait for its answer, then pay the rest."),
    )
