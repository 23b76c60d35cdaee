"""Opening hours: a week, the days that differ, and whether a door is open at an instant. Knows no database.

`hours` has seven entries from Monday, each a list of ["09:00", "21:00"] spans, [] when closed. A span that
ends at or before its beginning runs past midnight ("18:00" to "02:00"); "24:00" is the end of the day.
`special_days` maps an ISO date to that day's spans; what ran past midnight from the day before still runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError

LOOK_AHEAD = 14  # days: after that, "closed for now" says more than a date

Spans = Sequence[Sequence[str]]
Week = Sequence[Spans]
SpecialDays = Mapping[str, Spans]


@dataclass(frozen=True)
class Opening:
    """What a door says at an instant. Both times are aware, in the store's own zone."""

    is_open: bool
    closes_at: datetime | None  # when open; None if it never closes within the days looked at
    opens_at: datetime | None  # when closed; None if it stays closed that long


def is_open(hours: Week, special_days: SpecialDays, zone: str, at: datetime) -> bool:
    """Whether the door is open at the aware instant `at`; it is open at its opening and closed at its
    closing."""
    return any(start <= at < end for start, end in _around(hours, special_days, zone, at, days=0))


def door(hours: Week, special_days: SpecialDays, zone: str, at: datetime) -> Opening:
    """Open or closed at `at`, and until when."""
    until = None
    for start, end in _around(hours, special_days, zone, at, days=LOOK_AHEAD):
        if end <= at:
            continue
        if until is None and start > at:
            return Opening(False, None, start)
        if until is None or start <= until:
            until = max(end, until or end)
        else:
            return Opening(True, until, None)
    if until is None:
        return Opening(False, None, None)
    beyond = until > at + timedelta(days=LOOK_AHEAD - 1)
    return Opening(True, None if beyond else until, None)


def spans_of(hours: Week, special_days: SpecialDays, day: date) -> Spans:
    """The spans that begin on this date, as written."""
    if (special := special_days.get(day.isoformat())) is not None:
        return special
    return hours[day.weekday()] if hours else []


def week_lines(hours: Week) -> list[tuple[int, int, Spans]]:
    """The week as people write it: (first weekday, last weekday, spans), days with the same hours together;
    Monday is 0."""
    lines: list[tuple[int, int, Spans]] = []
    for day, spans in enumerate(hours):
        if lines and lines[-1][2] == spans:
            lines[-1] = (lines[-1][0], day, spans)
        else:
            lines.append((day, day, spans))
    return lines


def checked(hours: Any, special_days: Any = None, zone: str = "UTC") -> None:
    """DomainError unless these can be read as hours; for what comes from outside."""
    try:
        ZoneInfo(zone)
        days = list(hours) + list((special_days or {}).values())
        if len(hours) not in (0, 7):
            raise ValueError("a week has seven days")
        for key in special_days or {}:
            date.fromisoformat(key)
        for spans in days:
            for start, end in spans:
                _minutes(start), _minutes(end)
                if _minutes(start) >= 24 * 60:
                    raise ValueError("a span begins within its day")
    except (ZoneInfoNotFoundError, ValueError, TypeError, AttributeError) as fault:
        raise DomainError(
            "store.hours_unreadable",
            _("These opening hours cannot be read."),
            next_step=_('Give seven days from Monday, each a list of spans such as ["09:00", "21:00"].'),
            field="hours",
        ) from fault


def _around(
    hours: Week, special_days: SpecialDays, zone: str, at: datetime, *, days: int
) -> Iterator[tuple[datetime, datetime]]:
    """Spans from the day before `at` on, in the order they begin."""
    clock = ZoneInfo(zone)
    today = at.astimezone(clock).date()
    for offset in range(-1, days + 1):
        day = today + timedelta(days=offset)
        for start, end in sorted(spans_of(hours, special_days, day)):
            begins, ends = _minutes(start), _minutes(end)
            if ends <= begins:
                ends += 24 * 60
            yield _instant(day, begins, clock), _instant(day, ends, clock)


def _instant(day: date, minutes: int, clock: ZoneInfo) -> datetime:
    """The wall clock's instant, by way of UTC: at a change of clocks, two wall times may be one hour or three
    apart."""
    days, minutes = divmod(minutes, 24 * 60)
    wall = datetime.combine(day + timedelta(days=days), time(*divmod(minutes, 60)), tzinfo=clock)
    return wall.astimezone(UTC).astimezone(clock)


def _minutes(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if not (0 <= hour <= 24 and 0 <= minute < 60 and hour * 60 + minute <= 24 * 60):
        raise ValueError(f"{text} is no time of day")
    return hour * 60 + minute
