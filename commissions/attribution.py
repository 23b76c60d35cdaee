"""Whose sale it was: touches in, a winner and the losers out. Pure: knows no database.

The default rules of the field: in the same store the bound guide inside protection, else whoever served; a guide
bound in another store gives way to the one who served. Several guides of one touch share by weight.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from merchants.money import PPM, allot

# Why a candidate won.
BOUND_AND_PROTECTED = "bound_and_protected"
SERVED = "served"
SERVED_AFTER_PROTECTION = "served_after_protection"
SERVED_AWAY_FROM_HOME = "served_away_from_home"
SHARED = "shared"
RECRUITED = "recruited"
ACCEPTED = "accepted"
MANAGED = "managed"
# Why a candidate lost, or nobody won.
BOUND_GUIDE_FIRST = "bound_guide_first"
PROTECTION_OVER = "protection_over"
OTHER_STORE = "other_store"
NO_RULE = "no_rule"
NOBODY = "nobody"
APPOINTED_LATER = "appointed_later"

MANAGER = "manager"  # not a touch of the order: who managed the store when it was paid, the longest first

# Roles of a plan that a touch earns by itself, and why.
BY_TOUCH = {
    "bound": BOUND_AND_PROTECTED,
    "serving": SERVED,
    "sharing": SHARED,
    "recruiting": RECRUITED,
    "accepting": ACCEPTED,
}


@dataclass(frozen=True)
class Candidate:
    """A guide's touch of an order: its kind, the guide and the guide's store by id, whether a binding was inside its
    protection when the order was paid, the guide's level then (None where no rule asks), and the weight beside other
    guides of the same touch."""

    touch: str
    guide: int
    store: int
    protected: bool = False
    level: int | None = None
    weight: int = 1


@dataclass(frozen=True)
class Winner:
    """`part` is the winner's ppm of whatever a rule claims."""

    candidate: Candidate
    part: int


@dataclass(frozen=True)
class Loss:
    candidate: Candidate
    because: str


@dataclass(frozen=True)
class Award:
    """The winners, in order of guide, whose parts sum to the whole, or none; the code that says why; and who else
    stood for it."""

    winners: tuple[Winner, ...]
    because: str
    losers: tuple[Loss, ...] = ()

    @property
    def winner(self) -> Candidate | None:
        """The only one, or the first of several."""
        return self.winners[0].candidate if self.winners else None


def attribute(candidates: Iterable[Candidate], *, store: int) -> Award:
    """Who earns the guide's part of a sale rung up in `store`. The order of candidates does not matter."""
    by_touch = _by_touch(candidates)
    bound, serving = next(iter(by_touch.pop("bound", [])), None), by_touch.pop("serving", [])
    others = [Loss(candidate, NO_RULE) for group in by_touch.values() for candidate in group]
    if bound and bound.store == store and bound.protected:
        return _award([bound], BOUND_AND_PROTECTED, [*_lost(serving, BOUND_GUIDE_FIRST), *others])
    away = bound is not None and bound.store != store
    losses = [*_lost([bound] if bound else [], OTHER_STORE if away else PROTECTION_OVER), *others]
    if not serving:
        return _award([], NOBODY, losses)
    if bound is None or bound.guide in {candidate.guide for candidate in serving}:
        return _award(serving, SERVED, losses)
    return _award(serving, SERVED_AWAY_FROM_HOME if away else SERVED_AFTER_PROTECTION, losses)


def for_role(role: str, candidates: Sequence[Candidate], *, store: int) -> Award:
    """The award of one role of a plan: `guide` by the rules above, `manager` to who has managed the store longest
    (as the candidates come), the others by that touch alone."""
    if role == "guide":
        return attribute((c for c in candidates if c.touch != MANAGER), store=store)
    if role == MANAGER:
        managers = [candidate for candidate in candidates if candidate.touch == MANAGER]
        return _award(managers[:1], MANAGED, _lost(managers[1:], APPOINTED_LATER))
    standing = _by_touch(candidates).get(role, [])
    won = [candidate for candidate in standing if role != "bound" or candidate.protected]
    lost = [candidate for candidate in standing if candidate not in won]
    return _award(won, BY_TOUCH[role], _lost(lost, PROTECTION_OVER))


def _by_touch(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    by_touch: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: (c.touch, c.guide)):
        if all(candidate.guide != other.guide for other in by_touch[candidate.touch]):
            by_touch[candidate.touch].append(candidate)
    return by_touch


def _lost(candidates: Sequence[Candidate], because: str) -> list[Loss]:
    return [Loss(candidate, because) for candidate in candidates]


def _award(winners: Sequence[Candidate], because: str, losses: Sequence[Loss]) -> Award:
    """They share by weight. A guide who won by one touch has not lost by another."""
    won = {candidate.guide for candidate in winners}
    kept = tuple(loss for loss in losses if loss.candidate.guide not in won)
    parts = allot(PPM, [winner.weight for winner in winners]) if winners else []
    sharing = tuple(Winner(*row) for row in zip(winners, parts, strict=True))
    return Award(sharing, because if sharing else NOBODY, kept)
