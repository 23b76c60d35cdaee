"""The table of stories: what a line sold, settled or refunded moves, in its principal's book and in the mirrors.

Here is the principal's book X; there is the other merchant's, where X is the party. Rows come loaded with the
merchants they name, the split with its order and line; nothing is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from commissions.models import Collection, Contribution, Rule, Share, Split
from ledger.accounts import (
    CLEARING,
    OWN_ADJUST,
    OWN_COST,
    OWN_FEE,
    OWN_RESIDUAL,
    OWN_SHARE,
    Name,
    named,
)
from ledger.transfers import Entry, Story

PENDING, RESERVE, DUE, OWED = "pending", "reserve", "due", "owed"

# Accounts and the amount of a share in each: [("reserve", 100), ("due", 400)].
Pieces = Sequence[tuple[str, int]]


def sold(
    split: Split,
    collections: Iterable[Collection],
    contributions: Iterable[Contribution],
    shares: Iterable[Share],
) -> Story:
    """Money in, what the payment service kept of it, what bearers owe for discounts, and every share: through
    `clearing`, into pending. A fee is in no share: the collector's own, or charged to the principal as far as the
    contract says."""
    tell = _Telling(split)
    for row in collections:
        if row.collector_id == split.merchant_id:
            tell.here("tender", row.account, CLEARING, row.amount)
        else:
            tell.there(row.collector_id, "remittance", row.account, tell.us(PENDING), row.amount)
            tell.here("remittance", named(PENDING, row.collector.party_id), CLEARING, row.amount)
        tell.there(row.collector_id, "fee", OWN_FEE, row.account, row.fee)
        tell.here("fee", OWN_FEE, named(PENDING, row.collector.party_id), row.fee_charged)
        tell.there(row.collector_id, "fee", tell.us(PENDING), OWN_FEE, row.fee_charged)
    for borne in contributions:
        tell.here("contribution", named(PENDING, borne.bearer_id), CLEARING, borne.amount)
        tell.there(borne.bearer_merchant_id, "contribution", OWN_COST, tell.us(PENDING), borne.amount)
    for share in shares:
        if share.is_principals:
            tell.here("share", CLEARING, _result(share), share.amount)
        else:
            tell.here("share", CLEARING, named(PENDING, share.owed_to_id), share.amount)
            tell.there(share.other_book, "share", tell.us(PENDING), _passed_on(share, PENDING), share.amount)
    return tell.story("sale", split.source_id, split.business_date, split.at)


def settled(
    split: Split,
    collections: Iterable[Collection],
    contributions: Iterable[Contribution],
    shares: Iterable[tuple[Share, Pieces]],
    *,
    at: datetime,
) -> Story:
    """What is still pending of the line becomes payable, all its rows together; reserves are kept apart."""
    tell, kind = _Telling(split), f"settle_{split.settlement.lower()}"
    collections = list(collections)
    owed_to_us = [
        (row.collector_id, row.collector.party_id, row.amount - row.returned)
        for row in collections
        if row.collector_id != split.merchant_id
    ] + [(row.bearer_merchant_id, row.bearer_id, row.amount - row.returned) for row in contributions]
    for other, party, amount in owed_to_us:
        tell.there(other, kind, tell.us(PENDING), tell.us(DUE), amount)
        tell.here(kind, named(DUE, party), named(PENDING, party), amount)
    for row in collections:
        tell.here(
            kind, named(PENDING, row.collector.party_id), named(DUE, row.collector.party_id), row.fee_charged
        )
        tell.there(row.collector_id, kind, tell.us(DUE), tell.us(PENDING), row.fee_charged)
    for share, pieces in shares:
        for account, amount in pieces:
            tell.here(kind, named(PENDING, share.owed_to_id), named(account, share.owed_to_id), amount)
            tell.there(share.other_book, kind, tell.us(account), tell.us(PENDING), amount)
            if share.is_passed_on:
                tell.there(
                    share.other_book, kind, _passed_on(share, PENDING), _passed_on(share, account), amount
                )
    return tell.story("settlement", split.source_id, split.business_date, at)


def refunded(
    split: Split,
    source_id: str,
    collections: Iterable[tuple[Collection, int]],
    contributions: Iterable[tuple[Contribution, int]],
    shares: Iterable[tuple[Share, Pieces]],
    *,
    is_settled: bool,
    on: date,
    at: datetime,
) -> Story:
    """Money out, contributions back to their bearers, and shares taken from the accounts named in their pieces."""
    tell, account = _Telling(split), DUE if is_settled else PENDING
    for row, amount in collections:
        if row.collector_id == split.merchant_id:
            tell.here("refund", CLEARING, row.account, amount)
        else:
            tell.there(row.collector_id, "refund", tell.us(account), row.account, amount)
            tell.here("refund", CLEARING, named(account, row.collector.party_id), amount)
    for borne, amount in contributions:
        tell.here("contribution_back", CLEARING, named(account, borne.bearer_id), amount)
        tell.there(borne.bearer_merchant_id, "contribution_back", tell.us(account), OWN_COST, amount)
    for share, pieces in shares:
        for taken_from, amount in pieces:
            tell.take("clawback", share, taken_from, amount)
    return tell.story("refund", source_id, on, at)


def moved(
    split: Split,
    source_id: str,
    taken: tuple[Share, Pieces],
    given: Share,
    *,
    is_settled: bool,
    on: date,
    at: datetime,
) -> Story:
    """After an appeal: out of one share, from the accounts named in its pieces, and all of it into a guide's."""
    tell, account = _Telling(split), DUE if is_settled else PENDING
    share, pieces = taken
    for taken_from, amount in pieces:
        tell.take("appeal", share, taken_from, amount)
    tell.here("appeal", CLEARING, named(account, given.owed_to_id), given.amount)
    tell.there(given.other_book, "appeal", tell.us(account), _passed_on(given, account), given.amount)
    return tell.story("appeal", source_id, on, at)


