"""Places on the earth: distances, boxes around them, and the shifted coordinates of Chinese maps.

Degrees in, metres out. GCJ-02 is the datum mainland maps publish in: WGS-84 moved by up to 700 m. The shift is
a known polynomial with sines over the Krasovsky 1940 ellipsoid (written from its public description,
"Restrictions on geographic data in China", Wikipedia); it has no inverse in closed form, so the way back is
iterated until it stands still.
"""

from math import asin, cos, degrees, hypot, pi, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS = 6_371_008.8  # metres: the mean radius R₁ of the IUGG

_AXIS = 6_378_245.0  # Krasovsky 1940, metres
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
_MAINLAND = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north: outside, the two datums agree
_STILL = 1e-10  # degrees: a hundredth of a millimetre


class Point(NamedTuple):
    lng: float
    lat: float


class Box(NamedTuple):
    west: float
    south: float
    east: float
    north: float


def haversine(a: Point, b: Point) -> float:
    """Metres between two points along the great circle."""
    south, north = radians(a.lat), radians(b.lat)
    half_lat, half_lng = (north - south) / 2, radians(b.lng - a.lng) / 2
    chord = sin(half_lat) ** 2 + cos(south) * cos(north) * sin(half_lng) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(chord)))


def boxes_around(centre: Point, metres: float) -> list[Box]:
    """Boxes of degrees that hold every point within `metres`: two where the circle crosses the antimeridian,
    the whole width where it touches a pole. A hair too wide, so that rounding loses nobody."""
    angle = metres / EARTH_RADIUS * (1 + 1e-9) + 1e-12
    south, north = centre.lat - degrees(angle), centre.lat + degrees(angle)
    if south <= -90 or north >= 90:
        return [Box(-180.0, max(south, -90.0), 180.0, min(north, 90.0))]
    # The widest meridian is touched nearer the pole than the centre, hence the quotient, not angle /
    # cos(lat).
    reach = degrees(asin(min(1.0, sin(angle) / cos(radians(centre.lat))))) + 1e-12
    west, east = centre.lng - reach, centre.lng + reach
    if west < -180:
        return [Box(west + 360, south, 180.0, north), Box(-180.0, south, east, north)]
    if east > 180:
        return [Box(west, south, 180.0, north), Box(-180.0, south, east - 360, north)]
    return [Box(west, south, east, north)]


def wgs84_to_gcj02(place: Point) -> Point:
    """Where a Chinese map draws a satellite's position."""
    west, south, east, north = _MAINLAND
    if not (west <= place.lng <= east and south <= place.lat <= north):
        return place
    x, y = place.lng - 105.0, place.lat - 35.0
    lat = radians(place.lat)
    bend = 1 - _ECCENTRICITY_SQUARED * sin(lat) ** 2
    metres_a_degree_north = _AXIS * (1 - _ECCENTRICITY_SQUARED) / bend**1.5 * pi / 180
    metres_a_degree_east = _AXIS / sqrt(bend) * cos(lat) * pi / 180
    return Point(
        place.lng + _shift_east(x, y) / metres_a_degree_east,
        place.lat + _shift_north(x, y) / metres_a_degree_north,
    )


def gcj02_to_wgs84(place: Point) -> Point:
    """The true position of a point on a Chinese map, to a hundredth of a millimetre."""
    guess = place
    for _ in range(30):
        drawn = wgs84_to_gcj02(guess)
        off = Point(drawn.lng - place.lng, drawn.lat - place.lat)
        guess = Point(guess.lng - off.lng, guess.lat - off.lat)
        if hypot(*off) < _STILL:
            break
    return guess


def _shift_north(x: float, y: float) -> float:
    slope = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    waves = 20.0 * sin(6 * pi * x) + 20.0 * sin(2 * pi * x) + 20.0 * sin(pi * y) + 40.0 * sin(pi * y / 3)
    return slope + (waves + 160.0 * sin(pi * y / 12) + 320.0 * sin(pi * y / 30)) * 2 / 3


def _shift_east(x: float, y: float) -> float:
    slope = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    waves = 20.0 * sin(6 * pi * x) + 20.0 * sin(2 * pi * x) + 20.0 * sin(pi * x) + 40.0 * sin(pi * x / 3)
    return slope + (waves + 150.0 * sin(pi * x / 12) + 300.0 * sin(pi * x / 30)) * 2 / 3
