"""Opening hours, told as a table. Jing'an trades nine to nine, on Fridays until two in the morning."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from merchants.errors import DomainError
from stores.hours import checked, door, is_open

SHANGHAI = "Asia/Shanghai"
DAY = [["09:00", "21:00"]]
WEEK = [DAY, DAY, DAY, DAY, [["09:00", "12:00"], ["13:00", "02:00"]], DAY, []]  # Sundays closed


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-11-16 08:59", False),  # a Monday
        ("2026-11-16 09:00", True),
        ("2026-11-16 20:59", True),
        ("2026-11-16 21:00", False),
        ("2026-11-20 12:30", False),  # Friday's lunch
        ("2026-11-20 23:30", True),
        ("2026-11-21 01:59", True),  # Friday's night
        ("2026-11-21 02:00", False),
        ("2026-11-22 12:00", False),  # Sunday
    ],
)
def test_a_week_with_a_lunch_break_and_a_late_night(when, open_):
    assert is_open(WEEK, {}, SHANGHAI, at(when)) is open_


def test_the_store_s_own_clock_counts_not_the_asker_s():
    assert is_open(WEEK, {}, SHANGHAI, datetime(2026, 11, 16, 1, 0, tzinfo=UTC))
    assert not is_open(WEEK, {}, "Europe/Paris", datetime(2026, 11, 16, 1, 0, tzinfo=UTC))


def test_a_special_day_replaces_its_own_spans_only():
    special = {"2026-11-21": [], "2026-11-22": [["10:00", "16:00"]]}
    assert is_open(WEEK, special, SHANGHAI, at("2026-11-21 01:00")), "Friday's night still runs"
    assert not is_open(WEEK, special, SHANGHAI, at("2026-11-21 12:00"))
    assert is_open(WEEK, special, SHANGHAI, at("2026-11-22 12:00"))


def test_the_door_says_until_when_it_is_open():
    assert door(WEEK, {}, SHANGHAI, at("2026-11-20 23:00")).closes_at == at("2026-11-21 02:00")


def test_the_door_says_when_it_opens_next_over_a_closed_day():
    closed = door(WEEK, {}, SHANGHAI, at("2026-11-21 21:00"))
    assert not closed.is_open and closed.opens_at == at("2026-11-23 09:00")


def test_spans_that_touch_are_one():
    week = [[["00:00", "24:00"]]] * 4 + [[["00:00", "20:00"]]] + [[]] * 2
    assert door(week, {}, SHANGHAI, at("2026-11-17 12:00")).closes_at == at("2026-11-20 20:00")


def test_a_door_that_never_closes_promises_no_hour_and_one_without_hours_never_opens():
    always = door([[["00:00", "24:00"]]] * 7, {}, SHANGHAI, at("2026-11-17 12:00"))
    assert always.is_open and always.closes_at is None
    never = door([], {}, SHANGHAI, at("2026-11-17 12:00"))
    assert not never.is_open and never.opens_at is None


def test_the_night_the_clocks_go_back_is_an_hour_longer():
    night = [[["22:00", "04:00"]]] * 7  # Berlin, 25 October 2026: 03:00 is 02:00 again
    opening = door(night, {}, "Europe/Berlin", at("2026-10-25 01:00", "Europe/Berlin"))
    left = opening.closes_at.astimezone(UTC) - at("2026-10-25 01:00", "Europe/Berlin").astimezone(UTC)
    assert left.total_seconds() == 4 * 3600


@pytest.mark.parametrize(
    ("hours", "special", "zone"),
    [
        ([DAY] * 6, {}, SHANGHAI),
        ([[["9", "21:00"]]] * 7, {}, SHANGHAI),
        ([[["09:00", "25:00"]]] * 7, {}, SHANGHAI),
        ([[["24:00", "02:00"]]] * 7, {}, SHANGHAI),
        ("always", {}, SHANGHAI),
        (WEEK, {"tomorrow": []}, SHANGHAI),
        (WEEK, {}, "Asia/Jingan"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_the_shape_to_send(hours, special, zone):
    with pytest.raises(DomainError) as refusal:
        checked(hours, special, zone)
    assert refusal.value.code == "store.hours_unreadable" and refusal.value.next_step
