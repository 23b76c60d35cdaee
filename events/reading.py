"""Act on the stream: a reader keeps its place in the transaction of what it does; no event blocks it.

A reader may go in several lanes, each with a place of its own: a lane is given the subjects that fall into it, so what
happens to one subject keeps its order, and two workers can act for one reader at a time.

Locking: the reader's row first, then whatever the handler locks. A worker that finds the row taken goes away;
whoever holds it looks once more after its commit, so a bell that rang meanwhile is not lost.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from events import stream
from events.models import Event, EventQuerySet, Fault, Reader

logger = logging.getLogger(__name__)

BATCH = 200
RETRIES = 50  # faults tried again in one step
DEADLOCK = "40P01"
DEADLOCKS = 5  # of one reader, one after the other
PATIENCE = timedelta(hours=1)  # the longest wait between two tries

Handle = Callable[[int, list[Event]], None]  # (merchant_id, events of that merchant in order)


@dataclass(frozen=True)
class Lane:
    """One of a reader's lanes, counted from 0. Faults are the reader's: they stay when it gets more lanes."""

    reader: str
    number: int = 0
    of: int = 1

    @property
    def name(self) -> str:
        """Of its place in the stream."""
        return self.reader if self.of == 1 else f"{self.reader} {self.number + 1}/{self.of}"

    def all(self) -> list["Lane"]:
        return [Lane(self.reader, number, self.of) for number in range(self.of)]

    def events(self, after: int = 0) -> EventQuerySet:
        events = Event.objects.after(after)
        return events if self.of == 1 else events.in_lane(self.number, self.of)


def catch_up(lane: Lane, *, kinds: Collection[str], handle: Handle) -> int:
    """Bring the reader's lane to the head of the stream; returns how many events it was given.

    `handle` may see an event again only if its transaction was undone. If a batch fails, its events are given
    one by one, and those that fail alone become faults: `retry_due` tries them again. Of a deadlock nobody is at fault:
    the batch is undone and given again.
    """
    given = deadlocks = 0
    while _is_behind(lane):
        try:
            count = _step(lane, kinds, handle)
        except OperationalError as error:
            deadlocks += 1
            if not _is_deadlock(error) or deadlocks > DEADLOCKS:
                raise
            logger.warning("%s met a deadlock; its batch is given again", lane.name)
            continue
        if count is None:
            break
        deadlocks = 0
        given += count
    return given


def retry_due(lane: Lane, *, handle: Handle) -> int:
    """Try the faults again whose time has come; returns how many events got through."""
    with transaction.atomic():
        if not _lock(lane):
            return 0
        due = Fault.objects.filter(reader=lane.reader, retry_at__lte=timezone.now())
        if lane.of > 1:
            due = due.filter(event__in=lane.events().filter(id__in=due.values("event")))
        return sum(_retry(fault, handle) for fault in due.select_related("event").order_by("seq")[:RETRIES])


def _is_behind(lane: Lane) -> bool:
    reader = Reader.objects.filter(name=lane.name).first()
    if reader is None:
        _begin(lane)
        return True
    return stream.head() > reader.seq


def _begin(lane: Lane) -> None:
    """Give all lanes their places: where the last had got to of those that the reader went in before. So nothing is
    left out; places stay, also those that nobody goes on from."""
    before: dict[str, list[int]] = defaultdict(list)
    of_reader = Q(name=lane.reader) | Q(name__startswith=f"{lane.reader} ")
    for name, seq in Reader.objects.filter(of_reader).values_list("name", "seq"):
        before[name.removeprefix(lane.reader).rpartition("/")[2]].append(seq)
    begin = min(max(before.values(), key=max, default=[0]))
    places = [Reader(name=each.name, seq=begin) for each in lane.all()]
    Reader.objects.bulk_create(places, ignore_conflicts=True)


def _step(lane: Lane, kinds: Collection[str], handle: Handle) -> int | None:
    """One batch in one transaction; None if another worker has this lane."""
    with transaction.atomic():
        place = _lock(lane)
        if not place:
            return None
        head = stream.head()
        news = lane.events(after=place.seq).filter(position__seq__lte=head, kind__in=kinds)
        batch = list(news[:BATCH])
        held = _held(lane.reader, batch)
        # In one order, whoever reads: what is locked for a merchant stays so until the step ends.
        for merchant_id in sorted({event.merchant_id for event in batch}):
            _give(
                lane.reader,
                merchant_id,
                [event for event in batch if event.merchant_id == merchant_id],
                held,
                handle,
            )
        place.seq = batch[-1].seq if len(batch) == BATCH else head
        place.save(update_fields=["seq"])
        return len(batch)


def _lock(lane: Lane) -> Reader | None:
    return Reader.objects.select_for_update(skip_locked=True).filter(name=lane.name).first()


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
        gone = connection.connection is None or connection.connection.closed
        if connection.needs_rollback or gone or _is_deadlock(error):
            raise  # not the event's fault: the whole batch is undone and comes again
        return _described(error)
    return ""


def _is_deadlock(error: BaseException) -> bool:
    return getattr(error.__cause__, "pgcode", "") == DEADLOCK


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
