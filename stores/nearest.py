"""The nearest stores of some hundred thousand: found by index in degrees, made exact in metres.

Degrees are not metres: a degree east shrinks with the latitude and wraps at the antimeridian. So the index's
nearest neighbours serve only to bound the distance of the k-th; every store inside that bound is then read by
box and sorted by haversine.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Func, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from merchants.errors import DomainError
from merchants.models import Brand
from stores.geo import Box, Point, boxes_around, haversine
from stores.hours import Opening
from stores.models import Contract, Store

OPEN_REACH = 100_000  # metres: no shopper goes farther for a door that is open now
_MARGIN = 4  # candidates read for each store asked for
_EVERYWHERE = 21_000_000  # metres: beyond half the earth's circumference


@dataclass(frozen=True)
class Near:
    """A store, how far it is in metres, and what its door says."""

    store: Store
    metres: float
    opening: Opening

    @property
    def open_now(self) -> bool:
        return self.opening.is_open


def nearest(
    *,
    lng: float,
    lat: float,
    at: datetime,
    brand: Brand | None = None,
    ability: str | None = None,
    open_now: bool = False,
    limit: int = 5,
) -> list[Near]:
    """The `limit` nearest trading stores to a WGS-84 place, nearest first, ties by id. With `brand`: of
    whichever merchant, under a live contract of that brand. Without: the acting merchant's own. `open_now`
    looks no further than OPEN_REACH. DomainError if the place is not on the earth.
    """
    centre = _on_earth(lng, lat)
    with scope(merchant=brand.merchant) if brand else nullcontext():
        ground = _Ground(centre, at, brand, ability, open_now)
        asked = limit * _MARGIN
        candidates = ground.first(asked)
        near = ground.judged(candidates)
        if len(candidates) == asked:
            reach = near[limit - 1].metres if len(near) >= limit else ground.farthest(candidates)
            near = _everyone_within(reach, ground, limit)
    return [found for found in near if not open_now or found.metres <= OPEN_REACH][:limit]


def _everyone_within(reach: float, ground: "_Ground", limit: int) -> list[Near]:
    """Widen the circle until it holds enough. Corners of its box lie outside it and prove nothing, so they
    are cut."""
    most = OPEN_REACH if ground.open_now else _EVERYWHERE
    while True:
        reach = min(reach, most)
        inside = [near for near in ground.judged(ground.within(reach)) if near.metres <= reach]
        if len(inside) >= limit or reach == most:
            return inside
        reach *= 4


def _on_earth(lng: float, lat: float) -> Point:
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise DomainError(
            "place.off_earth",
            _("This place is not on the earth."),
            next_step=_("Give the longitude first (−180 to 180), then the latitude (−90 to 90)."),
            field="lng",
        )
    return Point(lng, lat)


class _Ground:
    """The stores that may be found, read from one place at one instant."""

    def __init__(
        self, centre: Point, at: datetime, brand: Brand | None, ability: str | None, open_now: bool
    ) -> None:
        self.centre, self.at, self.open_now = centre, at, open_now
        # Another merchant's store is read only through the contract that shares it.
        self.path = "store__" if brand else ""
        self.rows: QuerySet = (
            Contract.objects.filter(brand=brand).live(at).select_related("store__merchant")
            if brand
            else Store.objects.select_related("merchant")
        ).filter(**{f"{self.path}status": Store.Status.OPEN})
        if ability:
            self.rows = self.rows.filter(**{f"{self.path}abilities__contains": [ability]})

    def first(self, count: int) -> list[Store]:
        """The nearest in degrees, by the index."""
        return self._stores(self.rows.order_by(_Gap(self._place(), _point(*self.centre)))[:count])

    def within(self, metres: float) -> list[Store]:
        boxes = boxes_around(self.centre, metres)
        return self._stores(
            self.rows.filter(reduce(or_, (Q(_Inside(self._place(), _box(box))) for box in boxes)))
        )

    def judged(self, stores: list[Store]) -> list[Near]:
        """With distance and door, nearest first, without the closed ones if open ones were asked for."""
        near = [Near(store, haversine(self.centre, store.place), store.opening(self.at)) for store in stores]
        near.sort(key=lambda found: (found.metres, found.store.pk))
        return [found for found in near if found.open_now] if self.open_now else near

    def farthest(self, stores: list[Store]) -> float:
        return max(haversine(self.centre, store.place) for store in stores)

    def _place(self) -> Func:
        return Func(
            f"{self.path}lng", f"{self.path}lat", function="point"
        )  # as the index store_by_place has it

    def _stores(self, rows: QuerySet) -> list[Store]:
        return [row.store for row in rows] if self.path else list(rows)


class _Gap(Func):
    """Distance in degrees: what a GiST index can walk in order."""

    template, arg_joiner = "(%(expressions)s)", " <-> "
    output_field = models.FloatField()


class _Inside(Func):
    template, arg_joiner = "(%(expressions)s)", " <@ "
    output_field = models.BooleanField()


def _point(lng: float, lat: float) -> Func:
    return Func(Value(lng), Value(lat), function="point", output_field=models.FloatField())


def _box(box: Box) -> Func:
    corners = _point(box.west, box.south), _point(box.east, box.north)
    return Func(*corners, function="box", output_field=models.FloatField())
