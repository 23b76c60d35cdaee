import pytest

from events.models import Event
from events.record import Actor
from flows import followers as _table  # noqa: F401
from flows import following
from notifications import inbox


@pytest.fixture
def told(world, tell):
    """Tell of an event at Hehe and let the inbox follow."""

    def told(kind, *concerns, **how):
        tell(world.hehe, kind, *concerns, **how)
        following.named("notifications").catch_up()

    return told


def test_a_guide_is_told_of_what_concerns_that_guide(world, told):
    told("member.joined", "mem_wang", world.lin.ref, subject="mem_wang")
    told("coupon.redeemed", "gui_colleague")
    with world.inside(world.hehe):
        (notification,) = inbox.newest(world.lin.user)
        assert (notification.kind, notification.event.subject) == ("member.joined", "mem_wang")
        assert inbox.unread_count(world.lin.user) == 1


def test_nobody_is_told_of_what_they_did_themselves(world, told):
    told("coupon.redeemed", world.lin.ref, by=Actor.user(world.lin.user.ref))
    with world.inside(world.hehe):
        assert not inbox.newest(world.lin.user)


def test_an_event_delivered_again_is_in_the_inbox_once(world, told):
    told("member.joined", world.lin.ref)
    with world.inside(world.hehe):
        inbox.deliver(Event.objects.newest_first()[0], user_ids=[world.lin.user_id] * 2)
        assert inbox.unread_count(world.lin.user) == 1


def test_what_came_while_the_page_was_open_stays_unread(world, told):
    told("member.joined", world.lin.ref, subject="mem_1")
    told("member.joined", world.lin.ref, subject="mem_2")
    with world.inside(world.hehe):
        newest, oldest = inbox.newest(world.lin.user)
        assert inbox.mark_read(world.lin.user, upto=oldest.seq) == 1
        assert inbox.unread_count(world.lin.user) == 1
        assert inbox.newest(world.lin.user, before=newest.seq) == [oldest]


def test_somebody_elses_notification_is_not_marked(world, told):
    told("member.joined", world.lin.ref)
    with world.inside(world.hehe):
        (notification,) = inbox.newest(world.lin.user)
        assert inbox.mark_read(world.he, ref=notification.ref) == 0
        assert inbox.mark_read(world.lin.user, ref=notification.ref) == 1
        assert inbox.mark_read(world.lin.user, ref=notification.ref) == 0


def test_marking_needs_to_know_what(world):
    with world.inside(world.hehe), pytest.raises(ValueError, match="one ref"):
        inbox.mark_read(world.lin.user)
