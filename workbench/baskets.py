"""What the form on the sale page holds: goods, pieces and prices, changed one tap at a time."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from components.forms import YuanField
from orders.facts import LineFacts

MOST_ROWS = 100
MOST_PIECES = 999
_PRICE = YuanField(least=0, required=False)


class Fault(NamedTuple):
    typed: str
    why: str


@dataclass(frozen=True)
class Row:
    """`sku` is a ref, or what was typed or scanned; `price` is fen a piece, None for the list price. `faults` keeps, by
    the field's name, what was typed that is no quantity or no price."""

    sku: str
    quantity: int = 1
    price: int | None = None
    faults: dict[str, Fault] = field(default_factory=dict)

    def as_typed(self, name: str, otherwise: str) -> str:
        """What was typed into the field, if that is at fault."""
        return self.faults[name].typed if name in self.faults else otherwise


@dataclass
class Basket:
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, posted: QueryDict) -> "Basket":
        """The posted rows, after the one tap that was posted with them (`add`, `more`, `less` or `drop`)."""
        fields = (posted.getlist(name) for name in ("sku", "quantity", "price"))
        basket = cls([_row(*values) for values in list(zip(*fields, strict=False))[:MOST_ROWS]])
        added = posted.get("add") or (posted.get("q", "").strip() if "add" in posted else "")
        if added:
            basket.add(added)
        for tap, step in (("more", 1), ("less", -1), ("drop", -MOST_PIECES)):
            place = _whole(posted.get(tap, ""))
            if place is not None and place < len(basket.rows):
                basket.change(place, step)
        return basket

    def add(self, sku: str) -> None:
        if len(self.rows) < MOST_ROWS:
            self.rows.append(Row(sku))

    def change(self, place: int, step: int) -> None:
        row = self.rows[place]
        if row.quantity + step < 1:
            del self.rows[place]
        else:
            faults = {name: fault for name, fault in row.faults.items() if name != "quantity"}
            self.rows[place] = replace(row, quantity=min(row.quantity + step, MOST_PIECES), faults=faults)

    def facts(self) -> tuple[LineFacts, ...]:
        return tuple(LineFacts(sku=row.sku, quantity=row.quantity, list_price=row.price) for row in self.rows)

    @property
    def fault(self) -> str:
        return next((fault.why for row in self.rows for fault in row.faults.values()), "")


def _row(sku: str, quantity: str, price: str) -> Row:
    faults, pieces, fen = {}, _whole(quantity), None
    if not pieces:
        why = _("Write how many pieces, from 1 to %(most)d.") % {"most": MOST_PIECES}
        faults["quantity"] = Fault(quantity[:24], why)
    try:
        fen = _PRICE.clean(price)
    except ValidationError as wrong:
        faults["price"] = Fault(price[:24], str(wrong.messages[0]))
    return Row(sku[:64], pieces or 1, fen, faults)


def _whole(text: str) -> int | None:
    """A number of up to three digits, narrow or wide, as rows and pieces have; int() itself refuses thousands."""
    digits = unicodedata.normalize("NFKC", text).strip()
    return int(digits) if re.fullmatch("[0-9]{1,3}", digits) else None
