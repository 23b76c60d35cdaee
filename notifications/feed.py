"""What an open page is told: the same shape from the feed and over the socket."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from events import stream
from events.models import Event
from notifications.audience import Audience

PAGE = 200


@dataclass(frozen=True)
class Page:
    """`events` in order; `last` is where to go on from; `more` tells that the feed has more behind it."""

    events: list[dict[str, Any]]
    last: int
    more: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"events": self.events, "last": self.last, "more": self.more}


def after(seq: int, *, audience: Audience, limit: int = PAGE) -> Page:
    """The audience's events behind `seq`, at most `limit` (up to 200)."""
    limit = max(1, min(limit, PAGE))
    head = stream.head()  # before the events: what gets its number meanwhile comes with the next page
    news = audience.among(Event.objects.after(seq)).filter(position__seq__lte=head)
    events = list(news[: limit + 1])
    more = len(events) > limit
    shown = [public(event, audience.merchants[event.merchant_id]) for event in events[:limit]]
    return Page(shown, shown[-1]["seq"] if more else max(seq, head), more)


def public(event: Event, merchant: str) -> dict[str, Any]:
    """One event as its merchant's people may see it. `merchant` is the merchant's ref."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "merchant": merchant,
        "subject": event.subject,
        "at": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "payload": event.payload,
        "concerns": event.concerns,
    }


def frame(events: Iterable[str], last: int, *, more: bool = False) -> str:
    """A page in the socket's words, of events that are JSON already."""
    return f'{{"events":[{",".join(events)}],"last":{last},"more":{json.dumps(more)}}}'
