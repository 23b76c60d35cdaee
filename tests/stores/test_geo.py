import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.geo import EARTH_RADIUS, Point, boxes_around, gcj02_to_wgs84, haversine, wgs84_to_gcj02

EVERYWHERE = st.builds(Point, st.floats(-180, 180), st.floats(-90, 90))
MAINLAND = st.builds(Point, st.floats(75, 134), st.floats(4, 53))


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        (Point(121.4737, 31.2304), Point(121.4737, 31.2304), 0),
        (Point(0, 0), Point(90, 0), EARTH_RADIUS * math.pi / 2),  # a quarter of the equator
        (Point(0, 90), Point(123, -90), EARTH_RADIUS * math.pi),  # pole to pole, whatever the longitude
        (Point(179.5, 0), Point(-179.5, 0), EARTH_RADIUS * math.pi / 180),  # over the antimeridian
        (Point(121.4737, 31.2304), Point(116.4074, 39.9042), 1_067_300),  # Shanghai to Beijing
    ],
)
def test_distances_follow_the_great_circle(start, end, metres):
    assert haversine(start, end) == pytest.approx(metres, rel=1e-4)


@given(EVERYWHERE, EVERYWHERE)
def test_there_is_as_far_as_back_and_never_beyond_half_the_earth(one, other):
    there = haversine(one, other)
    assert there == pytest.approx(haversine(other, one), abs=1e-6)
    assert 0 <= there <= EARTH_RADIUS * math.pi + 1e-6


@given(EVERYWHERE, EVERYWHERE, st.floats(0, 1.2))
def test_the_boxes_hold_every_point_within_reach(centre, other, slack):
    reach = haversine(centre, other) * (1 + slack)
    assert any(
        box.west <= other.lng <= box.east and box.south <= other.lat <= box.north
        for box in boxes_around(centre, reach)
    )


def test_a_chinese_map_draws_the_tower_of_shanghai_half_a_kilometre_off():
    true = Point(121.49537, 31.24187)
    drawn = wgs84_to_gcj02(true)
    assert drawn.lng - true.lng == pytest.approx(0.00452, abs=2e-4)
    assert drawn.lat - true.lat == pytest.approx(-0.0021, abs=3e-4)
    assert 400 < haversine(true, drawn) < 700


@given(MAINLAND)
def test_the_way_back_from_a_chinese_map_is_exact(place):
    assert haversine(place, gcj02_to_wgs84(wgs84_to_gcj02(place))) < 0.001


@pytest.mark.parametrize("place", [Point(2.35, 48.85), Point(-74.0, 40.7), Point(139.7, 35.7)])
def test_outside_the_mainland_the_two_agree(place):
    assert wgs84_to_gcj02(place) == place == gcj02_to_wgs84(place)
