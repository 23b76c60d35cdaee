"""A user's notifications with the acting merchant: deliver, read, count, mark as read."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, QuerySet
from django.utils import timezone

from events.models import Event
from merchants.models import User
from notifications.models import Notification


def deliver(event: Event, *, user_ids: Iterable[int]) -> None:
    """Address a numbered event to users; a second time changes nothing."""
    Notification.objects.bulk_create(
        [
            Notification(
                merchant_id=event.merchant_id, user_id=user_id, event=event, seq=event.seq, kind=event.kind
            )
            for user_id in sorted(set(user_ids))
        ],
        ignore_conflicts=True,
    )


def newest(user: User, *, before: int | None = None, limit: int = 50) -> list[Notification]:
    """Newest first, each with its event; `before` is the `seq` of the last one shown."""
    mine = Notification.objects.filter(user=user).select_related("event").order_by("-seq")
    if before is not None:
        mine = mine.filter(seq__lt=before)
    return list(mine[:limit])


def unread_count(user: User) -> int:
    return _unread(user).count()


def unread_by_topic(user: User) -> Counter[str]:
    """How many of each topic: the first word of their kinds (`contract` of `contract.drafted`)."""
    counts: Counter[str] = Counter()
    for kind, count in _unread(user).values_list("kind").annotate(Count("id")).order_by():
        counts[kind.partition(".")[0]] += count
    return counts


def mark_read(user: User, *, ref: str | None = None, upto: int | None = None, topic: str = "") -> int:
    """One by `ref`, or everything (of a topic) up to the seq the page showed, so that what came in meanwhile
    stays unread. Returns how many were unread. Whose they are is whose name is on them: another's ref changes
    nothing."""
    if (ref is None) == (upto is None):
        raise ValueError("say which: one ref, or up to a seq")
    unread = _unread(user, topic)
    unread = unread.filter(ref=ref) if ref is not None else unread.filter(seq__lte=upto)
    return unread.update(read_at=timezone.now())


def _unread(user: User, topic: str = "") -> QuerySet[Notification]:
    unread = Notification.objects.filter(user=user, read_at=None)
    return unread.filter(kind__startswith=f"{topic}.") if topic else unread
