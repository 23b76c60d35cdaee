"""Whose sale it was: touches in, winners and losers out. Pure: knows no database.

The role `guide` of a plan goes by an attribution policy, an ordered list of rules (commissions/attribution_rules.py):
the first that matches wins. The other roles of guides go to their own touch. Several guides of one touch share by
weight; several touches of one rule by the rule's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from commissions import attribution_rules as rules
from commissions.attribution_rules import BOUND, DEFAULT, SERVING, SHARING, AttributionRule, Policy
from merchants.money import PPM, allot

# Why a candidate won.
BOUND_AND_PROTECTED = "bound_and_protected"
OWN_GUIDE = "own_guide"
SERVED = "served"
SERVED_AFTER_PROTECTION = "served_after_protection"
SERVED_AWAY_FROM_HOME = "served_away_from_home"
SHARED = "shared"
RECRUITED = "recruited"
ACCEPTED = "accepted"
MANAGED = "managed"
# Why a candidate lost, or nobody won.
BOUND_GUIDE_FIRST = "bound_guide_first"
LINK_FIRST = "link_first"
EARLIER_RULE = "earlier_rule"
PROTECTION_OVER = "protection_over"
OTHER_STORE = "other_store"
SAME_STORE = "same_store"
TOO_LONG_AGO = "too_long_ago"
RULE_NOT_MET = "rule_not_met"
NO_RULE = "no_rule"
NOBODY = "nobody"
APPOINTED_LATER = "appointed_later"

MANAGER = "manager"  # not a touch of the order: who managed the store when it was paid, the longest first

# Why a touch earns by itself.
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
    protection when the order was paid, the guide's level then (None where no rule asks), the weight beside other
    guides of the same touch, and how old the touch was then (what nobody dated counts as at the sale)."""

    touch: str
    guide: int
    store: int
    protected: bool = False
    level: int | None = None
    weight: int = 1
    age: timedelta = timedelta()


@dataclass(frozen=True)
class Winner:
    """`part` is the winner's ppm of whatever a rule claims; `because` the code that says why this one."""

    candidate: Candidate
    part: int
    because: str


@dataclass(frozen=True)
class Loss:
    candidate: Candidate
    because: str


@dataclass(frozen=True)
class Award:
    """The winners, in order of guide, whose parts sum to the whole, or none; who else stood for it; and, for the role
    that a policy governs, the policy and the rule of it that matched."""

    winners: tuple[Winner, ...]
    losers: tuple[Loss, ...] = ()
    policy: Policy | None = None
    rule: AttributionRule | None = None

    @property
    def winner(self) -> Candidate | None:
        """The only one, or the first of several."""
        return self.winners[0].candidate if self.winners else None

    @property
    def because(self) -> str:
        return self.winners[0].because if self.winners else NOBODY


Touched = Mapping[str, Sequence[Candidate]]


def attribute(
    candidates: Iterable[Candidate], *, store: int, channel: str = "", policy: Policy = DEFAULT
) -> Award:
    """Who earns the guide's part of a sale rung up in `store`. The order of candidates does not matter."""
    by_touch = _by_touch(candidates)
    for rule in policy.rules:
        if rule.covers(channel) and (standing := _standing(rule, by_touch, store)):
            break
    else:
        rule, standing = None, {}
    claims = _claims(rule, standing) if rule else {}
    losses = [
        Loss(candidate, _why_lost(candidate, policy, rule, store, channel))
        for group in by_touch.values()
        for candidate in group
        if candidate.guide not in claims  # a guide who won by one touch has not lost by another
    ]
    parts = allot(PPM, [claim for _candidate, claim in claims.values()]) if claims else []
    winners = tuple(
        Winner(candidate, part, _why_won(candidate, losses))
        for (candidate, _claim), part in zip(claims.values(), parts, strict=True)
    )
    return Award(winners, tuple(losses), policy, rule)


def for_role(
    role: str, candidates: Sequence[Candidate], *, store: int, channel: str = "", policy: Policy = DEFAULT
) -> Award:
    """The award of one role of a plan: `guide` by the policy, `manager` to who has managed the store longest (as the
    candidates come), the others by that touch alone."""
    if role == "guide":
        touching = (c for c in candidates if c.touch != MANAGER)
        return attribute(touching, store=store, channel=channel, policy=policy)
    if role == MANAGER:
        managers = [candidate for candidate in candidates if candidate.touch == MANAGER]
        return _award(managers[:1], MANAGED, managers[1:], APPOINTED_LATER)
    standing = _by_touch(candidates).get(role, [])
    won = [candidate for candidate in standing if role != BOUND or candidate.protected]
    lost = [candidate for candidate in standing if candidate not in won]
    return _award(won, BY_TOUCH[role], lost, PROTECTION_OVER)


