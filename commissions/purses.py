"""What people have: the `due` of a person is never taken below zero, so whoever takes from it holds it first."""

from collections.abc import Iterable
from dataclasses import dataclass

from commissions.models import Share
from commissions.stories import DUE, OWED, PENDING, RESERVE, Pieces
from ledger import accounts, balances
from ledger.accounts import Place, named

Purse = tuple[int, int]  # (book, party): in the principal's book, or in the employer's who pays on


def purse_of(share: Share) -> Purse:
    return share.other_book or share.merchant_id, share.payee_id


@dataclass
class Purses:
    """The standing of some people's purses; what is taken counts at once."""

    standing: dict[Purse, int]

    def take(self, purse: Purse, amount: int) -> Pieces:
        """From `due` down to zero; the rest is owed."""
        due = min(amount, max(self.standing[purse], 0))
        self.standing[purse] -= due
        return [(DUE, due), (OWED, amount - due)]


def taken_from(share: Share, amount: int, purses: Purses, *, is_settled: bool) -> Pieces:
    """From which accounts `amount` of a share is taken: what is still pending; once settled this share's reserve,
    then what the payee has, and of a person the rest as owed. A merchant's current account goes below zero instead."""
    if share.is_principals or not is_settled:
        return [(PENDING, amount)]
    reserve = min(amount, share.item.kept)
    due = amount - reserve
    taken = purses.take(purse_of(share), due) if share.guide_id else [(DUE, due)]
    return [(RESERVE, reserve), *taken]


def hold(purses: Iterable[tuple[Purse, str]]) -> Purses:
    """The purses (each with its currency), locked in order of account until the transaction ends."""
    places = {purse: Place(purse[0], named(DUE, purse[1]), currency) for purse, currency in purses}
    ids = accounts.ids_of(places.values())
    accounts.lock(ids.values())
    standing = balances.of_accounts(ids.values())
    return Purses({purse: standing[ids[place]] for purse, place in places.items()})
