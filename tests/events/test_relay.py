"""Numbers after commit: nothing missed, nothing twice, nobody delayed by somebody else's long transaction."""

import logging
import random
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

import pytest
from django.db import connection, transaction

from events import relay
from events.models import Event, Position, RelayState
from tests.events.conftest import INSERT, another_session, paid, running_relay, soon, stream_of_subjects

pytestmark = pytest.mark.usefixtures("no_gap")


def test_an_event_gets_its_number_once_committed():
    with transaction.atomic():
        paid(1)
        with another_session() as other, other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM events_event")
            assert cursor.fetchone() == (0,)
    assert relay.number_now()
    assert stream_of_subjects() == ["ord_1"]


def test_a_reader_of_ids_would_step_over_a_slow_transaction_and_the_relay_does_not():
    relay.number_now()
    with another_session() as slow:
        slow.cursor().execute(INSERT, ["ord_slow"])
        with transaction.atomic():
            paid("fast")
        highest_id_read = Event.objects.latest("id").pk
        relay.number_now()
        slow.commit()
    missed = Event.objects.get(subject="ord_slow")
    assert missed.pk < highest_id_read, "the race: whoever follows ids has already passed it"
    relay.number_now()
    assert stream_of_subjects() == ["ord_fast", "ord_slow"]


def test_a_long_transaction_delays_only_its_own_events():
    with running_relay(), another_session() as slow:
        slow.cursor().execute(INSERT, ["ord_slow"])
        for number in range(20):
            with transaction.atomic():
                paid(number)
            assert soon(lambda number=number: f"ord_{number}" in stream_of_subjects(), within=1)
        assert "ord_slow" not in stream_of_subjects()
        slow.commit()
        assert soon(lambda: stream_of_subjects()[-1] == "ord_slow", within=1)


def test_an_event_of_an_undone_savepoint_gets_no_number():
    with transaction.atomic():
        paid("kept")
        with pytest.raises(LookupError), transaction.atomic():
            paid("undone")
            raise LookupError
        with transaction.atomic():
            paid("kept too")
    relay.number_now()
    assert stream_of_subjects() == ["ord_kept", "ord_kept too"]


def test_an_idle_relay_writes_nothing():
    with transaction.atomic():
        paid(1)
    relay.number_now()
    before = RelayState.objects.values().get()
    for _ in range(3):
        relay.number_now()
    assert RelayState.objects.values().get() == before


def test_eight_writers_with_savepoints_rollbacks_and_long_commits_and_relays_killed_in_between():
    """Every committed event is numbered once, though relays are killed without warning while they number."""
    enough = threading.Event()
    committed: list[list[str]] = [[] for _ in range(8)]
    writers = [
        threading.Thread(target=write, args=(number, committed[number], enough)) for number in range(8)
    ]
    for writer in writers:
        writer.start()
    try:
        for _ in range(3):
            before = Position.objects.count()
            victim = start_relay_process()
            assert soon(lambda before=before: Position.objects.count() > before + 50, within=20)
            victim.kill()
            victim.wait()
    finally:
        enough.set()  # else the writers outlive a failure, and the interpreter waits for them
    for writer in writers:
        writer.join()
    with running_relay():
        assert soon(lambda: Position.objects.count() == Event.objects.count(), within=10)
    expected = [subject for mine in committed for subject in mine]
    assert sorted(stream_of_subjects()) == sorted(expected)


def write(writer, committed, enough):
    """Sales of one till: some undone, some in parts, some slow."""
    chance = random.Random(writer)
    turn = 0
    while not enough.is_set():
        turn += 1
        subjects = []
        with suppress(ValueError), transaction.atomic():
            subjects.append(paid(f"{writer}.{turn}").subject)
            with suppress(LookupError), transaction.atomic():
                part = paid(f"{writer}.{turn}.part").subject
                if chance.random() < 0.3:
                    raise LookupError
                subjects.append(part)
            time.sleep(chance.choice([0, 0, 0, 0.01, 0.01, 0.3]))
            if chance.random() < 0.2:
                subjects.clear()
                raise ValueError
        committed.extend(subjects)
    connection.close()


def start_relay_process():
    code = "import django, threading; django.setup(); from events import relay; relay.run(threading.Event())"
    return subprocess.Popen([sys.executable, "-c", code])


