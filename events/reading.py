"""Act on the stream: a reader keeps its place in the transaction of what it does; no event blocks it.

Locking: the reader's row first, then whatever the handler locks. A worker that finds the row taken goes away;
whoever holds it looks once more after its commit, so a bell that rang meanwhile is not lost.
"""

import logging
import traceback
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import PurePath

from django.db import connection, transaction
from django.utils import timezone

from events import stream
from events.models import Event, Fault, Reader

logger = logging.getLogger(__name__)

BATCH = 200
RETRIES = 50  # faults tried again in one step
PATIENCE = timedelta(hours=1)  # the longest wait between two tries

Handle = Callable[[int, list[Event]], None]  # (merchant_id, events of that merchant in order)


def catch_up(name: str, *, kinds: Collection[str], handle: Handle) -> int:
    """Bring the reader to the head of the stream; returns how many events it was given.

    `handle` may see an event again only if its transaction was undone. If a batch fails, its events are given
    one by one, and those that fail alone become faults: `retry_due` tries them again.
    """
    given = 0
    while _is_behind(name):
        count = _step(name, kinds, handle)
        if count is None:
            break
        given += count
    return given


def retry_due(name: str, *, handle: Handle) -> int:
    """Try the faults again whose time has come; returns how many events got through."""
    with transaction.atomic():
        if not _lock(name):
            return 0
        due = (
            Fault.objects.filter(reader=name, retry_at__lte=timezone.now())
            .select_related("event")
            .order_by("seq")
        )
        return sum(_retry(fault, handle) for fault in due[:RETRIES])


def _is_behind(name: str) -> bool:
    reader = Reader.objects.filter(name=name).first()
    if reader is None:
        Reader.objects.bulk_create([Reader(name=name)], ignore_conflicts=True)
        return True
    return stream.head() > reader.seq


def _step(name: str, kinds: Collection[str], handle: Handle) -> int | None:
    """One batch in one transaction; None if another worker has this reader."""
    with transaction.atomic():
        reader = _lock(name)
        if not reader:
            return None
        head = stream.head()
        news = Event.objects.after(reader.seq).filter(position__seq__lte=head, kind__in=kinds)
        batch = list(news[:BATCH])
        held = _held(name, batch)
        for merchant_id in dict.fromkeys(event.merchant_id for event in batch):
            _give(
                name,
                merchant_id,
                [event for event in batch if event.merchant_id == merchant_id],
                held,
                handle,
            )
        reader.seq = batch[-1].seq if len(batch) == BATCH else head
        reader.save(update_fields=["seq"])
        return len(batch)


def _lock(name: str) -> Reader | None:
    return Reader.objects.select_for_update(skip_locked=True).filter(name=name).first()


def _held(name: str, events: list[Event]) -> set[tuple[int, str]]:
    """Merchants and subjects among these events that already wait behind a fault."""
    subjects = {event.subject for event in events}
    faults = Fault.objects.filter(reader=name, event__subject__in=subjects)
    return set(faults.values_list("event__merchant_id", "event__subject"))


def _give(
    name: str, merchant_id: int, events: list[Event], held: set[tuple[int, str]], handle: Handle
) -> None:
    free = [event for event in events if (merchant_id, event.subject) not in held]
    if len(free) == len(events) and not _act(handle, merchant_id, events):
        return
    for event in events:
        key = (merchant_id, event.subject)
        if key in held:
            Fault.objects.create(reader=name, event=event, seq=event.seq)
        elif error := _act(handle, merchant_id, [event]):
            held.add(key)
            Fault.objects.create(reader=name, event=event, seq=event.seq, **_failed(error, attempts=1))
            logger.error("%s set aside event %s (%s): %s", name, event.pk, event.kind, error)


def _retry(fault: Fault, handle: Handle) -> int:
    """The event at fault, then those that waited behind it, until one fails."""
    event = fault.event
    line = Fault.objects.filter(reader=fault.reader, event__merchant_id=event.merchant_id)
    through = 0
    for waiting in line.filter(event__subject=event.subject).select_related("event").order_by("seq"):
        error = _act(handle, event.merchant_id, [waiting.event])
        if error:
            failed = _failed(error, attempts=waiting.attempts + 1)
            Fault.objects.filter(pk=waiting.pk).update(**failed)
            break
        waiting.delete()
        through += 1
    return through


def _act(handle: Handle, merchant_id: int, events: list[Event]) -> str:
    """Empty, or what went wrong; then nothing of it is left."""
    try:
        with transaction.atomic():
            handle(merchant_id, events)
    except Exception as error:
        if connection.needs_rollback or connection.connection is None or connection.connection.closed:
            raise  # not the event's fault: the whole batch is undone and comes again
        return _described(error)
    return ""


def _described(error: Exception) -> str:
    """Type, code and place: the text of an error may hold a phone number."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    code = getattr(error, "code", "")
    words = [type(error).__qualname__, code if isinstance(code, str) else ""]
    return " ".join(
        [*filter(None, words), f"at {PurePath(frame.filename).name}:{frame.lineno} in {frame.name}"]
    )[:255]


def _failed(error: str, *, attempts: int) -> dict[str, object]:
    wait = min(timedelta(seconds=5 * 2 ** min(attempts, 12)), PATIENCE)
    return {"error": error, "attempts": attempts, "retry_at": timezone.now() + wait}