def _by_touch(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    by_touch: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: (c.touch, c.guide)):
        if all(candidate.guide != other.guide for other in by_touch[candidate.touch]):
            by_touch[candidate.touch].append(candidate)
    return by_touch


def _standing(rule: AttributionRule, by_touch: Touched, store: int) -> dict[str, list[Candidate]]:
    """Those of each of the rule's touches who stand in its windows; {} unless each has somebody, and the own guide was
    bound where the rule asks."""
    if rule.bound_at != rules.ANYWHERE and all(_misplaced(rule, c, store) for c in by_touch.get(BOUND, [])):
        return {}
    found = {
        touch: [c for c in by_touch.get(touch, []) if not _outside(rule, c, store)] for touch in rule.touches
    }
    return found if all(found.values()) else {}


def _misplaced(rule: AttributionRule, bound: Candidate, store: int) -> str:
    if rule.bound_at == rules.SAME_STORE and bound.store != store:
        return OTHER_STORE
    return SAME_STORE if rule.bound_at == rules.OTHER_STORE and bound.store == store else ""


def _outside(rule: AttributionRule, candidate: Candidate, store: int) -> str:
    """Why the rule's windows leave the candidate out; "" for one who stands. A window ends as a protection does: at
    its last instant it is over."""
    if candidate.touch == BOUND:
        if misplaced := _misplaced(rule, candidate, store):
            return misplaced
        if rule.protected and not candidate.protected:
            return PROTECTION_OVER
    return TOO_LONG_AGO if rule.window is not None and candidate.age >= rule.window else ""


def _claims(
    rule: AttributionRule, standing: Mapping[str, Sequence[Candidate]]
) -> dict[int, tuple[Candidate, Fraction]]:
    """Guide → the touch that brings most, and the exact claim of all; in order of guide."""
    found: dict[int, list[tuple[Candidate, Fraction]]] = defaultdict(list)
    for touch, weight in rule.takes:
        whole = sum(candidate.weight for candidate in standing[touch])
        for candidate in standing[touch]:
            found[candidate.guide].append((candidate, Fraction(weight * candidate.weight, whole)))
    return {
        guide: (max(parts, key=lambda part: part[1])[0], sum((claim for _c, claim in parts), Fraction()))
        for guide, parts in sorted(found.items())
    }


def _why_won(candidate: Candidate, losses: Sequence[Loss]) -> str:
    if candidate.touch == BOUND:
        return BOUND_AND_PROTECTED if candidate.protected else OWN_GUIDE
    if candidate.touch == SERVING:
        passed_over = {loss.because for loss in losses if loss.candidate.touch == BOUND}
        if OTHER_STORE in passed_over:
            return SERVED_AWAY_FROM_HOME
        if PROTECTION_OVER in passed_over:
            return SERVED_AFTER_PROTECTION
    return BY_TOUCH[candidate.touch]


def _why_lost(
    candidate: Candidate, policy: Policy, won: AttributionRule | None, store: int, channel: str
) -> str:
    """By the first rule that could have given the sale to this touch."""
    for rule in policy.rules:
        if rule.covers(channel) and candidate.touch in rule.touches:
            if outside := _outside(rule, candidate, store):
                return outside
            return _came_first(won) if won and won.number < rule.number else RULE_NOT_MET
    return NO_RULE


def _came_first(rule: AttributionRule) -> str:
    if rule.touches == (BOUND,) and rule.protected:
        return BOUND_GUIDE_FIRST
    return LINK_FIRST if rule.touches == (SHARING,) else EARLIER_RULE


def _award(won: Sequence[Candidate], because: str, lost: Sequence[Candidate], lost_because: str) -> Award:
    """They share by weight. A guide who won by one touch has not lost by another."""
    guides = {candidate.guide for candidate in won}
    parts = allot(PPM, [candidate.weight for candidate in won]) if won else []
    winners = tuple(Winner(c, part, because) for c, part in zip(won, parts, strict=True))
    return Award(winners, tuple(Loss(c, lost_because) for c in lost if c.guide not in guides))
