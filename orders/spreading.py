"""Over which lines of a sale a refund goes.

Pure: rows already read, no database. Amounts in minor units.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    tenders: Mapping[int, int] = field(default_factory=dict)
    """Fen by the number of the payment it is to go back on; none is named if empty."""


def spread(lines: Sequence[OrderLine], asked: Sequence[RefundLineFacts]) -> list[Back]:
    """What goes back on each line of the order, in their order. A SKU that stands on several lines fills them in
    turn. DomainError `refund.not_on_order`, `refund.above_quantity`, `refund.above_paid`, `refund.nothing`, and of
    payments that are named `refund.line_unclear`, `refund.tenders_differ`."""
    named = _by_name(lines)
    room = {line.id: [line.quantity - line.refunded_quantity, line.paid - line.refunded] for line in lines}
    given: dict[int, list[int]] = {}
    tenders: dict[int, Counter[int]] = defaultdict(Counter)
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
        if wish.tenders:
            _clear(place, wish, fits)
            tenders[fits[0].id].update({one.number: one.amount for one in wish.tenders})
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
    backs = []
    for line in (line for line in lines if line.id in given):
        quantity, amount = given[line.id]
        backs.append(Back(line, quantity, amount, dict(tenders[line.id])))
    for back in backs:
        if back.tenders and sum(back.tenders.values()) != back.amount:
            raise _differ("lines", back.amount, sum(back.tenders.values()))
    return backs


def _clear(place: int, wish: RefundLineFacts, fits: Sequence[OrderLine]) -> None:
    """Payments are named for one line, each once, and come to what is given back on it."""
    if len(fits) > 1:
        raise DomainError(
            "refund.line_unclear",
            _("“%(sku)s” stands on several lines of this order.") % {"sku": wish.sku},
            next_step=_("Say the number of the line whose payments you name."),
            field=f"lines[{place}].number",
        )
    if len({one.number for one in wish.tenders}) < len(wish.tenders) or any(
        one.amount <= 0 for one in wish.tenders
    ):
        raise DomainError(
            "refund.tenders_differ",
            _("A payment of this line is named twice, or with nothing that goes back on it."),
            next_step=_("Name each payment of the line once, so that they come to its amount; or name none."),
            field=f"lines[{place}].tenders",
        )
    come_to = sum(one.amount for one in wish.tenders)
    if come_to != wish.amount:
        raise _differ(f"lines[{place}].tenders", wish.amount, come_to)


def _differ(where: str, amount: int, come_to: int) -> DomainError:
    return DomainError(
        "refund.tenders_differ",
        _("The payments named for this line come to %(given)s fen; what is given back on it to %(due)s fen.")
        % {"given": come_to, "due": amount},
        next_step=_("Name each payment of the line once, so that they come to its amount; or name none."),
        field=where,
        extra={"amount": amount, "tendered": come_to},
    )


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
