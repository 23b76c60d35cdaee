"""A payee's month of tiers, worked once more from what is left of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from commissions.splitting import Term, slices
from merchants.money import ratio


@dataclass(frozen=True)
class Given:
    """What a tiered rule gave of a line, the payee's `part` of its claim in ppm, and what is still `held` of it; if
    it was `capped` for the period then, it is never opened again."""

    term: Term
    part: int
    held: int
    capped: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the month as the payee stands in it: the net `basis` and the payee's `part` of it, in ppm; what tiered
    rules gave of it (after appeals perhaps less of one than of another), and what other rules of the role did."""

    basis: int
    part: int
    given: tuple[Given, ...]
    beside: int = 0


def entitled(lines: Iterable[Line]) -> Fraction:
    """What the tiered rules come to over these lines in their order, exactly, each line by its own version's rules.

    A line cap is cut as it was (its part of a shared claim), a period cap holds for the whole month.
    """
    total, had, earned = Fraction(0), Fraction(0), Fraction(0)
    for line in lines:
        had += line.beside
        for given in line.given:
            amount = ratio(line.basis, given.part)
            claim = sum((s.claim for s in slices(given.term.tiers, so_far=total, amount=amount)), Fraction(0))
            if given.term.line_cap is not None:
                claim = min(claim, ratio(given.term.line_cap, given.part))
            if given.term.period_cap is not None:
                claim = min(claim, max(given.term.period_cap - had, Fraction(0)))
            if given.capped:
                claim = min(claim, Fraction(given.held))
            had += claim
            earned += claim
        total += ratio(line.basis, line.part)
    return earned


def half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
