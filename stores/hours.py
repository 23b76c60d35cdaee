"""Opening hours: a week, the days that differ, and whether a door is open at an instant. Knows no database.

`hours` has seven entries from Monday, each a list of ["09:00", "21:00"] spans, [] when closed. A span that
ends at or before its beginning runs past midnight ("18:00" to "02:00"); "24:00" is the end of the day.
`special_days` maps an ISO date to that day's spans; what ran past midnight from the day before still runs.
What is kept passed `checked`; the rest of this module believes it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError
from merchants.storable import in_reach

LOOK_AHEAD = 14  # days: after that, "closed for now" says more than a date
MOST_SPANS, MOST_SPECIAL_DAYS = 6, 366  # a day, a store: each is read for every visitor

# ASCII only: int() and date.fromisoformat() also take "٩", "0_9", "20260217" and "2026-W08-2".
_TIME = re.compile("[0-9]{2}:[0-9]{2}")
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

Spans = Sequence[Sequence[str]]
Week = Sequence[Spans]
SpecialDays = Mapping[str, Spans]


@dataclass(frozen=True)
class Opening:
    """What a door says at an instant. Both times are aware, in the store's own zone."""

    is_open: bool
    closes_at: datetime | None  # when open; None if it never closes within the days looked at
    opens_at: datetime | None  # when closed; None if it stays closed that long
    all_day: bool = False  # when closed: nothing begins on this date


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
            return Opening(False, None, start, all_day=not spans_of(hours, special_days, _date(zone, at)))
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


def special_today(special_days: SpecialDays, zone: str, at: datetime) -> Spans | None:
    """The spans of the store's own date at `at`, where that day is a special one."""
    return special_days.get(_date(zone, at).isoformat())


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
    """DomainError unless these can be read as hours; for what comes from outside, as JSON gives it."""
    special_days = {} if special_days is None else special_days
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:  # OSError: "Asia" is a folder
        raise _unreadable("time_zone", _("Name a time zone such as Asia/Shanghai.")) from fault
    if not (isinstance(hours, list) and len(hours) in (0, 7) and all(map(_are_spans, hours))):
        raise _unreadable(
            "hours",
            _(
                'Give seven days from Monday, each a list of at most %(most)d spans such as ["09:00", "21:00"].'
            )
            % {"most": MOST_SPANS},
        )
    if not (
        isinstance(special_days, dict)
        and len(special_days) <= MOST_SPECIAL_DAYS
        and all(_is_date(day) and _are_spans(spans) for day, spans in special_days.items())
    ):
        raise _unreadable(
            "special_days",
            _('Give at most %(most)d dates such as "2026-02-17", each with its spans as in a week.')
            % {"most": MOST_SPECIAL_DAYS},
        )


def _unreadable(field: str, next_step: Any) -> DomainError:
    return DomainError(
        "store.hours_unreadable",
        _("These opening hours cannot be read."),
        next_step=next_step,
        field=field,
    )


def _are_spans(spans: Any) -> bool:
    return isinstance(spans, list) and len(spans) <= MOST_SPANS and all(map(_is_span, spans))


def _is_span(span: Any) -> bool:
    if not (isinstance(span, list) and len(span) == 2 and all(map(_is_time, span))):
        return False
    return _minutes(span[0]) < 24 * 60  # it begins within its day


def _is_time(text: Any) -> bool:
    if not (isinstance(text, str) and _TIME.fullmatch(text)):
        return False
    return int(text[3:]) < 60 and _minutes(text) <= 24 * 60


def _is_date(text: Any) -> bool:
    if not (isinstance(text, str) and _DATE.fullmatch(text)):
        return False
    try:
        return in_reach(date.fromisoformat(text))
    except ValueError:
        return False


def _around(
    hours: Week, special_days: SpecialDays, zone: str, at: datetime, *, days: int
) -> Iterator[tuple[datetime, datetime]]:
    """Spans from the day before `at` on, in the order they begin."""
    clock = ZoneInfo(zone)
    today = _date(zone, at)
    for offset in range(-1, days + 1):
        day = today + timedelta(days=offset)
        for start, end in sorted(spans_of(hours, special_days, day)):
            begins, ends = _minutes(start), _minutes(end)
            if ends <= begins:
                ends += 24 * 60
            yield _instant(day, begins, clock), _instant(day, ends, clock)


def _date(zone: str, at: datetime) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _instant(day: date, minutes: int, clock: ZoneInfo) -> datetime:
    """The wall clock's instant, by way of UTC: at a change of clocks, two wall times may be one hour or three
    apart."""
    days, minutes = divmod(minutes, 24 * 60)
    wall = datetime.combine(day + timedelta(days=days), time(*divmod(minutes, 60)), tzinfo=clock)
    return wall.astimezone(UTC).astimezone(clock)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
