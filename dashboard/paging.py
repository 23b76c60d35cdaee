"""Pages by cursor: the place of the last row, so that new rows do not shift a page that is being read."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from merchants.storable import in_reach, is_storable

SIZE = 30
LONGEST = 2000  # characters of a cursor: the longest name there is, escaped, is half of it


@dataclass(frozen=True)
class Slice:
    rows: Sequence[Any]
    next: str | None  # the cursor of the page behind, None on the last one


def newest_first(rows: QuerySet, cursor: str, *, size: int = SIZE) -> Slice:
    """Rows by descending id."""
    place = _decoded(cursor, _number)
    if place:
        rows = rows.filter(pk__lt=place[0])
    found = list(rows.order_by("-pk")[: size + 1])
    return _cut(found, size, lambda row: [row.pk])


def latest_first(
    rows: QuerySet, cursor: str, *, moment: str = "paid_at", key: str = "place", size: int = SIZE
) -> Slice:
    """Rows by a moment and a number, both descending; `rows` come in that order, as plain rows or models."""
    place = _decoded(cursor, _instant, _number)
    if place:
        at, number = place
        rows = rows.filter(Q(**{f"{moment}__lt": at}) | Q(**{moment: at, f"{key}__lt": number}))
    found = list(rows[: size + 1])
    return _cut(found, size, lambda row: [_reached(row, moment).isoformat(), _reached(row, key)])


def latest_read(
    read: Callable[[tuple[datetime, int] | None, int], Sequence[Any]],
    cursor: str,
    *,
    moment: str,
    key: str,
    size: int = SIZE,
) -> Slice:
    """What `read(place, how many)` gives by a moment and a number, both descending, behind that place; None: from the
    top."""
    place = _decoded(cursor, _instant, _number)
    found = list(read((place[0], place[1]) if place else None, size + 1))
    return _cut(found, size, lambda row: [_reached(row, moment).isoformat(), _reached(row, key)])


def last_booked_first(
    read: Callable[[tuple[date, int] | None, int], Sequence[Any]], cursor: str, *, size: int = SIZE
) -> Slice:
    """Rows by `booked_on` and `id`, both descending, as `read(behind which, how many)` gives them."""
    place = _decoded(cursor, _day, _number)
    found = list(read((place[0], place[1]) if place else None, size + 1))
    return _cut(found, size, lambda row: [row.booked_on.isoformat(), row.id])


def by_name(rows: QuerySet, cursor: str, *, name: str, key: str, size: int = SIZE) -> Slice:
    """Rows by a text column and an id, both ascending; `rows` come in that order."""
    place = _decoded(cursor, _text, _number)
    if place:
        text, number = place
        rows = rows.filter(Q(**{f"{name}__gt": text}) | Q(**{name: text, f"{key}__gt": number}))
    found = list(rows[: size + 1])
    return _cut(found, size, lambda row: [_reached(row, name), _reached(row, key)])


def _reached(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = row[part] if isinstance(row, dict) else getattr(row, part)
    return row


def _cut(found: list[Any], size: int, place_of) -> Slice:
    shown = found[:size]
    return Slice(shown, _encoded(place_of(shown[-1])) if len(found) > size else None)


def _encoded(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decoded(cursor: str, *kinds: Callable[[Any], Any]) -> list[Any] | None:
    """What the cursor holds; None for none and for one that is not ours: the list begins anew."""
    if len(cursor) > LONGEST:
        return None
    try:
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(place, list):
            return None
        return [kind(part) for kind, part in zip(kinds, place, strict=True)]
    except (ValueError, RecursionError):
        return None


def _number(part: Any) -> int:
    if type(part) is not int or abs(part) >= 2**63:
        raise ValueError
    return part


def _text(part: Any) -> str:
    if not isinstance(part, str) or not is_storable(part):
        raise ValueError
    return part


def _day(part: Any) -> date:
    return date.fromisoformat(_text(part))


def _instant(part: Any) -> datetime:
    at = datetime.fromisoformat(_text(part))
    if at.tzinfo is None or not in_reach(at):
        raise ValueError
    return at
