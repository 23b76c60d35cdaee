"""Read the stream in its order."""

from django.db.models import Max

from events.models import Event, EventQuerySet, Position

PAGE = 200


def head() -> int:
    """The highest number given so far; 0 for an empty stream."""
    return Position.objects.aggregate(head=Max("seq"))["head"] or 0


def read(after: int, limit: int = PAGE, *, upto: int | None = None) -> list[Event]:
    """The events behind `after`, in order, each with its `seq`; of every merchant, so not for faces."""
    events = Event.objects.after(after)
    if upto is not None:
        events = events.filter(position__seq__lte=upto)
    return list(events[:limit])


def for_merchant(merchant_id: int) -> EventQuerySet:
    """One merchant's numbered events: `.after(seq)`, `.newest_first()`, `.concerning(ref, …)`."""
    return Event.objects.for_merchant(merchant_id).numbered()


def timeline(merchant_id: int, ref: str, limit: int = PAGE) -> list[Event]:
    """What happened to a member, guide, store or user in one merchant's eyes, newest first."""
    return list(for_merchant(merchant_id).concerning(ref).newest_first()[:limit])
