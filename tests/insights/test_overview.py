"""Figures of a part of a day are compared with the same part of the day before."""

from datetime import timedelta

from insights import overview
from insights.period import period_of
from merchants.scoping import seats
from tests.people import NOON
from tests.selling import line, sold


def test_the_day_before_counts_up_to_the_same_time(world):
    yesterday = NOON - timedelta(days=1)
    for number, at in enumerate([yesterday - timedelta(hours=1), yesterday + timedelta(hours=1), NOON]):
        sold(world.jingan, line(world.tote), no=f"N-{number}", paid_at=at)
    (seat,) = seats(world.he)
    now = NOON + timedelta(minutes=5)
    today = period_of("today", merchant=world.hehe, now=now)
    with world.inside(world.hehe):
        assert overview.figures(seat, today).sales == 4900
        assert overview.figures(seat, today.before(now=now)).sales == 4900, "not the hours still to come"


def test_a_day_is_told_by_the_hour_from_the_first_sale_to_the_last(world):
    for number, hours in enumerate([3, 3, 0]):
        sold(world.jingan, line(world.tote), no=f"N-{number}", paid_at=NOON - timedelta(hours=hours))
    (seat,) = seats(world.he)
    today = period_of("today", merchant=world.hehe, now=NOON)
    with world.inside(world.hehe):
        hours = overview.by_hour(seat, today)
    assert [(hour.begins.hour, hour.sales) for hour in hours][0][1] == 9800
    assert [hour.sales for hour in hours] == [9800, 0, 0, 4900]
