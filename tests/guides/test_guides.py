from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from events.models import Event
from guides.duty import assigned, assignment_of, mark_off, mark_on, on_duty, on_duty_at
from guides.hiring import hire, leave, move, put_guide
from guides.models import Guide
from guides.nearby import nearest
from guides.targets import set_target, target_of
from merchants.errors import DomainError
from merchants.scoping import seats
from stores.models import Store
from stores.opening import revise
from tests.people import LONG_AGO, NOON, ONBOARDING, make_guide, make_store, make_user

HOUR = timedelta(hours=1)


def hires(world, **changes):
    facts = {
        "merchant": world.hehe,
        "user": changes.pop("user", None) or make_user("赵敏", phone="+8613900000009"),
        "code": "G109",
        "name": "赵敏",
        "store": world.jingan,
        "starts_at": LONG_AGO,
        "by": ONBOARDING,
    }
    return hire(**{**facts, **changes})


def hongkou(world) -> Store:
    with scope(merchant=world.hehe):
        return make_store(world.hehe, code="HK", name="和合虹口店", kind="collection", lng=121.49, lat=31.25)


def test_a_new_guide_serves_at_the_store_and_has_a_seat_on_the_workbench(world):
    zhao = hires(world)
    assert assignment_of(guide=zhao, at=NOON).store == world.jingan
    (seat,) = seats(zhao.user, at=NOON)
    assert seat.may("workbench.use") and seat.merchant == world.hehe
    assert Event.objects.get(kind="guide.hired").concerns == [zhao.ref, zhao.user.ref, world.jingan.ref]


def test_a_code_a_user_and_a_foreign_store_are_refused(world):
    with pytest.raises(DomainError, match="guide.code_taken"):
        hires(world, code="G101")
    with pytest.raises(DomainError, match="guide.user_taken"):
        hires(world, user=world.lin.user)
    with pytest.raises(DomainError, match="guide.foreign_store"):
        hires(world, store=world.xuhui, user=world.he)


def test_a_move_ends_one_assignment_and_begins_another_at_the_same_instant(world):
    there = hongkou(world)
    move(guide=world.lin, store=there, at=NOON, by=ONBOARDING)
    assert assignment_of(guide=world.lin, at=NOON - HOUR).store == world.jingan
    assert assignment_of(guide=world.lin, at=NOON).store == there
    (seat,) = seats(world.lin.user, at=NOON)
    assert [apt.org_unit for apt in seat.appointments] == [there.org_unit]
    with pytest.raises(DomainError, match="guide.moved_later"):
        move(guide=world.lin, store=world.jingan, level=2, at=NOON - HOUR, by=ONBOARDING)


def test_a_guide_who_leaves_serves_nowhere_and_can_sign_in_nowhere(world):
    leave(guide=world.lin, at=NOON, by=ONBOARDING)
    assert assignment_of(guide=world.lin, at=NOON) is None and seats(world.lin.user, at=NOON) == []
    assert on_duty(store=world.jingan, at=NOON) == []
    back = move(guide=world.lin, store=world.jingan, at=NOON + HOUR, by=ONBOARDING)
    assert back.status == Guide.Status.ACTIVE and on_duty(store=world.jingan, at=NOON + HOUR) == [back]


def test_sending_a_guide_twice_hires_one(world):
    facts = {"merchant": world.hehe, "user": make_user("赵敏", phone="+8613900000009"), "code": "G109"}
    sent = {**facts, "store": world.jingan, "by": ONBOARDING, "starts_at": timezone.now() - HOUR}
    zhao, is_new = put_guide(name="赵敏", **sent)
    again, is_new_again = put_guide(name="赵敏敏", **sent)
    assert (is_new, is_new_again) == (True, False) and zhao == again
    assert again.pinyin == "zhao min min"
    assert Event.objects.filter(kind="guide.moved").count() == 0


@pytest.mark.parametrize("at", [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)])
def test_a_guide_comes_moves_and_leaves_within_the_years_that_every_clock_can_show(world, at):
    for verb in (
        lambda: hires(world, starts_at=at),
        lambda: move(guide=world.lin, store=world.jingan, level=2, at=at, by=ONBOARDING),
        lambda: leave(guide=world.lin, at=at, by=ONBOARDING),
    ):
        with pytest.raises(DomainError, match="date.out_of_reach"):
            verb()


def test_on_duty_means_assigned_store_open_and_not_marked_off(world):
    zhao = hires(world)
    assert on_duty(store=world.jingan, at=NOON) == [world.lin, zhao], "by pinyin"
    mark_off(guide=zhao, starts_at=NOON, by=ONBOARDING)
    assert on_duty(store=world.jingan, at=NOON) == [world.lin]
    mark_on(guide=zhao, at=NOON + HOUR, by=ONBOARDING)
    assert on_duty(store=world.jingan, at=NOON) == [world.lin]
    assert on_duty(store=world.jingan, at=NOON + HOUR) == [world.lin, zhao]
    closed = revise(store=world.jingan, hours=[[]] * 7, by=ONBOARDING)
    assert on_duty(store=closed, at=NOON) == []
    assert assigned(store=closed, at=NOON) == [world.lin, zhao], "they still work there"


def test_many_stores_are_one_query_a_merchant(world, django_assert_num_queries):
    with scope(merchant=world.hehe):
        make_guide(hongkou(world), code="G3", name="吴桐", phone="+8613900000008")
        stores = list(Store.objects.select_related("merchant"))
    with django_assert_num_queries(1):
        found = on_duty_at(stores, at=NOON)
    assert [len(guides) for guides in found.values()] == [1, 1]


def test_the_nearest_stores_name_their_guides_whoever_employs_them(world):
    found = nearest(lng=121.448, lat=31.223, at=NOON, brand=world.qinglan_brand)
    assert [(near.store, near.guides_on_duty) for near in found] == [
        (world.jingan, (world.lin,)),
        (world.xuhui, (world.chen,)),
    ]


def test_a_target_is_one_a_day_and_can_be_changed(world):
    day = date(2026, 11, 20)
    set_target(guide=world.lin, day=day, amount=100_00, by=ONBOARDING)
    set_target(guide=world.lin, day=day, amount=200_00, by=ONBOARDING)
    assert target_of(guide=world.lin, day=day) == 200_00 and target_of(guide=world.chen, day=day) is None
    with pytest.raises(DomainError, match="target.not_above_zero"):
        set_target(guide=world.lin, day=day, amount=0, by=ONBOARDING)
