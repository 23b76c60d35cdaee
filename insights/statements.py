"""Statements of a book's parties with names and words. Inside the book's scope."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.models import Payout
from insights.accounts import names_of
from insights.names import Names
from ledger import statements
from ledger.statements import Movement
from merchants.models import Merchant, Party
from orders.models import Order, OrderLine, Refund, RefundLine

# A payout takes from what is owed when it is made; whether it arrived, the payee's own book tells.
KINDS = {
    "share": gettext_lazy("Shares of sales"),
    "remittance": gettext_lazy("Money collected for the other side"),
    "fee": gettext_lazy("Payment fees"),
    "contribution": gettext_lazy("Coupon cost borne"),
    "contribution_back": gettext_lazy("Coupon cost returned after refunds"),
    "refund": gettext_lazy("Refunds paid for the other side"),
    "clawback": gettext_lazy("Shares taken back after refunds"),
    "appeal": gettext_lazy("Shares moved after appeals"),
    "payout": gettext_lazy("Payout made"),
    "payout_paid": gettext_lazy("Paid out for the other side"),
    "payout_received": gettext_lazy("Payment received"),
    "payout_contested": gettext_lazy("Payment that did not arrive"),
    "payout_confirmed": gettext_lazy("Payment arrived after all"),
    "payout_failed": gettext_lazy("Payout not carried out"),
    "payout_returned": gettext_lazy("Payout returned"),
    "withhold": gettext_lazy("Tax withheld"),
    "withhold_back": gettext_lazy("Tax given back"),
    "true_up": gettext_lazy("Period true-up"),
    "goodwill": gettext_lazy("Goodwill"),
    "write_off": gettext_lazy("Write-off"),
}

# On one account there are also moves from or to the party's others; and what is the own book's is not for another side.
ON_ONE_ACCOUNT = KINDS | {
    "tender": gettext_lazy("Payments of sales"),
    "refund": gettext_lazy("Refunds of sales"),
    "settle_t0": gettext_lazy("Settled with the sale"),
    "settle_t1": gettext_lazy("Settled after the day"),
    "release": gettext_lazy("Reserve released"),
    "recover": gettext_lazy("Recovered from a payout"),
    "payout_paid": gettext_lazy("Payout that arrived"),
    "arrival": gettext_lazy("Moved between own accounts"),
    "top_up": gettext_lazy("Stored value topped up"),
    "bonus": gettext_lazy("Bonus on stored value"),
}


@dataclass(frozen=True)
class Month:
    first: date

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> "Month":
        return Month((self.first + timedelta(days=31)).replace(day=1))

    @property
    def before(self) -> "Month":
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    def __str__(self) -> str:
        return self.name

    def runs_on(self, today: date) -> bool:
        return today <= self.last

    @classmethod
    def read(cls, text: str, *, today: date) -> "Month":
        """`2026-11`; the month of `today` for anything else, and for what has not begun."""
        told = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
        first = date(int(told[1]), int(told[2]), 1) if told else today
        return cls(min(first, today).replace(day=1))


@dataclass(frozen=True)
class Row:
    """One party's month in fen; above zero the book's owner owes. `on_its_way` is in none of the others."""

    ref: str
    name: str
    opening: int
    credits: int
    debits: int
    on_its_way: int = 0

    @property
    def closing(self) -> int:
        return self.opening + self.credits - self.debits


def rows(book: Merchant, month: Month) -> list[Row]:
    """Every party with something standing, moving or on its way; the largest sum first, whichever of the two it is."""
    found = statements.of_all(book, first=month.first, last=month.last)
    way = statements.on_its_way(book, last=month.last)
    figures = {pk: (*sums, way.get(pk, 0)) for pk, sums in found.items()}
    parties = {party.pk: party for party in Party.objects.filter(pk__in=figures).select_related("merchant")}
    names = names_of(parties.values())
    told = [Row(parties[pk].ref, names[pk], *figures[pk]) for pk in figures if any(figures[pk])]
    return sorted(told, key=lambda row: (-max(abs(row.closing), abs(row.on_its_way)), row.name))


def coming(book: Merchant, party: Party) -> int:
    """Fen that the party says it has sent to the book's owner, not arrived yet. Inside the owner's scope."""
    sent = Payout.payable.filter(payee=book.party, merchant__party=party, submitted_at__isnull=False)
    not_here = sent.filter(state__in=(*Payout.OPEN, Payout.State.CONTESTED))
    return not_here.aggregate(sum=Sum("net"))["sum"] or 0


def party_of(book: Merchant, ref: str) -> tuple[Party, str] | None:
    """(the party, its name) if it has an account in the book."""
    party = Party.objects.filter(ref=ref, accounts__book=book).select_related("merchant").first()
    return (party, names_of([party])[party.pk]) if party else None


@dataclass(frozen=True)
class Line:
    """A movement in words; `order` is the ref of the sale it opens, "" where there is none."""

    booked_on: date
    word: str
    about: str
    order: str
    amount: int


CONTESTING = frozenset({"payout_contested", "payout_confirmed"})  # only the payee's own book knows of it


def in_words(moves: Sequence[Movement], words: Mapping[str, object] = KINDS) -> list[Line]:
    """With the number of the sale or payout, as far as this merchant knows it; few look-ups for many lines. Who took
    money for lines of others is not told which of a sale's they were."""
    refs = {move.source_id.partition("/")[0] for move in moves}
    names, hidden = Names(refs, {}), _lines_of_others({move.source_id for move in moves}, refs)
    return [_line(move, names, words, hidden) for move in moves]


def _line(move: Movement, names: Names, words: Mapping[str, object], hidden: Collection[str]) -> Line:
    ref, _slash, number = move.source_id.partition("/")
    if move.source == "arrival":  # it goes by what the merchant called it
        return Line(move.booked_on, word_of(move.kind, words), move.source_id, "", move.amount)
    about = known = names.of(ref, "")
    if known and number and move.source_id not in hidden:
        about = _("%(sale)s, line %(number)s") % {"sale": known, "number": number}
    return Line(
        move.booked_on,
        word_of(move.kind, words),
        about,
        ref if known and ref.startswith("ord_") else "",
        move.amount,
    )


def _lines_of_others(sources: Collection[str], refs: Collection[str]) -> set[str]:
    """Those of these lines, of sales and of refunds, that the merchant neither sold nor owns the brand of."""
    whole = Value(0)  # of an own sale: no line is hidden
    known = (
        Order.objects.filter(ref__in=refs)
        .values_list("ref", whole)
        .union(
            Refund.objects.filter(ref__in=refs).values_list("ref", whole),
            OrderLine.about.filter(order__ref__in=refs).values_list("order__ref", "number"),
            RefundLine.about.filter(refund__ref__in=refs).values_list("refund__ref", "line__number"),
        )
    )
    shown = {f"{ref}/{number}" if number else ref for ref, number in known}
    lines = {source for source in sources if source.startswith(("ord_", "rfd_"))}
    return {source for source in lines if shown.isdisjoint((source, source.partition("/")[0]))}


def word_of(kind: str, words: Mapping[str, object] = KINDS) -> str:
    return str(words.get(kind, kind))
