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
        ([[["09:60", "21:00"]]] * 7, {}, SHANGHAI),
        ([[["24:30", "25:00"]]] * 7, {}, SHANGHAI),
        ([[{"09:00": 1, "12:00": 1}, {"13:00": 1, "21:00": 2}]] * 7, {}, SHANGHAI),  # two keys unpack as well
        ([{"09:00": "21:00"}] * 7, {}, SHANGHAI),
        ([["09:00"]] * 7, {}, SHANGHAI),
        ([[["09:00", "12:00", "13:00"]]] * 7, {}, SHANGHAI),
        ([[["٩:00", "21:00"]]] * 7, {}, SHANGHAI),
        ([[["٠٩:٠٠", "21:00"]]] * 7, {}, SHANGHAI),
        ([[["0_9:00", "21:00"]]] * 7, {}, SHANGHAI),
        ([[["09:00\n", "21:00"]]] * 7, {}, SHANGHAI),
        ([[[540, 1260]]] * 7, {}, SHANGHAI),
        ([[None]] * 7, {}, SHANGHAI),
        ([None] * 7, {}, SHANGHAI),
        ({str(day): [] for day in range(7)}, {}, SHANGHAI),
        ([[["09:00", "21:00"]] * 7] * 7, {}, SHANGHAI),  # more than six spans a day
        (WEEK, {f"{year}-01-{day:02}": [] for year in range(2026, 2040) for day in range(1, 29)}, SHANGHAI),
        (WEEK, {"20260217": []}, SHANGHAI),
        (WEEK, {"2026-W08-2": []}, SHANGHAI),
        (WEEK, {"2026-02-30": []}, SHANGHAI),
        (WEEK, {"٢٠٢٦-٠٢-١٧": []}, SHANGHAI),
        (WEEK, {"9999-12-31": []}, SHANGHAI),
        (WEEK, {"2026-02-17": [["9:00", "21:00"]]}, SHANGHAI),
        (WEEK, {"2026-02-17": None}, SHANGHAI),
        (WEEK, [], SHANGHAI),
        (WEEK, {}, "Asia"),
        (WEEK, {}, ""),
        (WEEK, {"tomorrow": []}, SHANGHAI),
        (WEEK, {}, "Asia/Jingan"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_the_shape_to_send(hours, special, zone):
    with pytest.raises(DomainError) as refusal:
        checked(hours, special, zone)
    assert refusal.value.code == "store.hours_unreadable" and refusal.value.next_step


def test_what_is_accepted_is_read():
    year = {
        f"{2026 + month // 12}-{month % 12 + 1:02}-{day:02}": []
        for month in range(13)
        for day in range(1, 29)
    }
    checked([[["00:00", "24:00"], *[["09:00", "21:00"]] * 5]] * 7, year, SHANGHAI)
    checked([], {}, SHANGHAI)
    checked([], None)
