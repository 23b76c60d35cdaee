"""Finance pays several payees at one go: each is a payout of its own, made or refused on its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from commissions.models import PayeeAccount, Payout
from commissions.payouts.paying import BANK, pay
from commissions.payouts.rails import RAILS
from events.record import Actor
from merchants.errors import DomainError
from merchants.models import Merchant, Party
from merchants.scoping import acting_for


@dataclass
class Made:
    """The payouts that were made, and the payees who got none, each with the refusal."""

    payouts: list[Payout] = field(default_factory=list)
    refused: list[tuple[Party, DomainError]] = field(default_factory=list)


def pay_each(*, book: Merchant, payees: Iterable[Party], rail: str, by: Actor) -> Made:
    """Pay each payee all that is due to it, each in a transaction of its own: what is refused for one stops none.

    By bank file only where an account is kept; refused as `payee_account.missing`, as the rail tells what it is
    missing, or as `pay` refuses.
    """
    payees, made = list(payees), Made()
    with acting_for(book):
        kept = PayeeAccount.objects.filter(party__in=payees, ended_at=None)
        reachable = set(kept.values_list("party_id", flat=True))
    for payee in payees:
        try:
            if rail == Payout.Rail.BANK and payee.pk not in reachable:
                raise _no_account()
            spoken_to = RAILS.get(rail)
            if spoken_to and (missing := spoken_to.missing(sender=book, payee=payee)):
                raise missing
            place = spoken_to.place if spoken_to else BANK
            made.payouts.append(pay(book=book, payee=payee, rail=rail, place=place, by=by))
        except DomainError as refusal:
            made.refused.append((payee, refusal))
    return made


def _no_account() -> DomainError:
    return DomainError(
        "payee_account.missing",
        _("No bank account of this payee is kept."),
        next_step=_("Enter the account, or pay by hand."),
    )
