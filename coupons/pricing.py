"""What coupons take off a receipt, line by line, and who bears it. Pure: no database, no clock.

Benefits count in the order given, each over its lines' *current* net; each line's part is divided over
the bearers on that line alone, so that a brand can re-prove its line without seeing another's (largest
remainder in both).

An exchange coupon pays whole pieces, the dearest first: of a line of several, a piece costs its part of the current
net, and no piece is exchanged twice. Never does it pay more for a piece than the catalogue asks: the store tells the
price, and another may bear it. What the store asks above that is left to pay.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from merchants.errors import DomainError
from merchants.money import allot, yuan


@dataclass(frozen=True)
class PriceLine:
    """A line before coupons: `amount` is list price × quantity in fen, `brand` and `sku` any comparable names of
    its brand and article; `catalogue` is what the article's owner asks for a piece, None if nothing else is known than
    the list price."""

    number: int
    amount: int
    brand: int | None = None
    quantity: int = 1
    sku: int | None = None
    catalogue: int | None = None

    def worth(self, net: int, pieces: int, left: int) -> int:
        """What `pieces` of the `left` that `net` is to be paid for are exchanged for."""
        part, _rest = allot(net, [pieces, left - pieces])
        return part if self.catalogue is None else min(part, self.catalogue * pieces)


@dataclass(frozen=True)
class Benefit:
    """Spend `threshold` fen on the lines of `brand` (None: on any line) and `amount_off` fen go off them; or, with
    `pieces`, so many of its goods, of `sku` if it names one, go off whole.

    `key` names the coupon and `campaign` what it is of; `bearers` are (role, ppm) summing to 1,000,000.
    """

    key: str
    campaign: str
    name: str
    threshold: int
    amount_off: int
    brand: int | None
    bearers: tuple[tuple[str, int], ...]
    pieces: int = 0
    sku: int | None = None

    def is_for(self, line: PriceLine) -> bool:
        return self.brand in (None, line.brand) and self.sku in (None, line.sku)


@dataclass(frozen=True)
class Part:
    """What one benefit took off one line; `costs` are (role, fen) in the order of the bearers, summing
    to `amount`."""

    line: int
    amount: int
    costs: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Discount:
    """One benefit at work: why (`eligible` fen of its lines when its turn came) and what."""

    benefit: Benefit
    eligible: int
    parts: tuple[Part, ...]

    @property
    def amount(self) -> int:
        return sum(part.amount for part in self.parts)


@dataclass(frozen=True)
class Priced:
    """The receipt after coupons: `nets` is line number → fen to pay; the discounts explain the rest."""

    lines: tuple[PriceLine, ...]
    discounts: tuple[Discount, ...] = ()
    nets: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.nets.values())

    def off(self, number: int) -> int:
        return sum(part.amount for one in self.discounts for part in one.parts if part.line == number)


def price(lines: Sequence[PriceLine], benefits: Sequence[Benefit]) -> Priced:
    """Every benefit applied, or DomainError `coupon.below_threshold`, `coupon.no_lines`, `coupon.too_few_pieces`,
    `coupon.campaign_twice` (several exchange coupons of one campaign pay for as many pieces)."""
    nets = {line.number: line.amount for line in lines}
    exchanged: Counter[int] = Counter()  # pieces by line
    discounts: list[Discount] = []
    for place, benefit in enumerate(benefits):
        if benefit.pieces:
            discounts.append(_exchange(benefit, lines, nets, exchanged, place))
            continue
        if any(benefit.campaign == earlier.campaign for earlier in benefits[:place]):
            raise DomainError(
                "coupon.campaign_twice",
                _("“%(name)s” counts once on a receipt.") % {"name": benefit.name},
                next_step=_("Leave one of the two coupons for the next purchase."),
                field=f"coupons[{place}]",
            )
        discounts.append(_apply(benefit, lines, nets, place))
    return Priced(tuple(lines), tuple(discounts), nets)


def _apply(benefit: Benefit, lines: Sequence[PriceLine], nets: dict[int, int], place: int) -> Discount:
    """Take the benefit off `nets`."""
    own = [line for line in lines if benefit.is_for(line)]
    eligible = sum(nets[line.number] for line in own)
    if not own:
        raise DomainError(
            "coupon.no_lines",
            _("Nothing on this receipt is of the brand of “%(name)s”.") % {"name": benefit.name},
            next_step=_("Add goods of that brand, or sell without this coupon."),
            field=f"coupons[{place}]",
        )
    if eligible < benefit.threshold:
        raise DomainError(
            "coupon.below_threshold",
            _("“%(name)s” needs %(threshold)s of its goods; there are %(eligible)s.")
            % {"name": benefit.name, "threshold": yuan(benefit.threshold), "eligible": yuan(eligible)},
            next_step=_("Add goods for %(missing)s, or sell without this coupon.")
            % {"missing": yuan(benefit.threshold - eligible)},
            field=f"coupons[{place}]",
            extra={"threshold": benefit.threshold, "eligible": eligible},
        )
    taken = allot(min(benefit.amount_off, eligible), [nets[line.number] for line in own])
    parts = []
    for line, amount in zip(own, taken, strict=True):
        if amount:
            nets[line.number] -= amount
            parts.append(Part(line.number, amount, costs(amount, benefit.bearers)))
    return Discount(benefit, eligible, tuple(parts))


def _exchange(
    benefit: Benefit, lines: Sequence[PriceLine], nets: dict[int, int], exchanged: Counter[int], place: int
) -> Discount:
    """Take whole pieces off `nets`, the dearest first; of equal ones those of the earlier line."""
    own = {line.number: line for line in lines if benefit.is_for(line)}
    left = {number: line.quantity - exchanged[number] for number, line in own.items() if nets[number]}
    left = {number: pieces for number, pieces in left.items() if pieces and own[number].catalogue != 0}
    if sum(left.values()) < benefit.pieces:
        raise _too_few(benefit, sum(left.values()), place)
    eligible = sum(nets[number] for number in left)
    dearest = sorted(left, key=lambda number: -_a_piece(own[number], nets[number], left[number]))
    parts, wanted = {}, benefit.pieces
    for number in dearest:
        pieces = min(wanted, left[number])
        if not pieces:
            continue
        amount = own[number].worth(nets[number], pieces, left[number])
        nets[number] -= amount
        exchanged[number] += pieces
        wanted -= pieces
        if amount:
            parts[number] = Part(number, amount, costs(amount, benefit.bearers))
    return Discount(benefit, eligible, tuple(parts[number] for number in own if number in parts))


def _a_piece(line: PriceLine, net: int, left: int) -> Fraction:
    told = Fraction(net, left)
    return told if line.catalogue is None else min(told, Fraction(line.catalogue))


def _too_few(benefit: Benefit, found: int, place: int) -> DomainError:
    return DomainError(
        "coupon.too_few_pieces",
        ngettext(
            "“%(name)s” is exchanged for %(pieces)d piece of its goods; on this receipt are %(found)d.",
            "“%(name)s” is exchanged for %(pieces)d pieces of its goods; on this receipt are %(found)d.",
            benefit.pieces,
        )
        % {"name": benefit.name, "pieces": benefit.pieces, "found": found},
        next_step=_("Add what the coupon is for, or sell without it."),
        field=f"coupons[{place}]",
        extra={"pieces": benefit.pieces, "found": found},
    )


def costs(amount: int, bearers: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """`amount` fen divided over (role, ppm); roles that bear nothing of it stay, with 0."""
    parts = allot(amount, [ppm for _role, ppm in bearers])
    return tuple((role, part) for (role, _ppm), part in zip(bearers, parts, strict=True))
