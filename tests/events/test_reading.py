"""Readers keep their place with what they do; an event that cannot be acted on steps aside."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from events import reading, relay, stream
from events.models import Fault, Reader
from events.reading import Lane
from tests.events.conftest import paid
from tests.streaming import number


@pytest.fixture
def sales(db):
    """Tell the stream of sales, and number them."""

    def tell(*numbers, **about):
        for subject in numbers:
            paid(subject, **about)
        number()

    return tell


class Clerk:
    """A reader that writes down what it was given, and stumbles over some subjects."""

    def __init__(self, *stumbles):
        self.stumbles = set(stumbles)
        self.given = []
        self.done = []

    def handle(self, merchant_id, events):
        self.given.append([event.subject for event in events])
        for event in events:
            if event.subject in self.stumbles:
                raise ValueError("13900000001 is not known")
            self.done.append(event.subject)

    def catch_up(self, **options):
        return reading.catch_up(
            Lane("clerk"), kinds={"order.paid", "order.refunded"}, handle=self.handle, **options
        )


def test_a_reader_is_given_each_event_of_its_kinds_once_in_order(sales):
    sales(1, 2, 3)
    sales(9, kind="coupon.issued")
    clerk = Clerk()
    assert clerk.catch_up() == 3
    sales(4)
    assert clerk.catch_up() == 1
    assert clerk.catch_up() == 0
    assert clerk.given == [["ord_1", "ord_2", "ord_3"], ["ord_4"]]
    assert Reader.objects.get().seq == stream.head()


def test_batches_hold_two_hundred_events_and_one_merchant(sales):
    sales(*range(210))
    sales("other", merchant_id=8)
    clerk = Clerk()
    assert clerk.catch_up() == 211
    assert [len(batch) for batch in clerk.given] == [200, 10, 1]


def test_an_event_that_cannot_be_acted_on_steps_aside_and_the_others_go_on(sales):
    sales(1, 2, 3)
    clerk = Clerk("ord_2")
    clerk.catch_up()
    assert clerk.given == [["ord_1", "ord_2", "ord_3"], ["ord_1"], ["ord_2"], ["ord_3"]]
    fault = Fault.objects.get()
    assert (fault.event.subject, fault.attempts) == ("ord_2", 1)
    assert fault.retry_at > timezone.now()
    sales(4)
    assert clerk.catch_up() == 1


def test_a_fault_says_where_it_happened_and_nothing_personal(sales, caplog):
    sales(1)
    Clerk("ord_1").catch_up()
    error = Fault.objects.get().error
    assert error.startswith("ValueError at test_reading.py:")
    assert error.endswith("in handle")
    assert "1390000" not in error + caplog.text


def test_later_events_of_a_subject_wait_behind_its_fault_and_only_there(sales):
    sales(1, 2)
    clerk = Clerk("ord_1")
    clerk.catch_up()
    sales(1, 2, kind="order.refunded")
    sales(1, merchant_id=8)
    clerk.stumbles.clear()
    clerk.catch_up()
    assert clerk.done[-2:] == ["ord_2", "ord_1"], "the other subject, and the same one of another merchant"
    assert [fault.error != "" for fault in Fault.objects.order_by("seq")] == [True, False]


def test_a_fault_is_tried_again_when_due_and_those_behind_it_follow_in_order(sales):
    sales(1)
    clerk = Clerk("ord_1")
    clerk.catch_up()
    sales(1, kind="order.refunded")
    clerk.catch_up()
    assert reading.retry_due(Lane("clerk"), handle=clerk.handle) == 0, "not yet"

    Fault.objects.exclude(retry_at=None).update(retry_at=timezone.now())
    assert reading.retry_due(Lane("clerk"), handle=clerk.handle) == 0, "still stumbles"
    assert Fault.objects.get(attempts=2).retry_at > timezone.now() + timedelta(seconds=15)

    clerk.stumbles.clear()
    Fault.objects.exclude(retry_at=None).update(retry_at=timezone.now())
    assert reading.retry_due(Lane("clerk"), handle=clerk.handle) == 2
    assert not Fault.objects.exists()


def test_what_a_failing_handler_wrote_is_undone(sales):
    sales(1)

    def handle(merchant_id, events):
        Reader.objects.create(name="written by the handler")
        Reader.objects.create(name="written by the handler")

    reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=handle)
    assert Fault.objects.get().error.startswith("IntegrityError")
    assert not Reader.objects.filter(name="written by the handler").exists()


def test_two_readers_come_to_the_merchants_in_the_same_order_whoever_is_first_in_their_batches(sales):
    came = []
    for sale, merchant_id in enumerate([9, 7, 8, 7]):
        sales(sale, merchant_id=merchant_id)
    reading.catch_up(
        Lane("clerk"),
        kinds={"order.paid"},
        handle=lambda merchant, events: came.append((merchant, len(events))),
    )
    assert came == [(7, 2), (8, 1), (9, 1)]


def test_a_deadlock_is_nobodys_fault_and_the_batch_is_given_again(sales):
    sales(1, 2, 3)
    clerk = Clerk()
    left = [2]

    def handle(merchant_id, events):
        clerk.handle(merchant_id, events)
        if left[0]:
            left[0] -= 1
            with connection.cursor() as cursor:
                cursor.execute(
                    "DO $$ BEGIN RAISE EXCEPTION 'two wait for each other' USING ERRCODE = '40P01'; END $$"
                )

    assert reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=handle) == 3
    assert clerk.given == [["ord_1", "ord_2", "ord_3"]] * 3
    assert not Fault.objects.exists()
    for n in range(10, 10 + reading.DEADLOCKS):  # one in each batch of a long backlog is not many
        left[0] = 1
        sales(n)
        assert reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=handle) == 1
    left[0] = 100
    sales(4)
    with pytest.raises(OperationalError):
        reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=handle)
    assert left[0] == 100 - 1 - reading.DEADLOCKS


@pytest.mark.parametrize("guarded", [False, True], ids=["guard off: twice", "guard on: once"])
def test_two_workers_never_act_on_the_same_event(transactional_db, monkeypatch, guarded):
    with transaction.atomic():
        for subject in range(20):
            paid(subject)
    relay.number_now()
    if not guarded:
        monkeypatch.setattr(reading, "_lock", lambda lane: Reader.objects.filter(name=lane.name).first())
    Reader.objects.create(name="clerk")
    clerk, both_read = Clerk(), threading.Barrier(2)

    def handle(merchant_id, events):
        with suppress(threading.BrokenBarrierError):
            both_read.wait(timeout=0.5)
        clerk.handle(merchant_id, events)

    def work():
        reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=handle)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(clerk.done) == (20 if guarded else 40)


def test_a_bell_that_rings_while_another_worker_holds_the_reader_is_not_lost(transactional_db):
    """The worker that comes meanwhile goes away; the one at work must see that worker's event."""
    clerk = Clerk()

    def tell(subject):
        with transaction.atomic():
            paid(subject)
        relay.number_now()

    def handle(merchant_id, events):
        clerk.handle(merchant_id, events)
        if len(clerk.given) == 1:
            second = threading.Thread(target=second_worker)
            second.start()
            second.join()

    def second_worker():
        tell(2)
        assert reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=clerk.handle) == 0
        connection.close()

    tell(1)
    reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=handle)
    assert clerk.done == ["ord_1", "ord_2"]


def test_a_worker_cut_off_in_the_middle_leaves_the_reader_where_it_was(transactional_db):
    with transaction.atomic():
        paid(1)
    relay.number_now()

    def cut_off(merchant_id, events):
        connection.connection.close()
        raise IntegrityError("whatever follows")

    with pytest.raises(Exception):  # noqa: B017  (which one depends on where the driver notices)
        reading.catch_up(Lane("clerk"), kinds={"order.paid"}, handle=cut_off)
    connection.close()
    clerk = Clerk()
    clerk.catch_up()
    assert clerk.done == ["ord_1"]
    assert not Fault.objects.exists()


def test_the_platforms_operator_sees_what_was_set_aside_and_can_only_look(sales, admin_client):
    sales(1)
    Clerk("ord_1").catch_up()
    page = admin_client.get("/admin/events/fault/")
    assert "order.paid ord_1" in page.text
    assert "ValueError at test_reading.py" in page.text
    assert admin_client.get("/admin/events/fault/add/").status_code == 403
