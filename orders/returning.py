"""From which payments of a sale money goes back.

A refund may name the payments of each line that it goes back on; else it goes over all that paid the line, as a
function of the total given back so without a name. So a refund that names none never depends on the size or order of
others, and nothing goes back twice. What each refund came to is kept with its lines (docs/adr/0026).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError
from merchants.money import take_back
from orders.laying import lay
from orders.models import OrderLine, RefundLine, Tender
from orders.spreading import Back


@dataclass
class PaidLine:
    """What paid one line, by the payment's number, and what has come back of each: named by refunds, or not. Fen."""

    paid: dict[int, int] = field(default_factory=dict)
    named: Counter[int] = field(default_factory=Counter)
    unnamed: Counter[int] = field(default_factory=Counter)

    def left(self, number: int) -> int:
        return self.paid.get(number, 0) - self.named[number] - self.unnamed[number]

    def over_all(self, amount: int) -> dict[int, int]:
        """How much of each, for so much that names none."""
        room = [paid - self.named[number] for number, paid in self.paid.items()]
        now = take_back(amount + self.unnamed.total(), list(self.paid.values()), most=room)
        return {
            number: back - self.unnamed[number]
            for number, back in zip(self.paid, now, strict=True)
            if back > self.unnamed[number]
        }


class Payments:
    """The payments of one sale, and what earlier refunds of it have given back of each."""

    def __init__(
        self,
        lines: Sequence[OrderLine],
        tenders: Sequence[Tender],
        earlier: Iterable[RefundLine],
        *,
        may_name: frozenset[int],
    ) -> None:
        """`may_name`: the payments that whoever gives back may speak for."""
        self._may_name = may_name
        self._lines: dict[int, PaidLine] = defaultdict(PaidLine)
        numbers = {line.id: line.number for line in lines}
        paid = {line.number: line.paid for line in lines}
        for part in lay([(tender.amount, tender.lines) for tender in tenders], paid):
            self._lines[part.line].paid[tenders[part.index].number] = part.amount
        for back in earlier:
            self._count(numbers[back.line_id], dict(back.tenders), named=back.names_tenders)

    def give(self, backs: Sequence[Back]) -> dict[int, dict[int, int]]:
        """From which payments these go back: of each line, by its id, fen by the payment's number. They count for what
        is asked next. DomainError `refund.tender_unknown`, `refund.above_tender`; then nothing is counted."""
        for back in backs:
            self._check(back)
        given = {}
        for back in backs:
            line = self._lines[back.line.number]
            given[back.line.id] = dict(back.tenders) or line.over_all(back.amount)
            self._count(back.line.number, given[back.line.id], named=bool(back.tenders))
        return given

    def _check(self, back: Back) -> None:
        line = self._lines[back.line.number]
        for number, amount in back.tenders.items():
            words = {"line": back.line.number, "number": number}
            if number not in line.paid or number not in self._may_name:
                raise DomainError(
                    "refund.tender_unknown",
                    _("Line %(line)d was not paid with a payment %(number)d that you can give back.") % words,
                    next_step=_(
                        "Name payments of the sale by their number there, that reached you or that you told of; or"
                        " name none: then all that paid the line are given back in part."
                    ),
                    field="lines",
                    extra=words,
                )
            if amount > (left := line.left(number)):
                raise DomainError(
                    "refund.above_tender",
                    _(
                        "Of payment %(number)d, %(left)s fen of line %(line)d can still be given back, not %(wanted)s."
                    )
                    % (words | {"left": left, "wanted": amount}),
                    next_step=_("Correct the sums; earlier refunds of the sale count."),
                    field="lines",
                    extra=words | {"left": left, "wanted": amount},
                )

    def _count(self, line: int, given: Mapping[int, int], *, named: bool) -> None:
        counted = self._lines[line]
        (counted.named if named else counted.unnamed).update(given)
