from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from events.models import Event, Position
from events.record import Actor, Happening, one_statement, record, record_many
from tests.events.conftest import paid

LIN = Actor.user("usr_lin")


def joined(**changes):
    arguments = {
        "merchant_id": 7,
        "subject": "mem_wang",
        "payload": {"store": "sto_jingan", "consents": ["offers"], "first": True, "points": 0, "guide": None},
        "concerns": ["mem_wang", "gui_lin", "sto_jingan"],
        "by": LIN,
    }
    return record("member.joined", **{**arguments, **changes})


def test_an_event_keeps_what_happened_to_whom_and_who_did_it(db):
    at = datetime(2026, 11, 1, 2, 30, tzinfo=UTC)
    event = Event.objects.get(pk=joined(at=at).pk)
    assert (event.merchant_id, event.kind, event.subject) == (7, "member.joined", "mem_wang")
    assert (event.actor_kind, event.actor_ref) == ("user", "usr_lin")
    assert event.payload == {
        "store": "sto_jingan",
        "consents": ["offers"],
        "first": True,
        "points": 0,
        "guide": None,
    }
    assert event.concerns == ["mem_wang", "gui_lin", "sto_jingan"]
    assert event.at == at
    assert event.recorded_at > at, "when it was written down is the database's clock, whatever `at` says"


def test_whom_it_concerns_is_named_once_and_never_nobody(db):
    assert joined(concerns=["mem_wang", None, "", "mem_wang", "gui_lin"]).concerns == ["mem_wang", "gui_lin"]


def test_an_event_outside_the_transaction_of_its_change_is_refused(transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        joined()
    assert not Event.objects.exists()


def test_an_event_rolled_back_with_its_change_never_happened(transactional_db):
    with pytest.raises(ValueError, match="no stock"), transaction.atomic():
        joined()
        raise ValueError("no stock")
    assert not Event.objects.exists()


@pytest.mark.parametrize("value", [0.1, date(2026, 11, 22), b"x", {1: "a"}, {"lines": [{"rate": 1.5}]}])
def test_a_payload_that_json_would_bend_is_refused(db, value):
    with pytest.raises(TypeError, match=r"member\.joined"):
        joined(payload={"value": value})


def test_a_batch_is_one_statement_and_keeps_its_order(db, django_assert_num_queries):
    happenings = [Happening("coupon.issued", 7, f"cou_{n}", {"campaign": "cam_1"}) for n in range(50)]
    with django_assert_num_queries(1):
        events = record_many(happenings, by=LIN)
    assert [event.subject for event in Event.objects.order_by("id")] == [event.subject for event in events]


def test_several_deeds_may_be_told_in_one_statement_in_their_order(db, django_assert_num_queries):
    with django_assert_num_queries(1), one_statement():
        paid(1)
        paid(2)
    assert list(Event.objects.order_by("id").values_list("subject", flat=True)) == ["ord_1", "ord_2"]
    with pytest.raises(ValueError, match="undone"), one_statement():
        paid(3)
        raise ValueError("undone")
    paid(4)
    assert Event.objects.count() == 3, "nothing of it is left for whoever comes next"


@pytest.mark.parametrize("table", [Event, Position])
def test_the_application_may_neither_change_nor_delete_nor_empty_the_stream(db, table):
    event = joined()
    Position.objects.create(seq=1, event=event)
    name = table._meta.db_table
    column = "kind" if table is Event else "seq"
    for statement in (f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}", f"TRUNCATE {name}"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


def test_even_its_owner_cannot_change_or_delete_an_event(transactional_db, owner):
    with transaction.atomic():
        joined()
    for statement in ("UPDATE events_event SET kind = 'x'", "DELETE FROM events_event"):
        with pytest.raises(Exception, match="append-only"):
            owner.cursor().execute(statement)


def test_two_numbers_for_one_event_are_refused_by_the_database(db):
    event = joined()
    Position.objects.create(seq=1, event=event)
    with pytest.raises(IntegrityError, match="event_id"), transaction.atomic():
        Position.objects.create(seq=2, event=event)
