"""The arithmetic of one line: claims to whole fen, and what a refund takes back.

Pure: integers and fractions, no database. Amounts in minor units, rates and parts in ppm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from merchants.money import PPM, allot, ratio, take_back

# What a claim can be cut by, beside the rule itself.
LINE_CAP, PERIOD_CAP, BASE = "line_cap", "period_cap", "base"

Tiers = tuple[tuple[int, int], ...]  # (from which total, ppm), marginal


@dataclass(frozen=True)
class Term:
    """What one rule claims: `ppm` of the basis, a `fixed` amount (a piece, if `per_unit`), the slices of `tiers` that
    the payee's total of the period passes through, or, with none of them, the rest. Exactly one term takes the rest.

    `line_cap` holds for all who share the claim together, `period_cap` for each payee. The rule claims where all
    its conditions hold: the article's category and SKU (by id), the channel of the sale, the level of a guide. It
    claims beside other rules of its role, not instead of them.
    """

    number: int
    role: str
    ppm: int | None = None
    fixed: int | None = None
    per_unit: bool = False
    tiers: Tiers = ()
    line_cap: int | None = None
    period_cap: int | None = None
    category: str = ""
    sku: int | None = None
    channel: str = ""
    level: int | None = None

    @property
    def kind(self) -> str:
        if self.tiers:
            return "tiers"
        if self.fixed is not None:
            return "fixed"
        return "residual" if self.ppm is None else "ratio"

    @property
    def counts(self) -> bool:
        """Whether it depends on what the payee has had in the period."""
        return bool(self.tiers) or self.period_cap is not None

    def holds_for(self, *, category: str, sku: int, channel: str) -> bool:
        return self.category in ("", category) and self.sku in (None, sku) and self.channel in ("", channel)


@dataclass(frozen=True)
class Claimant:
    """Who stands for `part` of a claim. Of the period, before this line: `so_far`, the payee's total of basis, and
    `booked`, what the payee got by it and still holds."""

    payee: int = 0
    part: int = PPM
    so_far: Fraction = Fraction(0)
    booked: int = 0


ALONE = Claimant()


@dataclass(frozen=True)
class Slice:
    """`amount` of the basis that falls into the tier from `start`."""

    start: int
    amount: Fraction
    ppm: int

    @property
    def claim(self) -> Fraction:
        return self.amount * self.ppm / PPM


@dataclass(frozen=True)
class Cut:
    """What a claimant of a term gets: the exact claim, after cuts, and the whole amount; through which slices the
    total passed, and what the claim was cut by."""

    term: Term
    claim: Fraction
    amount: int
    claimant: Claimant = ALONE
    slices: tuple[Slice, ...] = ()
    cut_by: tuple[str, ...] = ()


@dataclass
class _Claim:
    term: Term
    claimant: Claimant
    slices: tuple[Slice, ...]
    exact: Fraction
    cut_by: tuple[str, ...] = ()

    def cut(self, to: Fraction, by: str) -> None:
        if to < self.exact:
            self.exact, self.cut_by = to, (*self.cut_by, by)


def divide(
    *,
    base: int,
    basis: int,
    terms: Sequence[Term],
    quantity: int = 1,
    claimants: Mapping[int, Sequence[Claimant]] | None = None,
) -> list[Cut]:
    """Divide `base` by the terms in order of number; the amounts sum to it.

    `claimants` are those who share each term's claim, by its number; nobody for one means that its claim falls to
    the residual. Without the argument each term has one, of whom nothing is known. A claim is cut by its line cap,
    sharing claimants alike; by each payee's room in the period; and by what is left of `base`, again alike. The
    residual takes what is then left and is never negative. One largest remainder over all exact claims, ties to
    the larger claim, then in order of rule and payee.
    """
    terms = sorted(terms, key=lambda term: term.number)
    if sum(term.kind == "residual" for term in terms) != 1:
        raise ValueError("a division needs exactly one residual")
    left = Fraction(base)
    had: dict[tuple[str, int], Fraction] = {}  # of this line, by role and payee
    by_term: dict[int, list[_Claim]] = {}
    for term in terms:
        sharing = claimants.get(term.number, ()) if claimants is not None else (ALONE,)
        claims = [_claim(term, c, basis, quantity) for c in sorted(sharing, key=lambda c: c.payee)]
        by_term[term.number] = claims
        if term.kind == "residual":
            continue
        if term.line_cap is not None:
            _cut_alike(claims, Fraction(term.line_cap), LINE_CAP)
        for claim in claims:
            who = term.role, claim.claimant.payee
            if term.period_cap is not None:
                room = term.period_cap - claim.claimant.booked - had.get(who, Fraction(0))
                claim.cut(max(room, Fraction(0)), PERIOD_CAP)
        _cut_alike(claims, left, BASE)
        for claim in claims:
            who = term.role, claim.claimant.payee
            had[who] = had.get(who, Fraction(0)) + claim.exact
            left -= claim.exact
    everyone = [claim for term in terms for claim in by_term[term.number]]
    for claim in everyone:
        if claim.term.kind == "residual":
            claim.exact = left
    amounts = allot(base, [claim.exact for claim in everyone])
    return [
        Cut(claim.term, claim.exact, amount, claim.claimant, claim.slices, claim.cut_by)
        for claim, amount in zip(everyone, amounts, strict=True)
    ]


def slices(tiers: Tiers, *, so_far: Fraction, amount: Fraction) -> tuple[Slice, ...]:
    """How `amount` of basis, added to a total of `so_far`, lies over the tiers; below the first nothing is earned."""
    ends = [Fraction(start) for start, _ppm in tiers[1:]] + [so_far + amount]
    pieces = (
        Slice(start, min(end, so_far + amount) - max(Fraction(start), so_far), ppm)
        for (start, ppm), end in zip(tiers, ends, strict=True)
    )
    return tuple(piece for piece in pieces if piece.amount > 0)


def _claim(term: Term, claimant: Claimant, basis: int, quantity: int) -> _Claim:
    passed: tuple[Slice, ...] = ()
    if term.tiers:
        passed = slices(term.tiers, so_far=claimant.so_far, amount=ratio(basis, claimant.part))
        exact = sum((piece.claim for piece in passed), Fraction(0))
    elif term.fixed is not None:
        exact = ratio(term.fixed * (quantity if term.per_unit else 1), claimant.part)
    else:
        exact = ratio(basis, term.ppm or 0) * claimant.part / PPM
    return _Claim(term, claimant, passed, exact)


def _cut_alike(claims: Sequence[_Claim], limit: Fraction, by: str) -> None:
    whole = sum((claim.exact for claim in claims), Fraction(0))
    if whole > limit:
        for claim in claims:
            claim.cut(claim.exact * limit / whole, by)


@dataclass(frozen=True)
class Returned:
    """How much has come back once `refunded` fen of a line has: of each contribution and share."""

    contributions: list[int]
    shares: list[int]

    def taken(self, refunded: int) -> int:
        return refunded + sum(self.contributions)


def part_back(*, refunded: int, quantity: int, paid: int, sold: int) -> Fraction:
    """Which part of a line has come back: of what was paid, or of its pieces where nothing was."""
    return Fraction(refunded, paid) if paid else Fraction(quantity, sold)


def give_back(
    *,
    refunded: int,
    quantity: int,
    paid: int,
    sold: int,
    contributions: Sequence[int],
    shares: Sequence[int],
    before: Sequence[int] = (),
) -> Returned:
    """A function of the totals given back so far (`refunded` fen, `quantity` pieces), never of single refunds.

    Of a contribution ⌊c · refunded / paid⌋ comes back, or by pieces where nothing was paid. An upheld appeal begins
    the shares anew: `shares` is what each held then, `before` what had been taken of each.
    """
    part = part_back(refunded=refunded, quantity=quantity, paid=paid, sold=sold)
    back = [int(amount * part) for amount in contributions]
    before = before or [0] * len(shares)
    since = take_back(refunded + sum(back) - sum(before), shares)
    taken = [earlier + now for earlier, now in zip(before, since, strict=True)]
    return Returned(back, taken)


def net_basis(*, basis: int, paid: int, refunded: int, part: Fraction) -> int:
    """What a line's basis comes to once `part` of it, `refunded` fen of `paid`, has come back."""
    return basis - refunded - int((basis - paid) * part)
