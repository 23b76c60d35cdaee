"""A reader in several lanes: each subject in one of them, and nothing is left out when their number changes."""

import threading

import pytest
from django.db import connection, transaction

from events import reading, relay
from events.models import Fault, Reader
from events.reading import Lane
from tests.events.conftest import paid
from tests.events.test_reading import Clerk, sales  # noqa: F401  (a fixture)

KINDS = {"order.paid", "order.refunded"}


def act(clerk: Clerk, lane: Lane) -> int:
    return reading.catch_up(lane, kinds=KINDS, handle=clerk.handle)


def in_lanes(of: int) -> list[tuple[Lane, Clerk]]:
    return [(lane, Clerk()) for lane in Lane("clerk", of=of).all()]


def test_each_event_is_given_to_one_lane_and_a_subject_keeps_its_order(sales):  # noqa: F811
    sales(*range(40))
    sales(*range(40), kind="order.refunded")
    given = []
    for lane, clerk in in_lanes(3):
        assert act(clerk, lane) == len(clerk.done) > 0
        subjects = clerk.done[: len(clerk.done) // 2]
        assert clerk.done == subjects * 2, "paid first, then refunded, of the same subjects"
        given += clerk.done
    assert sorted(given) == sorted(f"ord_{n}" for n in range(40) for _twice in range(2))


def test_lanes_go_on_from_where_the_last_of_those_before_had_got_to(sales):  # noqa: F811
    sales(*range(20))
    Reader.objects.create(name="clerks", seq=3)  # somebody else's
    act(Clerk(), Lane("clerk"))
    sales(*range(20, 40))
    (first, quick), (second, slow) = in_lanes(2)
    act(quick, first)
    act(slow, second)
    assert sorted(quick.done + slow.done) == sorted(f"ord_{n}" for n in range(20, 40))
    sales(*range(40, 60))
    act(quick, first)
    again = in_lanes(3)
    for lane, clerk in again:
        act(clerk, lane)
    missed = {f"ord_{n}" for n in range(40, 60)} - set(quick.done)
    assert missed <= {subject for _lane, clerk in again for subject in clerk.done}
    given = sum(len(clerk.done) for _lane, clerk in again)
    assert given == 20, "and not from where the one lane of the beginning had stopped"


def test_a_fault_stays_when_the_lanes_change_and_its_own_lane_tries_it_again(sales):  # noqa: F811
    sales(1, 2, 3, 4, 5, 6)
    act(Clerk("ord_1", "ord_2"), Lane("clerk"))
    Fault.objects.update(retry_at="2020-01-01T00:00Z")
    tried = []
    for lane, clerk in in_lanes(2):
        act(clerk, lane)
        reading.retry_due(lane, handle=clerk.handle)
        tried.append(set(clerk.done))
    assert tried[0] | tried[1] == {"ord_1", "ord_2"}
    assert not tried[0] & tried[1]
    assert not Fault.objects.exists()


@pytest.mark.parametrize("lanes", [1, 2], ids=["one lane: in turn", "two lanes: at a time"])
def test_two_workers_act_at_a_time_in_two_lanes(transactional_db, lanes):
    with transaction.atomic():
        for subject in range(20):
            paid(subject)
    relay.number_now()
    places = Lane("clerk", of=lanes).all()
    Reader.objects.bulk_create(Reader(name=lane.name) for lane in places)
    meeting, met = threading.Barrier(2), []

    def handle(merchant_id, events):
        try:
            meeting.wait(timeout=2)
            met.append(True)
        except threading.BrokenBarrierError:
            met.append(False)

    def work(lane):
        reading.catch_up(lane, kinds=KINDS, handle=handle)
        connection.close()

    workers = [threading.Thread(target=work, args=[places[n % lanes]]) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert met == [lanes == 2] * lanes
