from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from components import formatting

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("fen", "words"),
    [(0, "¥0.00"), (5, "¥0.05"), (126800, "¥1,268.00"), (-1240, "−¥12.40"), (-5, "−¥0.05")],
)
def test_money_has_two_decimals_and_its_minus_in_front(fen, words):
    assert formatting.yuan(fen) == words


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_no_fen_is_lost_in_writing(fen):
    assert int(formatting.yuan(fen).translate(str.maketrans("−", "-", "¥,."))) == fen


@pytest.mark.parametrize(
    ("fen", "number", "unit"),
    [
        (999_994, "¥9,999.94", ""),
        (1_000_000, "¥1.0", "万"),
        (328_640_000, "¥328.6", "万"),
        (-328_640_000, "−¥328.6", "万"),
        (960_000_0000, "¥9,600.0", "万"),
        (9_999_940_000, "¥9,999.9", "万"),
        (9_999_960_000, "¥1.0", "亿"),
        (123_456_789_012, "¥12.3", "亿"),
    ],
)
def test_a_large_sum_is_short_in_chinese_units(fen, number, unit):
    with translation.override("zh-hans"):
        assert formatting.yuan_short(fen) == (number, unit)


@pytest.mark.parametrize(
    ("fen", "number", "unit"),
    [
        (999_900, "¥9,999.00", ""),
        (18_642_050, "¥186.4", "K"),
        (99_999_900, "¥1.0", "M"),
        (10**11, "¥1.0", "B"),
    ],
)
def test_a_large_sum_is_short_in_english_units(fen, number, unit):
    assert formatting.yuan_short(fen) == (number, unit)


@pytest.mark.parametrize("code", ["826409173358", "8264 0917 3358", "8264-0917-3358"])
def test_a_code_is_read_in_fours(code):
    assert formatting.groups(code) == ["8264", "0917", "3358"]


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        ("13812342207", "138****2207"),
        ("+8613812342207", "138****2207"),
        ("+14155550123", "+141****0123"),
        ("138****2207", "138****2207"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_phone_is_never_whole(phone, words):
    assert formatting.masked(phone) == words


@given(st.from_regex(r"\+?[0-9]{5,15}", fullmatch=True))
def test_at_least_four_digits_of_any_phone_are_hidden(phone):
    assert formatting.masked(phone).count("*") >= 4


@pytest.mark.parametrize(
    ("metres", "words"),
    [(8, "8 m"), (324, "320 m"), (994, "990 m"), (996, "1.0 km"), (1432, "1.4 km"), (26_400, "26 km")],
)
def test_a_distance_is_as_exact_as_a_walk(metres, words):
    assert formatting.distance(metres) == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=-2), "in 2 days"),
        (timedelta(days=400), "2025-10-18"),
    ],
)
def test_a_moment_is_told_from_now_until_it_is_a_week_old(gap, words):
    assert formatting.since(NOON - gap, now=NOON) == words
