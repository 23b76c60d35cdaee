"""Which business date an instant belongs to. Computed once, stored, never computed again."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def business_date(at: datetime, *, zone: str, cut_off: time) -> date:
    """The business date of the aware instant `at`, on the wall clock of `zone` (the store's).

    A cut-off before noon opens the date of its own day (04:00: a sale at 02:00 belongs to yesterday); one
    from noon on opens the next day's (22:00: a sale at 23:00 belongs to tomorrow).
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    wall = at.astimezone(ZoneInfo(zone))
    day = wall.date()
    if cut_off < time(12):
        return day if wall.time() >= cut_off else day - timedelta(days=1)
    return day + timedelta(days=1) if wall.time() >= cut_off else day
