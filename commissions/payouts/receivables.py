"""What persons owe a book after a clawback, as open items, and which payout recovered which of them.

Nothing is stored: `owed` grows by clawbacks and shrinks by recoveries (and write-offs), and the ledger keeps both for
ever. Laid against each other oldest first, in the order in which they were booked, they say which recovery met which
item; since a purse's bookings take turns (docs/adr/0006) nothing is ever added in between, so the answer stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from commissions.stories import OWED
from ledger.models import Account, Transfer
from merchants.models import Merchant, Party
from merchants.scoping import acting_for


@dataclass(frozen=True)
class Recovery:
    """A part of an item that was met: by which source (`pay_…` for a payout), and how much, in minor units."""

    source: str
    source_id: str
    amount: int
    at: datetime


@dataclass(frozen=True)
class Receivable:
    """One item: what told it (`refund`, `ref_…/1`: the refund and its line), minor units."""

    source: str
    source_id: str
    at: datetime
    amount: int
    recoveries: tuple[Recovery, ...]

    @property
    def left(self) -> int:
        return self.amount - sum(recovery.amount for recovery in self.recoveries)


def of_party(book: Merchant, party: Party, *, currency: str | None = None) -> list[Receivable]:
    """Every item of the party in this book, oldest first, with what met it."""
    with acting_for(book):
        account = Account.objects.filter(
            book=book, code=OWED, party=party, currency=currency or book.currency
        ).first()
        if account is None:
            return []
        grown = list(Transfer.objects.filter(debit=account).order_by("id"))
        shrunk = list(Transfer.objects.filter(credit=account).order_by("id"))
    met = _in_turn(shrunk)
    found, part = [], next(met, None)
    for transfer in grown:
        left, recoveries = transfer.amount, []
        while left and part is not None:
            source, available = part
            taken = min(left, available)
            recoveries.append(Recovery(source.source, source.source_id, taken, source.at))
            left -= taken
            part = (source, available - taken) if available > taken else next(met, None)
        found.append(
            Receivable(transfer.source, transfer.source_id, transfer.at, transfer.amount, tuple(recoveries))
        )
    return found


def open_items(book: Merchant, party: Party, *, currency: str | None = None) -> list[Receivable]:
    """The items that are not wholly met, oldest first."""
    return [item for item in of_party(book, party, currency=currency) if item.left]


def _in_turn(transfers: list[Transfer]) -> Iterator[tuple[Transfer, int]]:
    for transfer in transfers:
        yield transfer, transfer.amount
