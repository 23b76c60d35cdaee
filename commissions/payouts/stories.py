"""The table of stories of a payout: in the payer's book X, in the payee's where it is a merchant, and in the book of
a collector K who pays on X's behalf. Payouts come loaded with the merchants they name; nothing is read.
"""

from datetime import datetime

from commissions.models import Payout
from commissions.stories import DUE, OWED
from ledger.accounts import Name, held, named
from ledger.balances import TRANSIT
from ledger.transfers import Entry, Story
from merchants.business_day import business_date

TAX = Name("tax")


def made(payout: Payout) -> Story:
    """Out of what is due: what the payee owed, what is withheld, and the rest on its way."""
    due = named(DUE, payout.payee_id)
    return _story(
        payout,
        payout.at,
        _here(payout, "recover", due, named(OWED, payout.payee_id), payout.recovered),
        _here(payout, "withhold", due, TAX, payout.tax),
        _here(payout, "payout", due, _transit(payout), payout.net),
    )


def paid(payout: Payout, *, at: datetime) -> Story:
    """It arrived: out of the book's own money, or out of the collector's, whom the book owes now."""
    return _arrival(payout, at, kind="payout_paid", received="payout_received")


def contested(payout: Payout, *, at: datetime) -> Story:
    """The payee says that it did not arrive: on its way again, and every other book as before it was paid."""
    return _arrival(payout, at, kind="payout_contested", undone=True)


def confirmed(payout: Payout, *, at: datetime) -> Story:
    """The payee says that it arrived after all: as `paid`, once more."""
    return _arrival(payout, at, kind="payout_confirmed")


def failed(payout: Payout, *, at: datetime) -> Story:
    """It never left: net and tax are due again; what was recovered stays recovered."""
    due = named(DUE, payout.payee_id)
    return _story(
        payout,
        at,
        _here(payout, "payout_failed", _transit(payout), due, payout.net),
        _here(payout, "withhold_back", TAX, due, payout.tax),
    )


def returned(payout: Payout, *, was_paid: bool, at: datetime) -> Story:
    """It left and came back, perhaps days after it was said to have arrived: net and tax are due again."""
    due, kind = named(DUE, payout.payee_id), "payout_returned"
    entries: list[Entry | None] = [
        _here(payout, kind, _source(payout) if was_paid else _transit(payout), due, payout.net),
        _here(payout, "withhold_back", TAX, due, payout.tax),
    ]
    if was_paid:
        entries += [
            _there(payout, payout.collector_id, kind, _place(payout), _us(payout), payout.net),
            _there(payout, _payees_book(payout), kind, _us(payout), _place(payout), payout.net),
        ]
    return _story(payout, at, *entries)


def _arrival(payout: Payout, at: datetime, *, kind: str, received: str = "", undone: bool = False) -> Story:
    """In the payer's book, the collector's and the payee's; `received` is what the last calls it, if not `kind`."""
    here, there = (_transit(payout), _source(payout)), (_us(payout), _place(payout))
    if undone:
        here, there = here[::-1], there[::-1]
    return _story(
        payout,
        at,
        _here(payout, kind, *here, payout.net),
        _there(payout, payout.collector_id, kind, *there, payout.net),
        _there(payout, _payees_book(payout), received or kind, *there[::-1], payout.net),
    )


def _transit(payout: Payout) -> Name:
    return named(TRANSIT, payout.payee_id)


def _source(payout: Payout) -> Name:
    """Where the money comes from, as the payer's book calls it."""
    return named(DUE, payout.sender.party_id) if payout.collector_id else _place(payout)


def _place(payout: Payout) -> Name:
    """Where the sender holds it; cash is received as cash."""
    return held(payout.place)


def _us(payout: Payout) -> Name:
    """The payer, as the other books call it."""
    return named(DUE, payout.merchant.party_id)


def _payees_book(payout: Payout) -> int | None:
    return None if payout.guide_id else payout.payee_merchant_id


def _here(payout: Payout, kind: str, debit: Name, credit: Name, amount: int) -> Entry:
    return Entry(payout.merchant_id, kind, debit, credit, amount)


def _there(
    payout: Payout, book_id: int | None, kind: str, debit: Name, credit: Name, amount: int
) -> Entry | None:
    return Entry(book_id, kind, debit, credit, amount) if book_id else None


def _story(payout: Payout, at: datetime, *entries: Entry | None) -> Story:
    """One source for all that a payout ever moves, so a ledger can be read by its reference; nothing of zero."""
    book = payout.merchant
    on = business_date(at, zone=book.time_zone, cut_off=book.cut_off)
    told = tuple(entry for entry in entries if entry and entry.amount)
    return Story("payout", payout.ref, on, at, payout.currency, told)
