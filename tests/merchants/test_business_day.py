from datetime import UTC, date, datetime, time

import pytest

from merchants.business_day import business_date


@pytest.mark.parametrize(
    ("utc", "zone", "cut_off", "day"),
    [
        ("2026-03-10T15:59:59.999", "Asia/Shanghai", time(0), "2026-03-10"),
        ("2026-03-10T16:00:00", "Asia/Shanghai", time(0), "2026-03-11"),
        ("2026-03-10T18:00:00", "Asia/Shanghai", time(4), "2026-03-10"),  # 02:00 belongs to yesterday
        ("2026-03-10T20:00:00", "Asia/Shanghai", time(4), "2026-03-11"),
        ("2026-03-10T13:59:59", "Asia/Shanghai", time(22), "2026-03-10"),
        ("2026-03-10T14:00:00", "Asia/Shanghai", time(22), "2026-03-11"),  # after 22:00 it is tomorrow
        ("2026-03-29T00:30:00", "Europe/Paris", time(2), "2026-03-28"),  # 01:30, the night the clock goes on
        ("2026-03-29T01:30:00", "Europe/Paris", time(2), "2026-03-29"),  # 03:30: two o'clock never was
    ],
)
def test_a_business_date_is_read_off_the_stores_wall_clock(utc, zone, cut_off, day):
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert business_date(at, zone=zone, cut_off=cut_off) == date.fromisoformat(day)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        business_date(datetime(2026, 3, 10), zone="Asia/Shanghai", cut_off=time(0))  # noqa: DTZ001
