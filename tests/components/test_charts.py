import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import charts
from components.tags.charting import _brief

AMOUNTS = st.lists(st.integers(min_value=-(10**13), max_value=10**13), min_size=1, max_size=60)


def points(line: str) -> list[tuple[float, float]]:
    return [tuple(float(number) for number in pair.split(",")) for pair in line.split()]


@given(AMOUNTS)
def test_every_point_of_a_line_lies_inside_the_plot(values):
    labels = [str(place) for place in range(len(values))]
    plot = charts.lines(labels, [values], show=str, axis=str)
    assert all(0 <= x <= 100 and -0.01 <= y <= 100.01 for x, y in points(plot.lines[0]))
    assert 3 <= len(plot.ticks) <= 6


@given(AMOUNTS)
def test_a_bar_is_as_high_as_its_value(values):
    labels = [str(place) for place in range(len(values))]
    scale = charts.Scale.over(values)
    for bar, value in zip(charts.bars(labels, values, show=str, axis=str).bars, values, strict=True):
        assert float(bar.height) == pytest.approx(100 * abs(value) / (scale.top - scale.bottom), abs=0.02)


@pytest.mark.parametrize(
    ("values", "top"), [([0, 0], 2), ([1], 2), ([25_400_000], 30_000_000), ([97], 100), ([101], 150)]
)
def test_the_scale_ends_at_a_round_number(values, top):
    assert charts.Scale.over(values).top == top


def test_a_chart_of_nothing_is_empty_not_broken():
    assert charts.lines([], [[]], show=str, axis=str).lines == [""]
    assert charts.bars([], [], show=str, axis=str).bars == []
    assert charts.stages([], show=str) == []


def test_at_most_five_labels_stand_below_a_chart():
    labels = [str(day) for day in range(1, 32)]
    assert len(charts.lines(labels, [range(31)], show=str, axis=str).along) <= 5


def test_the_peak_is_named():
    plot = charts.lines(["11-10", "11-11", "11-12"], [[3, 90, 5]], show=lambda value: f"¥{value}", axis=str)
    assert plot.peak.text == "11-11 ¥90"


def test_a_funnel_says_what_share_of_the_step_before_went_on():
    sent, seen, redeemed = charts.stages([("sent", 1200), ("seen", 600), ("redeemed", 3)], show=str)
    assert (sent.width, sent.onward) == ("100.00", "")
    assert (seen.width, seen.onward) == ("50.00", "50%")
    assert redeemed.onward == "0.5%"


def test_a_ring_is_never_more_than_full_and_empty_without_a_goal():
    full = charts.arc(800, 800)
    assert charts.arc(1200, 800) == full
    assert re.fullmatch(r"(\d+\.\d\d) \1", full)
    assert charts.arc(0, 800) == charts.arc(5, 0) == charts.arc(-5, 800) == ""
    assert charts.percent(1200, 800) == "150%"
    assert charts.percent(5, 0) == "–"


@pytest.mark.parametrize(("fen", "said"), [(2, "¥0.02"), (100, "¥1"), (150, "¥1.50"), (20_000_000, "¥20")])
def test_an_axis_drops_decimals_only_where_there_are_none(fen, said):
    assert _brief("money")(fen).startswith(said)
