"""The arithmetic of one line: claims to whole fen, and what a refund takes back.

Pure: integers and fractions, no database. Amounts in minor units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from merchants.money import allot, ratio, take_back


@dataclass(frozen=True)
class Term:
    """What one rule claims: `ppm` of the basis, or the rest when `ppm` is None. Exactly one term takes the rest."""

    number: int
    role: str
    ppm: int | None


@dataclass(frozen=True)
class Cut:
    """What a term gets: its exact claim, after cuts, and the whole amount."""

    term: Term
    claim: Fraction
    amount: int


def divide(*, base: int, basis: int, terms: Sequence[Term]) -> list[Cut]:
    """Divide `base` by the terms in order of number; the amounts sum to it.

    A ratio multiplies `basis` and is cut by what is left of `base`; the residual takes what is then left and is
    never negative. One largest remainder over all exact claims, ties to the larger claim, then in order.
    """
    terms = sorted(terms, key=lambda term: term.number)
    if sum(term.ppm is None for term in terms) != 1:
        raise ValueError("a division needs exactly one residual")
    left, claims = Fraction(base), {}
    for term in terms:
        if term.ppm is not None:
            claims[term.number] = min(ratio(basis, term.ppm), left)
            left -= claims[term.number]
    exact = [left if term.ppm is None else claims[term.number] for term in terms]
    return [Cut(*parts) for parts in zip(terms, exact, allot(base, exact), strict=True)]


@dataclass(frozen=True)
class Returned:
    """How much has come back once `refunded` fen of a line has: of each contribution, share and tender."""

    contributions: list[int]
    shares: list[int]
    tenders: list[int]

    def taken(self, refunded: int) -> int:
        return refunded + sum(self.contributions)


def give_back(
    *,
    refunded: int,
    quantity: int,
    paid: int,
    sold: int,
    contributions: Sequence[int],
    shares: Sequence[int],
    tenders: Sequence[int],
) -> Returned:
    """A function of the totals given back so far (`refunded` fen, `quantity` pieces), never of single refunds.

    Of a contribution ⌊c · refunded / paid⌋ comes back, or by pieces where nothing was paid.
    """
    part = Fraction(refunded, paid) if paid else Fraction(quantity, sold)
    back = [int(amount * part) for amount in contributions]
    return Returned(back, take_back(refunded + sum(back), shares), take_back(refunded, tenders))
