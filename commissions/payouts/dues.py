"""Whom a book could pay now: what finance chooses from."""

from dataclasses import dataclass

from commissions.models import Payout
from commissions.stories import DUE, OWED
from ledger import balances
from merchants.models import Merchant, Party
from merchants.scoping import acting_for


@dataclass(frozen=True)
class Due:
    """One payee, loaded with its merchant if it is one. Minor units: `due` now, `owed` by it and kept first (≥ 0);
    `under_way` is the payout whose answer has to come before the next."""

    payee: Party
    due: int
    owed: int
    under_way: Payout | None


def payable(book: Merchant) -> list[Due]:
    """Every payee to whom something is due in this book, the largest first."""
    with acting_for(book):
        rows = balances.of_book(book, codes=[DUE, OWED])
        rows = [row for row in rows if row.account.currency == book.currency]
        open_ = Payout.objects.filter(currency=book.currency, state__in=Payout.OPEN)
        under_way = {payout.payee_id: payout for payout in open_}
    standing = [(row.account.party, row.account.code, row.amount) for row in rows if row.account.party]
    owed = {payee.pk: -amount for payee, code, amount in standing if code == OWED}
    dues = [
        Due(payee, amount, owed.get(payee.pk, 0), under_way.get(payee.pk))
        for payee, code, amount in standing
        if code == DUE and amount > 0
    ]
    return sorted(dues, key=lambda due: (-due.due, due.payee.pk))
