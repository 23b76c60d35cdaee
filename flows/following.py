"""Who acts on which event. A follower reads the stream in batches, after the commit, in the worker.

`flows/followers.py` is the table of all of them; whoever needs them to be known imports that.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from events import reading
from events.models import Event
from events.reading import Lane
from merchants.models import Merchant
from merchants.scoping import acting_for

Handler = Callable[[list[Event]], None]


@dataclass(frozen=True)
class Follower:
    """One lane of who acts."""

    lane: Lane
    kinds: frozenset[str]
    handler: Handler

    def catch_up(self) -> int:
        """Act on everything new, and again on what failed and is due; returns how many events were given."""
        return reading.retry_due(self.lane, handle=self._handle) + reading.catch_up(
            self.lane, kinds=self.kinds, handle=self._handle
        )

    def _handle(self, merchant_id: int, events: list[Event]) -> None:
        with acting_for(Merchant.objects.get(pk=merchant_id)):
            self.handler(events)


_followers: dict[str, Follower] = {}  # by the name of the lane


def follow(name: str, *, kinds: Iterable[str], handler: Handler, lanes: int = 1) -> None:
    """Let `handler` act on these kinds. It gets up to 200 events of one merchant in their order, inside that
    merchant's scope and inside the transaction that keeps the reader's place.

    If it raises, its work is undone and the events are given one by one; one that fails alone is set aside
    and tried again later. The name is the reader's place in the stream: a new name starts at the beginning.

    In several lanes as many workers act at a time, each on subjects of its own. Their number may be changed: the
    lanes go on from where the last of those before had got to, so some events are given again.
    """
    if name in (follower.lane.reader for follower in _followers.values()):
        raise ValueError(f"Two followers are called {name}")
    for lane in Lane(name, of=lanes).all():
        _followers[lane.name] = Follower(lane, frozenset(kinds), handler)


def named(name: str) -> Follower:
    return _followers[name]


def everyone() -> list[str]:
    return list(_followers)


def interested(kinds: Iterable[str]) -> list[str]:
    """The names of those who act on any of these kinds, lane by lane."""
    return [name for name, follower in _followers.items() if not follower.kinds.isdisjoint(kinds)]
