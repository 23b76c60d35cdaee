"""What paid a sale and what went back of it, as far as a reader may know.

The seller is told all of it. Any other merchant that took a payment, its *collector*, is told that payment whole: where
it arrived, its amount, its fee, what went back of it. All of that is its own money, also what it took for others, and
stands in its book. It is not told of payments that reached others, of a total, or of others' goods: of the lines that
a payment was for, its own alone. (The payment's number, by which a refund names it, says that there were others.)

A brand owner is told of every refund on its own lines what came back on them; whatever a refund gave back on others'
lines it is told only as far as it went back of its own payments. Who has neither is told nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch

from merchants.scoping import acting_for
from orders.models import Order, OrderLine, Refund, RefundLine, Tender


@dataclass(frozen=True)
class Payment:
    """`lines` are numbers: to the seller those it is restricted to, [] for all; to another collector those of its own
    lines that it may have paid, [] for none. `given_back` is fen."""

    tender: Tender
    lines: Sequence[int]
    given_back: int


@dataclass(frozen=True)
class GivenBack:
    """A refund, the lines it gave back on, and how much of each payment went back, as far as the reader may know."""

    refund: Refund
    lines: Sequence[RefundLine]
    tenders: Sequence[tuple[Tender, int]]

    @property
    def amount(self) -> int:
        """On the lines told."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Told:
    payments: Sequence[Payment] = ()
    refunds: Sequence[GivenBack] = ()


def to_seller(tenders: Iterable[Tender], refunds: Iterable[tuple[Refund, Sequence[RefundLine]]]) -> Told:
    """All of one sale; refunds come with their lines."""
    tenders = list(tenders)
    backs = [GivenBack(refund, lines, _of_each(tenders, lines)) for refund, lines in refunds]
    return _told([(tender, tender.lines) for tender in tenders], backs)


def of_own(order: Order) -> Told:
    """The same, read inside the seller's scope in three statements, however many refunds there are; in the order they
    were made."""
    tenders = order.tenders.select_related("collector", "programme").order_by("number")
    lines = RefundLine.objects.select_related("line__sku").order_by("line__number")
    refunds = order.refunds.prefetch_related(Prefetch("lines", lines)).order_by("refunded_at", "id")
    return to_seller(tenders, [(refund, list(refund.lines.all())) for refund in refunds])


def to_part(order: Order, lines: Sequence[OrderLine]) -> Told:
    """For a merchant that owns these lines and did not sell them; inside its scope. Lines come whole or are what one
    seat may see of them: who does not see all that its merchant sold there is told of refunds on them, of no payment.
    """
    own = {line.id for line in lines}
    tenders = []
    if OrderLine.about.filter(order=order).count() == len(own):
        taken = Tender.collected.filter(order=order).select_related("collector", "programme")
        tenders = list(taken.order_by("number"))
    with acting_for(order.merchant):  # a refund on others' lines may go back of the reader's payments
        rows = RefundLine.objects.filter(refund__order=order).select_related("refund", "line__sku")
        by_refund: dict[Refund, list[RefundLine]] = {}
        for row in rows.order_by("refund__refunded_at", "refund_id", "line__number"):
            by_refund.setdefault(row.refund, []).append(row)
    backs = []
    for refund, all_lines in by_refund.items():
        shown = [row for row in all_lines if row.line_id in own]
        went = _of_each(tenders, all_lines)
        if shown or went:
            backs.append(GivenBack(refund, shown, went))
    numbers = [line.number for line in lines]
    return _told([(tender, _may_pay(tender, numbers)) for tender in tenders], backs)


def _may_pay(tender: Tender, numbers: Collection[int]) -> list[int]:
    return [number for number in numbers if not tender.lines or number in tender.lines]


def _of_each(tenders: Iterable[Tender], lines: Iterable[RefundLine]) -> list[tuple[Tender, int]]:
    """How much of these payments went back on the lines; those of which nothing did are left out."""
    gone: Counter[int] = Counter()
    for line in lines:
        gone.update(dict(line.tenders))
    return [(tender, gone[tender.number]) for tender in tenders if gone[tender.number]]


def _told(tenders: Iterable[tuple[Tender, Sequence[int]]], refunds: Sequence[GivenBack]) -> Told:
    gone: Counter[int] = Counter()
    for back in refunds:
        gone.update({tender.number: amount for tender, amount in back.tenders})
    payments = [Payment(tender, numbers, gone[tender.number]) for tender, numbers in tenders]
    return Told(payments, refunds)
