"""Whole minor units (fen) and how they are divided. No floats, no fen lost, no fen made."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

PPM = 1_000_000


def allot(total: int, weights: Sequence[int | Fraction]) -> list[int]:
    """Divide `total` (fen, ≥ 0) by `weights` (≥ 0) so that the parts sum to it: Hamilton's largest remainder.

    The odd fen go to the largest remainders; ties to the larger weight, then to the earlier place.
    All weights zero with a total to divide is a ValueError.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("allot divides what is there: no negative total, no negative weight")
    if total == 0:
        return [0] * len(weights)
    common = lcm(
        *(weight.denominator for weight in weights)
    )  # exact in whole numbers, where fractions are slow
    scaled = [weight.numerator * (common // weight.denominator) for weight in weights]
    whole = sum(scaled)
    if whole == 0:
        raise ValueError("nothing to divide by: every weight is zero")
    parts = [total * weight // whole for weight in scaled]
    by_remainder = sorted(range(len(scaled)), key=lambda i: (-(total * scaled[i] % whole), -scaled[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def take_back(total: int, held: Sequence[int], *, most: Sequence[int] | None = None) -> list[int]:
    """How much of each held amount has been given back once `total` fen of sum(held) has.

    A function of the cumulative total alone, so neither the order nor the size of refunds matters: no part
    goes backwards or above itself, and a full return gives back exactly what was held. Webster's divisor
    method (1, 3, 5 …): the next fen comes from the smallest (2·taken + 1) / held; ties from the larger
    amount, then the earlier place. Where `most` says how much may come from each at the most, a part that has given
    all it may is passed over.
    """
    if most is not None:
        return _take_back_within(total, held, most)
    whole = sum(held)
    if not 0 <= total <= whole:
        raise ValueError(f"cannot take {total} back out of {whole}")
    if total == 0:
        return [0] * len(held)
    taken = [(2 * amount * total + whole) // (2 * whole) for amount in held]

    def turn(i: int, count: int) -> tuple[Fraction, int, int]:
        return Fraction(2 * count + 1, held[i]), -held[i], i

    places = [i for i, amount in enumerate(held) if amount]
    while sum(taken) < total:
        i = min((i for i in places if taken[i] < held[i]), key=lambda i: turn(i, taken[i]))
        taken[i] += 1
    while sum(taken) > total:
        i = max((i for i in places if taken[i]), key=lambda i: turn(i, taken[i] - 1))
        taken[i] -= 1
    return taken


def _take_back_within(total: int, held: Sequence[int], most: Sequence[int]) -> list[int]:
    if not 0 <= total <= sum(most):
        raise ValueError(f"cannot take {total} back out of {sum(most)}")
    taken, free = list(most), list(range(len(held)))
    while free:  # who would give more than it may gives all it may; the others give the rest
        left = total - sum(most[i] for i in range(len(held)) if i not in free)
        for i, part in zip(free, take_back(left, [held[i] for i in free]), strict=True):
            taken[i] = part
        if not (above := [i for i in free if taken[i] > most[i]]):
            break
        for i in above:
            taken[i] = most[i]
            free.remove(i)
    return taken


def ratio(amount: int, ppm: int) -> Fraction:
    """The exact share of `amount` (fen) at `ppm` parts per million; rounding is the splitter's business."""
    return Fraction(amount * ppm, PPM)


def yuan(fen: int) -> str:
    """`¥1,268.00`, the one way an amount of money is written in a list."""
    sign = "−" if fen < 0 else ""
    whole, cents = divmod(abs(fen), 100)
    return f"{sign}¥{whole:,}.{cents:02d}"