def test_of_two_relays_one_leads_and_the_other_takes_over():
    batches = {"first": [], "second": []}
    with ExitStack() as standing_by:
        with running_relay(batches["first"].append):
            assert soon(lambda: RelayState.objects.exists())
            standing_by.enter_context(running_relay(batches["second"].append))
            for number in range(10):
                with transaction.atomic():
                    paid(number)
                assert soon(lambda number=number: Position.objects.count() == number + 1)
            assert not batches["second"]
            assert not relay.number_now(), "a command does not number beside a leader"
        with transaction.atomic():
            paid("after")
        assert soon(lambda: batches["second"])
    assert sum(len(batch) for batch in batches["first"]) == 10
    assert [batch.last for batch in batches["second"]] == [11]


def test_a_leader_whose_connection_is_cut_leads_again(owner, caplog):
    with running_relay():
        with transaction.atomic():
            paid("before")
        assert soon(lambda: stream_of_subjects() == ["ord_before"])
        terminate_the_leader()
        with transaction.atomic():
            paid("after")
        assert soon(lambda: stream_of_subjects() == ["ord_before", "ord_after"])
    assert "the database refused" in caplog.text


def terminate_the_leader():
    """As the role that leads may end its own sessions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND pid <> pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert cursor.fetchall()


@pytest.mark.parametrize(
    "restored",
    [
        {"cluster": "7000000000000000001"},
        {"snapshot": "900000000000:900000000005:900000000001"},
    ],
    ids=["by its name", "by a snapshot from the future"],
)
def test_a_snapshot_from_another_cluster_is_noticed_and_numbering_starts_over(restored, caplog):
    """A dump keeps events and numbers, but its snapshot and transaction ids count another cluster's work."""
    with transaction.atomic():
        paid("numbered before the dump")
    relay.number_now()
    with another_session() as session, session.cursor() as cursor:
        cursor.execute(
            INSERT.replace("at)", "at, xid)").replace("now())", "now(), '900000000003')"), ["ord_2"]
        )
        session.commit()
    RelayState.objects.update(**restored)

    with caplog.at_level(logging.WARNING):
        relay.number_now()
    assert "another cluster" in caplog.text
    assert stream_of_subjects() == ["ord_numbered before the dump", "ord_2"]

    with transaction.atomic():
        paid("after the restore")
    relay.number_now()
    relay.number_now()
    assert stream_of_subjects()[-1] == "ord_after the restore"
    assert Position.objects.count() == 3, "the foreign ids, far ahead, are not taken for new ones"


def test_foreign_ids_that_this_cluster_reaches_one_day_are_not_numbered_twice():
    relay.number_now()
    with another_session() as session, session.cursor() as cursor:
        cursor.execute("SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 5)::text")
        (soon_reached,) = cursor.fetchone()
        cursor.execute(
            INSERT.replace("at)", "at, xid)").replace("now())", "now(), %s)"), ["ord_old", soon_reached]
        )
        session.commit()
    RelayState.objects.update(cluster="7000000000000000001")
    relay.number_now()
    for number in range(12):
        with transaction.atomic():
            paid(number)
        relay.number_now()
    assert stream_of_subjects() == ["ord_old", *(f"ord_{number}" for number in range(12))]


def test_a_hook_that_fails_costs_nobody_a_number(caplog):
    heard = []

    def broken(numbered):
        raise ConnectionError

    with running_relay(broken, heard.append):
        with transaction.atomic():
            paid(1)
            paid(2, kind="order.refunded")
        assert soon(lambda: heard)
    assert stream_of_subjects() == ["ord_1", "ord_2"]
    assert heard == [relay.Numbered(1, 2, frozenset({"order.paid", "order.refunded"}))]
    assert "broken" in caplog.text


def test_order_is_kept_for_each_subject():
    """Whoever changes a subject holds its lock until commit: the later change has the later id."""
    with running_relay():
        for _ in range(30):
            with transaction.atomic():
                paid("same", kind="order.paid")
            with transaction.atomic():
                paid("same", kind="order.refunded")
        assert soon(lambda: Position.objects.count() == 60)
    kinds = [event.kind for event in Event.objects.after(0)]
    assert kinds == ["order.paid", "order.refunded"] * 30
