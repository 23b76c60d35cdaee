"""Over which lines of a sale a refund goes.

Pure: rows already read, no database. Amounts in minor units.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from catalog.models import Sku
from merchants.errors import DomainError
from orders.facts import RefundLineFacts
from orders.models import OrderLine


@dataclass(frozen=True)
class Back:
    """What goes back on one line."""

    line: OrderLine
    quantity: int
    amount: int


def spread(lines: Sequence[OrderLine], asked: Sequence[RefundLineFacts]) -> list[Back]:
    """What goes back on each line of the order, in their order. A SKU that stands on several lines fills them in
    turn. DomainError `refund.not_on_order`, `refund.above_quantity`, `refund.above_paid`, `refund.nothing`."""
    named = _by_name(lines)
    room = {line.id: [line.quantity - line.refunded_quantity, line.paid - line.refunded] for line in lines}
    given: dict[int, list[int]] = {}
    for place, wish in enumerate(asked):
        fits = named[wish.sku if wish.number is None else wish.number]
        if wish.number is not None and wish.sku:  # by both: what both name
            fits = [line for line in fits if wish.sku in _codes(line.sku)]
        if not fits:
            raise DomainError(
                "refund.not_on_order",
                _("“%(sku)s” is not on this order.") % {"sku": wish.sku or wish.number},
                next_step=_("Name a line of the order by its SKU or its number, or by both if they agree."),
                field=f"lines[{place}]",
            )
        quantity, amount = wish.quantity, wish.amount
        _enough(place, quantity, sum(room[line.id][0] for line in fits), "refund.above_quantity")
        _enough(place, amount, sum(room[line.id][1] for line in fits), "refund.above_paid")
        for line in fits:
            if not (quantity or amount):
                break
            left, unpaid = room[line.id]
            pieces, fen = min(quantity, left), min(amount, unpaid)
            quantity, amount = quantity - pieces, amount - fen
            room[line.id] = [left - pieces, unpaid - fen]
            if pieces or fen:
                sums = given.setdefault(line.id, [0, 0])
                sums[0], sums[1] = sums[0] + pieces, sums[1] + fen
    if not given:
        raise DomainError(
            "refund.nothing",
            _("This refund gives nothing back."),
            next_step=_("Say the amount or the pieces of at least one line."),
            field="lines",
        )
    return [Back(line, *given[line.id]) for line in lines if line.id in given]


def _by_name(lines: Sequence[OrderLine]) -> dict[str | int, list[OrderLine]]:
    """The lines by each name that a refund may call them: number, and ref, code or barcode of the SKU."""
    named: dict[str | int, list[OrderLine]] = defaultdict(list)
    for line in lines:
        named[line.number].append(line)
        for code in _codes(line.sku):
            named[code].append(line)
    return named


def _codes(sku: Sku) -> set[str]:
    return {sku.ref, sku.code, sku.barcode} - {""}


def _enough(place: int, wanted: int, left: int, code: str) -> None:
    if 0 <= wanted <= left:
        return
    words = (
        _("More than was paid: %(left)s fen can still be given back on this line, not %(wanted)s.")
        if code == "refund.above_paid"
        else _("More than was sold: %(left)s pieces can still come back on this line, not %(wanted)s.")
    )
    raise DomainError(
        code,
        words % {"left": left, "wanted": wanted},
        next_step=_("Correct the line; earlier refunds of the order count."),
        field=f"lines[{place}]",
        extra={"left": left, "wanted": wanted},
    )
