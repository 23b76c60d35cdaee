"""A period is a stretch of business dates on the merchant's clock."""

from datetime import UTC, date, datetime, time

import pytest

from insights.period import period_of
from merchants.models import Merchant

SHANGHAI = Merchant(name="青岚服饰", time_zone="Asia/Shanghai", cut_off=time(0, 0))
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("today", date(2026, 11, 20)),
        ("week", date(2026, 11, 14)),
        ("month", date(2026, 11, 1)),
        ("quarter", date(2026, 8, 23)),
        ("whenever", date(2026, 11, 1)),
    ],
)
def test_a_period_ends_today_and_begins_as_its_name_says(name, first):
    period = period_of(name, merchant=SHANGHAI, now=NOON)
    assert (period.first, period.last) == (first, date(2026, 11, 20))
    assert len(period.days) == (period.last - first).days + 1


def test_it_is_compared_with_as_many_days_before_up_to_the_same_time_of_day():
    before = period_of("week", merchant=SHANGHAI, now=NOON).before(now=NOON)
    assert (before.first, before.last) == (date(2026, 11, 7), date(2026, 11, 13))
    assert before.until == before.ends == datetime(2026, 11, 13, 4, tzinfo=UTC)


def test_its_instants_are_the_merchant_s_midnights():
    today = period_of("today", merchant=SHANGHAI, now=NOON)
    assert today.begins.astimezone(UTC) == datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert today.ends.astimezone(UTC) == datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_before_the_cut_off_it_is_still_yesterday():
    night = Merchant(name="夜店", time_zone="Asia/Shanghai", cut_off=time(4, 0))
    at_two = datetime(2026, 11, 19, 18, tzinfo=UTC)
    assert period_of("today", merchant=night, now=at_two).last == date(2026, 11, 19)