@dataclass(frozen=True)
class Owing:
    """To whom a book owes: the payee, or the employer who pays on (`owed_to`); in which other merchant's book it is
    mirrored, if any, and whether it is passed on there."""

    book_id: int
    us_id: int
    payee_id: int
    owed_to_id: int
    other_book: int | None = None
    is_passed_on: bool = False

    @classmethod
    def of(cls, share: Share) -> "Owing":
        """As the share is owed; it comes loaded with its merchant."""
        return cls(
            share.merchant_id,
            share.merchant.party_id,
            share.payee_id,
            share.owed_to_id,
            share.other_book,
            share.is_passed_on,
        )

    @property
    def purse(self) -> tuple[int, int]:
        return self.other_book or self.book_id, self.payee_id


def adjusted(
    kind: str, source_id: str, to: Owing, pieces: Pieces, *, up: bool, on: date, at: datetime, currency: str
) -> Story:
    """What the payee is owed grows, or shrinks by the pieces, against the book's own result: of no sale."""
    entries = []
    for account, amount in pieces:
        between = DUE if to.other_book else account
        theirs = named(account, to.payee_id) if to.is_passed_on else OWN_ADJUST
        pairs = [(to.book_id, OWN_ADJUST, named(between, to.owed_to_id))]
        if to.other_book:
            pairs.append((to.other_book, named(between, to.us_id), theirs))
        for book_id, debit, credit in pairs:
            if amount:
                sides = (debit, credit) if up else (credit, debit)
                entries.append(Entry(book_id, kind, *sides, amount))
    return Story(kind, source_id, on, at, currency, tuple(entries))


class _Telling:
    """Collects the entries of one story; nothing of zero is told, and nothing in the book of nobody."""

    def __init__(self, split: Split) -> None:
        self.split = split
        self.entries: list[Entry] = []

    def us(self, account: str) -> Name:
        """The principal, as the other book calls it."""
        return named(account, self.split.merchant.party_id)

    def here(self, kind: str, debit: Name, credit: Name, amount: int) -> None:
        self.there(self.split.merchant_id, kind, debit, credit, amount)

    def there(self, book_id: int | None, kind: str, debit: Name, credit: Name, amount: int) -> None:
        if book_id and amount:
            self.entries.append(Entry(book_id, kind, debit, credit, amount))

    def take(self, kind: str, share: Share, account: str, amount: int) -> None:
        """Out of a share, in both books that know it, into `clearing`."""
        if share.is_principals:
            self.here(kind, _result(share), CLEARING, amount)
            return
        # A guide whom the employer pays may owe the employer; between the two merchants nothing is `owed`.
        between = DUE if share.other_book and account == OWED else account
        self.here(kind, named(between, share.owed_to_id), CLEARING, amount)
        self.there(share.other_book, kind, _passed_on(share, account), self.us(between), amount)

    def story(self, source: str, source_id: str, on: date, at: datetime) -> Story:
        return Story(source, source_id, on, at, self.split.currency, tuple(self.entries))


def _result(share: Share) -> Name:
    return OWN_RESIDUAL if share.role == Rule.Role.RESIDUAL else OWN_SHARE


def _passed_on(share: Share, account: str) -> Name:
    """In the other book: its own result, or the purse of the guide whom it pays on."""
    return named(account, share.payee_id) if share.is_passed_on else OWN_SHARE
