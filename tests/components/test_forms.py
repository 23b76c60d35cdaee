import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from components.forms import YuanField

FIELD = YuanField(least=0)


@given(st.integers(min_value=0, max_value=10**11))
def test_an_amount_goes_out_and_comes_back_to_the_fen(fen):
    assert FIELD.clean(FIELD.prepare_value(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1268", 126800),
        ("1,268.5", 126850),
        (" ¥0.05 ", 5),
        ("￥1，000", 100000),
        ("１２．５０", 1250),
        ("1 268", 126800),
        ("1268.00", 126800),
    ],
)
def test_people_write_yuan_in_many_ways(text, fen):
    assert FIELD.clean(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abc", "invalid"),
        ("NaN", "invalid"),
        ("Infinity", "invalid"),
        ("1.005", "precision"),
        ("-1", "invalid"),
        ("1e2", "invalid"),
        ("99999999999", "most"),
        ("1" * 12, "most"),
        ("", "required"),
    ],
)
def test_what_is_no_amount_is_refused(text, code):
    with pytest.raises(ValidationError) as refused:
        FIELD.clean(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text", ["1e900000", "1e999999999", "1e-9999999", "9" * 100_000, "0." + "0" * 100_000]
)
def test_a_number_that_would_take_long_to_work_out_is_refused_unread(text):
    begun = time.monotonic()
    with pytest.raises(ValidationError) as refused:
        FIELD.clean(text)
    assert refused.value.code == "invalid"
    assert time.monotonic() - begun < 1
