"""Dividing money: nothing lost, nothing made, whatever the order."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.money import allot, take_back, yuan

WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (5, [10, 30, 60], [0, 2, 3]),
        (15, [80, 8, 12], [12, 1, 2]),
        (1, [0, 7], [0, 1]),
        (0, [0, 0], [0, 0]),
    ],
)
def test_the_odd_fen_go_to_the_largest_remainders(total, weights, parts):
    assert allot(total, weights) == parts


@given(st.integers(0, 10**9), WEIGHTS)
def test_parts_sum_to_the_total_and_stay_within_a_fen_of_exact(total, weights):
    parts = allot(total, weights)
    assert sum(parts) == total
    assert all(abs(part - total * w / sum(weights)) < 1 for part, w in zip(parts, weights, strict=True))
    assert all(part == 0 for part, w in zip(parts, weights, strict=True) if w == 0)


def test_nothing_to_divide_by_is_an_error():
    with pytest.raises(ValueError, match="every weight is zero"):
        allot(1, [0, 0])


@given(WEIGHTS, st.lists(st.integers(0, 80_000), max_size=12))
def test_giving_back_never_goes_backwards_and_ends_at_the_whole(weights, stops):
    before, whole = [0] * len(weights), sum(weights)
    for given_back in [*sorted(stop for stop in stops if stop <= whole), whole]:
        now = take_back(given_back, weights)
        assert sum(now) == given_back
        assert all(b <= n <= w for b, n, w in zip(before, now, weights, strict=True))
        before = now
    assert before == weights


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=5), st.integers(0, 300)
)
def test_a_part_that_has_given_all_it_may_is_passed_over(parts, total):
    """The next fen from the smallest (2·taken + 1) / held of those that may still give: one by one."""
    held = [whole for whole, _spared in parts]
    most = [max(0, whole - spared) for whole, spared in parts]
    total = min(total, sum(most))
    taken = [0] * len(held)
    for _fen in range(total):
        free = [i for i in range(len(held)) if taken[i] < most[i]]
        taken[min(free, key=lambda i: (Fraction(2 * taken[i] + 1, held[i]), -held[i], i))] += 1
    assert take_back(total, held, most=most) == taken


def test_2500_refunds_of_one_fen_take_from_every_share_alike():
    assert take_back(2500, [5800, 3400, 700, 100]) == [1450, 850, 175, 25]


def test_an_amount_is_written_one_way():
    assert [yuan(126800), yuan(-5), yuan(0)] == ["¥1,268.00", "−¥0.05", "¥0.00"]
