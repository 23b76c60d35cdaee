"""Cursors of headquarters' lists come from the address: one that is not ours begins the list anew."""

import base64
import json

import pytest

from dashboard.paging import LONGEST, _encoded
from tests.selling import line, sold


def crafted(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


PLACES = [
    '["\\u0000", 1]',
    '["\\ud800", 1]',
    '["2026-02-30T00:00:00", 1]',
    '["2026-11-20T00:00:00", 1]',  # whose midnight?
    '["0001-01-01T00:00:00+23:59", 1]',
    '["9999-12-31T23:59:59-23:59", 1]',
    '["2026-11-20T00:00:00+99:99", 1]',
    f'["2026-11-20T00:00:00+08:00", {2**63}]',
    '["2026-11-20T00:00:00+08:00", true]',
    '["2026-11-20T00:00:00+08:00", 1, 1]',
    '["2026-11-20T00:00:00+08:00"]',
    '{"2026-11-20T00:00:00+08:00": 1, "x": 2}',
    "[" * 20_000,
    "[" * 1_400,
    "1" * 5_000,
    "[1e999]",
    "nonsense",
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:30])
@pytest.mark.parametrize("path", ["/hq/orders/?before=", "/hq/stores/?cursor=", "/hq/members/?cursor="])
def test_a_crafted_cursor_shows_the_first_page(world, at_desk, path, place):
    sold(world.jingan, line(world.tea), no="FIRST-PAGE")
    page = at_desk(world.he).get(path + crafted(place))
    assert page.status_code == 200
    if "orders" in path:
        assert "FIRST-PAGE" in page.content.decode()


@pytest.mark.parametrize("cursor", ["é", "a b", "****", "=", "A" * (LONGEST + 1)])
def test_what_is_no_base64_shows_the_first_page(world, at_desk, cursor):
    assert at_desk(world.he).get("/hq/stores/", {"cursor": cursor}).status_code == 200


def test_the_longest_name_fits_a_cursor():
    assert len(_encoded(["𠀀" * 120, 2**63 - 1])) < LONGEST
    assert json.loads(base64.urlsafe_b64decode(_encoded([1]) + "==")) == [1]
