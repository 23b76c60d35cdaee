"""What rows may hold of what comes from outside."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from merchants.errors import DomainError
from merchants.storable import EARLIEST, LATEST, check_in_reach, in_reach

EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


@pytest.mark.parametrize(
    ("at", "is_in_reach"),
    [
        (EARLIEST, True),
        (LATEST, True),
        (EARLIEST - timedelta(microseconds=1), False),
        (LATEST + timedelta(microseconds=1), False),
        (datetime(2000, 1, 1, 8, tzinfo=EAST), False),  # 18:00 of the last day of 1999 in UTC
        (datetime.min.replace(tzinfo=EAST), False),
        (datetime.max.replace(tzinfo=WEST), False),
        (date(2000, 1, 1), True),
        (date(2100, 1, 1), True),
        (date(1999, 12, 31), False),
        (date.max, False),
    ],
)
def test_a_date_is_in_reach_from_2000_to_2100_in_utc(at, is_in_reach):
    assert in_reach(at) is is_in_reach


def test_a_date_out_of_reach_names_its_field_and_the_next_step():
    with pytest.raises(DomainError) as refusal:
        check_in_reach(starts_at=datetime(2026, 1, 1, tzinfo=UTC), ends_at=datetime.max.replace(tzinfo=UTC))
    assert (refusal.value.code, refusal.value.field) == ("date.out_of_reach", "ends_at")
    assert "2100" in str(refusal.value.message) and refusal.value.next_step
    check_in_reach(ends_at=None)
