"""One account of a merchant's own book, month by month: what moved on it, and the page of what moved it.

Inside the book's scope, and of that book alone. The key of every movement is the book's own: a sale's line, a refund,
a payout, a top-up. Its number is told, and its page opened, as far as they are the merchant's to see.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from commissions.models import Appeal, Payout
from insights import accounts
from insights.statement_files import Sheet
from insights.statements import ON_ONE_ACCOUNT, Month, in_words
from ledger import statements
from ledger.models import Account
from ledger.statements import Standing, Statement
from members.models import TopUp
from merchants.models import Merchant, Party
from orders.models import Order, OrderLine, Refund, RefundLine, Tender


@dataclass(frozen=True)
class Opened:
    """An account, and what the merchant calls it."""

    book: Merchant
    code: str
    party: Party | None
    name: str

    def statement(self, month: Month) -> Statement:
        return statements.statement(
            self.book, self.party, first=month.first, last=month.last, codes=[self.code]
        )

    def sheet(self, month: Month, *, today: date, most: int = 1_000_000) -> Sheet:
        """As a file: every movement in the order of booking, of which the first `most`."""
        given = {"first": month.first, "last": month.last, "codes": [self.code]}
        lines = in_words(statements.movements(self.book, self.party, limit=most, **given), ON_ONE_ACCOUNT)
        told = self.statement(month)
        return Sheet(self.book.name, self.name, month, told, lines, today, words=ON_ONE_ACCOUNT)

    def latest(
        self, month: Month, *, opening: int, before: tuple[date, int] | None, limit: int
    ) -> list[Standing]:
        return statements.latest(
            self.book,
            self.party,
            opening=opening,
            first=month.first,
            last=month.last,
            before=before,
            limit=limit,
            codes=[self.code],
        )


def opened(book: Merchant, code: str, party: str = "") -> Opened | None:
    """The account of this code, and of the party of this ref if it has one; None if the book has none."""
    rows = Account.objects.filter(book=book, code=code, currency=book.currency)
    rows = rows.filter(party__ref=party) if party else rows.filter(party=None)
    found = rows.select_related("party__merchant").first()
    if found is None:
        return None
    label = accounts.label_of(code)
    if found.party:
        label = f"{label} · {accounts.names_of([found.party])[found.party.pk]}"
    return Opened(book, code, found.party, label)


@dataclass(frozen=True)
class Moved:
    """A movement in words. `route` and `ref` name the page that shows what moved it; "" where there is none."""

    booked_on: date
    word: str
    about: str
    amount: int
    balance: int
    route: str
    ref: str

    @property
    def debit(self) -> int:
        return max(-self.amount, 0)

    @property
    def credit(self) -> int:
        return max(self.amount, 0)


def told(moves: Sequence[Standing], words: Mapping[str, object] = ON_ONE_ACCOUNT) -> list[Moved]:
    """Few look-ups for many movements."""
    pages = _pages({move.source_id.partition("/")[0] for move in moves})
    lines = zip(moves, in_words(moves, words), strict=True)
    return [
        Moved(
            move.booked_on,
            line.word,
            line.about,
            move.amount,
            move.balance,
            *pages.get(move.source_id.partition("/")[0], ("", "")),
        )
        for move, line in lines
    ]


def _pages(sources: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The route and ref of the page of each source that has one: a refund and an appeal are shown with their sale."""
    refs = list(sources)
    sales = dict(Order.objects.filter(ref__in=refs).values_list("ref", "ref"))
    sales |= dict(OrderLine.about.filter(order__ref__in=refs).values_list("order__ref", "order__ref"))
    took = Tender.collected.filter(order__refunds__ref__in=refs)
    sales |= dict(took.values_list("order__refunds__ref", "order__ref"))
    sales |= dict(Refund.objects.filter(ref__in=refs).values_list("ref", "order__ref"))
    sales |= dict(
        RefundLine.about.filter(refund__ref__in=refs).values_list("refund__ref", "refund__order__ref")
    )
    for appeals in (Appeal.objects, Appeal.party):
        sales |= dict(appeals.filter(ref__in=refs).values_list("ref", "split__order__ref"))
    top_ups = TopUp.objects.filter(ref__in=refs).values_list("ref", "programme__ref")
    payouts = dict.fromkeys(_refs(Payout.payable, refs), "payout_received")
    payouts |= dict.fromkeys([*_refs(Payout.objects, refs), *_refs(Payout.sent, refs)], "payout")
    return (
        {ref: ("order", sale) for ref, sale in sales.items()}
        | {ref: ("programme", programme) for ref, programme in top_ups}
        | {ref: (route, ref) for ref, route in payouts.items()}
    )


def _refs(payouts, refs: list[str]) -> list[str]:
    return list(payouts.filter(ref__in=refs).values_list("ref", flat=True))
