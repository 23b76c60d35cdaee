"""Write an event, in the transaction of the change it tells about."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from events import rows
from events.models import Event

CHANNEL = "events_recorded"  # what the relay listens to
_QUIET = 0.02  # seconds: one call a process in this time; the relay stays awake longer than that

_last_call = 0.0
_gathered: ContextVar[list[Event] | None] = ContextVar("gathered", default=None)
_EXACT = frozenset({type(None), str, int, bool})


@dataclass(frozen=True)
class Actor:
    """Who did it: a signed-in user, a merchant's API key, a shopper, or a part of the system."""

    kind: str
    ref: str

    @classmethod
    def user(cls, ref: str) -> "Actor":
        return cls("user", ref)

    @classmethod
    def key(cls, ref: str) -> "Actor":
        return cls("key", ref)

    @classmethod
    def person(cls, ref: str) -> "Actor":
        return cls("person", ref)

    @classmethod
    def system(cls, name: str) -> "Actor":
        return cls("system", name)


@dataclass(frozen=True)
class Happening:
    """What `record_many` takes: the arguments of `record` without the actor."""

    kind: str
    merchant_id: int
    subject: str
    payload: Mapping[str, Any]
    concerns: Sequence[str] = field(default_factory=tuple)
    at: datetime | None = None


def record(
    kind: str,
    *,
    merchant_id: int,
    subject: str,
    payload: Mapping[str, Any],
    concerns: Iterable[str],
    by: Actor,
    at: datetime | None = None,
) -> Event:
    """Write one event for one merchant. `subject` and `concerns` are public refs (`ord_…`, `mem_…`);
    `payload` is what that merchant may see: str, int, bool, None, lists and dicts of them, holding ids,
    codes and fen.

    RuntimeError outside a transaction, TypeError for a payload of anything else.
    """
    happening = Happening(kind, merchant_id, subject, payload, tuple(concerns), at)
    return record_many([happening], by=by)[0]


def record_many(happenings: Iterable[Happening], *, by: Actor) -> list[Event]:
    """Write many events in one statement, in the order given."""
    if not connection.in_atomic_block:
        raise RuntimeError(
            "An event is written in the transaction of its change: open one with transaction.atomic()."
        )
    now = timezone.now()
    events = [
        Event(
            merchant_id=happening.merchant_id,
            kind=happening.kind,
            subject=happening.subject,
            actor_kind=by.kind,
            actor_ref=by.ref,
            payload=_plain(happening.payload, happening.kind),
            concerns=list(dict.fromkeys(ref for ref in happening.concerns if ref)),
            at=happening.at or now,
        )
        for happening in happenings
    ]
    gathered = _gathered.get()
    if gathered is None:
        _write(events)
    else:
        gathered += events
    return events


@contextmanager
def one_statement() -> Iterator[None]:
    """What is recorded inside is written at its end in one statement, in the order told; of several deeds that stand or
    fall together, without a savepoint between them. Events have no id until then."""
    begun = _gathered.set([])
    try:
        yield
        if events := _gathered.get():
            _write(events)
    finally:
        _gathered.reset(begun)


def _write(events: list[Event]) -> None:
    rows.write(Event, events)
    transaction.on_commit(_call_the_relay, robust=True)


def _plain(value: Any, where: str) -> Any:
    """The value, if JSON keeps it exactly; a float or a date would reach readers as something else."""
    if type(value) in _EXACT or isinstance(value, (str, int)):
        return value
    if type(value) is dict or isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{where}: payload keys are text")
        return {
            key: item if type(item) in _EXACT else _plain(item, f"{where}.{key}")
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, where) for item in value]
    raise TypeError(f"{where}: {type(value).__name__} in a payload; write it as text or a whole number")


def _call_the_relay() -> None:
    """After commit, because NOTIFY inside the writing transaction costs two thirds of the throughput. In a
    burst only the first call is made: the relay, once awake, looks again every 25 ms by itself."""
    global _last_call
    now = time.monotonic()
    if now - _last_call < _QUIET:
        return
    _last_call = now
    with connection.cursor() as cursor:
        # One statement, its own transaction, no wait for the disk: a lost call costs 250 ms, not an event.
        cursor.execute("SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, '')", [CHANNEL])
