"""Pages by cursor: the place of the last row, so that new rows do not shift a page that is being read."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

SIZE = 30


@dataclass(frozen=True)
class Slice:
    rows: Sequence[Any]
    next: str | None  # the cursor of the page behind, None on the last one


def newest_first(rows: QuerySet, cursor: str, *, size: int = SIZE) -> Slice:
    """Rows by descending id."""
    place = _decoded(cursor, int)
    if place:
        rows = rows.filter(pk__lt=place[0])
    found = list(rows.order_by("-pk")[: size + 1])
    return _cut(found, size, lambda row: [row.pk])


def latest_first(rows: QuerySet, cursor: str, *, size: int = SIZE) -> Slice:
    """Sales by descending `paid_at` and `place`, as plain rows in that order."""
    place = _decoded(cursor, str, int)
    paid_at = parse_datetime(place[0]) if place else None
    if place and paid_at:
        rows = rows.filter(Q(paid_at__lt=paid_at) | Q(paid_at=paid_at, place__lt=place[1]))
    found = list(rows[: size + 1])
    return _cut(found, size, lambda row: [row["paid_at"].isoformat(), row["place"]])


def by_name(rows: QuerySet, cursor: str, *, name: str, key: str, size: int = SIZE) -> Slice:
    """Rows by a text column and an id, both ascending; `rows` come in that order."""
    place = _decoded(cursor, str, int)
    if place:
        text, number = place
        rows = rows.filter(Q(**{f"{name}__gt": text}) | Q(**{name: text, f"{key}__gt": number}))
    found = list(rows[: size + 1])
    return _cut(found, size, lambda row: [_reached(row, name), _reached(row, key)])


def _reached(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part)
    return row


def _cut(found: list[Any], size: int, place_of) -> Slice:
    shown = found[:size]
    return Slice(shown, _encoded(place_of(shown[-1])) if len(found) > size else None)


def _encoded(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decoded(cursor: str, *kinds: type) -> list[Any] | None:
    """What the cursor holds; None for none and for one that is not ours: the list begins anew."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return None
    fits = isinstance(place, list) and [type(part) for part in place] == list(kinds)
    return place if fits and all(abs(part) < 2**63 for part in place if isinstance(part, int)) else None
