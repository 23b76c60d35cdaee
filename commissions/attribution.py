"""Whose sale it was: touches in, a winner and the losers out. Pure: knows no database.

The default rules of the field: in the same store the bound guide inside protection, else whoever served; a guide
bound in another store gives way to the one who served.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# Why a candidate won.
BOUND_AND_PROTECTED = "bound_and_protected"
SERVED = "served"
SERVED_AFTER_PROTECTION = "served_after_protection"
SERVED_AWAY_FROM_HOME = "served_away_from_home"
# Why a candidate lost, or nobody won.
BOUND_GUIDE_FIRST = "bound_guide_first"
PROTECTION_OVER = "protection_over"
OTHER_STORE = "other_store"
NO_RULE = "no_rule"
NOBODY = "nobody"


@dataclass(frozen=True)
class Candidate:
    """A guide's touch of an order: its kind, the guide and the guide's store by id, and whether a binding
    was inside its protection when the order was paid."""

    touch: str
    guide: int
    store: int
    protected: bool = False


@dataclass(frozen=True)
class Loss:
    candidate: Candidate
    because: str


@dataclass(frozen=True)
class Award:
    """The winner, or None; the code that says why; and who else stood for it."""

    winner: Candidate | None
    because: str
    losers: tuple[Loss, ...] = ()


def attribute(candidates: Iterable[Candidate], *, store: int) -> Award:
    """Who earns the guide's part of a sale rung up in `store`. The order of candidates does not matter."""
    by_touch: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (c.touch, c.guide)):
        by_touch.setdefault(candidate.touch, candidate)
    bound, serving = by_touch.pop("bound", None), by_touch.pop("serving", None)
    others = [Loss(candidate, NO_RULE) for candidate in by_touch.values()]
    if bound and bound.store == store and bound.protected:
        return _award(bound, BOUND_AND_PROTECTED, [*_lost(serving, BOUND_GUIDE_FIRST), *others])
    away = bound is not None and bound.store != store
    losses = [*_lost(bound, OTHER_STORE if away else PROTECTION_OVER), *others]
    if serving is None:
        return _award(None, NOBODY, losses)
    if bound is None or bound.guide == serving.guide:
        return _award(serving, SERVED, losses)
    return _award(serving, SERVED_AWAY_FROM_HOME if away else SERVED_AFTER_PROTECTION, losses)


def for_role(role: str, candidates: Iterable[Candidate], *, store: int) -> Award:
    """The award of one role of a plan: `guide` by the rules above, `bound` and `serving` by that touch alone."""
    if role == "guide":
        return attribute(candidates, store=store)
    touches = sorted((c for c in candidates if c.touch == role), key=lambda c: c.guide)
    for candidate in touches:
        if role == "bound" and not candidate.protected:
            return _award(None, NOBODY, [Loss(candidate, PROTECTION_OVER)])
        return _award(candidate, BOUND_AND_PROTECTED if role == "bound" else SERVED, [])
    return Award(None, NOBODY)


def _lost(candidate: Candidate | None, because: str) -> list[Loss]:
    return [Loss(candidate, because)] if candidate else []


def _award(winner: Candidate | None, because: str, losses: list[Loss]) -> Award:
    """A guide who won by one touch has not lost by another."""
    kept = tuple(loss for loss in losses if winner is None or loss.candidate.guide != winner.guide)
    return Award(winner, because, kept)
