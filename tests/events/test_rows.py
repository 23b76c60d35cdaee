"""What is copied in is what an INSERT would have kept."""

import pytest
from django.db import IntegrityError, transaction

from events import rows
from events.models import Event
from events.record import Actor
from members.models import Person

ODD = ["a\tb", "a\nb\r", "\\", "\\N", '"quoted"', "{a,b}", "青岚", "'", "", "\u2028", "null", "a\\tb"]


def events_of(texts):
    return [
        Event(
            merchant_id=7,
            kind="bench.told",
            subject=text,
            actor_kind=Actor.system("x").kind,
            actor_ref="x",
            payload={"text": text, "lines": [{"n": number, "none": None, "yes": True}]},
            concerns=[text, f"mem_{number}"],
        )
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("at_once", [1, rows.FEW - 1, rows.FEW, len(ODD)])
def test_every_text_comes_back_as_it_was(db, at_once):
    assert len(ODD) > rows.FEW
    copied = [event for some in batched(events_of(ODD), at_once) for event in rows.write(Event, some)]
    inserted = Event.objects.bulk_create(events_of(ODD))
    assert [event.pk for event in copied] == sorted(event.pk for event in copied)

    def kept(written):
        found = Event.objects.filter(pk__in=[event.pk for event in written]).order_by("pk")
        assert all(event.recorded_at and event.xid for event in found)
        return list(found.values_list("subject", "payload", "concerns", "merchant_id"))

    assert kept(copied) == kept(inserted)
    assert [subject for subject, *_rest in kept(copied)] == ODD


def batched(events, size):
    return [events[start : start + size] for start in range(0, len(events), size)]


def test_of_nothing_nothing_is_asked(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert rows.write(Event, []) == []


@pytest.mark.parametrize("count", [2, 20])
def test_bytes_and_clocks_are_kept_and_a_key_that_is_taken_is_refused_with_all_that_came_along(db, count):
    people = [Person(phone_hash=bytes([number, 0, 255]), phone_sealed=b"sealed") for number in range(count)]
    rows.write(Person, people)
    kept = Person.objects.in_bulk([person.pk for person in people])
    assert all(bytes(kept[person.pk].phone_hash) == person.phone_hash for person in people)
    assert all(kept[person.pk].created_at == person.created_at for person in people)
    assert not any(person._state.adding for person in people)
    more = [Person(phone_hash=bytes([number]), phone_sealed=b"sealed") for number in range(count)]
    more.append(Person(phone_hash=people[1].phone_hash, phone_sealed=b"sealed"))
    with pytest.raises(IntegrityError, match="phone_hash"), transaction.atomic():
        rows.write(Person, more)
    assert Person.objects.count() == count
