"""A bill's lines laid beside our payouts, by our number. Pure.

One break a line, the gravest first: not ours; twice; another amount; paid there but not here; another day. What came
in is laid beside our returns by the same steps; its day is the bank's, so any is right.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    MISSING_OURS = "missing_ours", _("No payout of ours")
    MISSING_THEIRS = "missing_theirs", _("Not on the bill")
    AMOUNT = "amount", _("Amount differs")
    DATE = "date", _("Date differs")
    DUPLICATE = "duplicate", _("Listed twice")
    STATE = "state", _("Paid there, not here")
    RETURNED = "returned", _("Came back there, not here")


class Theirs(Protocol):
    """A line of the bill. `business_day` is None where the rail told a date and no time."""

    @property
    def number(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def day(self) -> date: ...
    @property
    def business_day(self) -> date | None: ...
    @property
    def incoming(self) -> bool: ...


@dataclass(frozen=True)
class Days:
    """Between sending it and hearing that it arrived the rail may have moved it; `last` None: we have not heard."""

    first: date
    last: date | None

    def hold(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Ours:
    """A payout: `left` if we say that its money left, even if it came back later; `given_back` if we say that it is
    due again. Its days by the business date and by the calendar, for a rail that tells a time and one that tells only
    a date; None if it was never sent."""

    amount: int
    left: bool
    business: Days | None
    calendar: Days | None
    given_back: bool = False


Way = tuple[str, bool]  # a number, and whether its money came in


def match(
    lines: Iterable[Theirs], ours: Mapping[str, Ours], *, told_before: Iterable[Way] = ()
) -> list[Kind | None]:
    """What is wrong with each line, in their order; None for one that agrees. `told_before` is what an earlier bill
    had: a number that left may come back once."""
    lines = list(lines)
    first = _firsts(lines, ours, set(told_before))
    return [_kind(place, line, ours.get(line.number), first) for place, line in enumerate(lines)]


def _firsts(lines: list[Theirs], ours: Mapping[str, Ours], told_before: set[Way]) -> dict[Way, int]:
    """Which line of a number is the payment itself, or its return: the one that agrees in amount, else the first. -1
    if an earlier bill had it."""
    found = dict.fromkeys(told_before, -1)
    for place, line in enumerate(lines):
        payout, way = ours.get(line.number), (line.number, line.incoming)
        if payout is None or found.get(way) == -1:
            continue
        held = found.setdefault(way, place)
        if lines[held].amount != payout.amount and line.amount == payout.amount:
            found[way] = place
    return found


def _kind(place: int, line: Theirs, payout: Ours | None, first: Mapping[Way, int]) -> Kind | None:
    if payout is None:
        return Kind.MISSING_OURS
    if first[line.number, line.incoming] != place:
        return Kind.DUPLICATE
    if line.amount != payout.amount:
        return Kind.AMOUNT
    if line.incoming:
        return None if payout.given_back else Kind.RETURNED
    if not payout.left:
        return Kind.STATE
    days = payout.business if line.business_day else payout.calendar
    if days is None or not days.hold(line.business_day or line.day):
        return Kind.DATE
    return None
