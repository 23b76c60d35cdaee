"""Who acts on which event. A follower reads the stream in batches, after the commit, in the worker.

`flows/followers.py` is the table of all of them; whoever needs them to be known imports that.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from events import reading
from events.models import Event
from merchants.models import Merchant
from merchants.scoping import acting_for

Handler = Callable[[list[Event]], None]


@dataclass(frozen=True)
class Follower:
    name: str
    kinds: frozenset[str]
    handler: Handler

    def catch_up(self) -> int:
        """Act on everything new, and again on what failed and is due; returns how many events were given."""
        return reading.retry_due(self.name, handle=self._handle) + reading.catch_up(
            self.name, kinds=self.kinds, handle=self._handle
        )

    def _handle(self, merchant_id: int, events: list[Event]) -> None:
        with acting_for(Merchant.objects.get(pk=merchant_id)):
            self.handler(events)


_followers: dict[str, Follower] = {}


def follow(name: str, *, kinds: Iterable[str], handler: Handler) -> None:
    """Let `handler` act on these kinds. It gets up to 200 events of one merchant in their order, inside that
    merchant's scope and inside the transaction that keeps the reader's place.

    If it raises, its work is undone and the events are given one by one; one that fails alone is set aside
    and tried again later. The name is the reader's place in the stream: a new name starts at the beginning.
    """
    if name in _followers:
        raise ValueError(f"Two followers are called {name}")
    _followers[name] = Follower(name, frozenset(kinds), handler)


def named(name: str) -> Follower:
    return _followers[name]


def everyone() -> list[str]:
    return list(_followers)


def interested(kinds: Iterable[str]) -> list[str]:
    """The names of those who act on any of these kinds."""
    return [follower.name for follower in _followers.values() if not follower.kinds.isdisjoint(kinds)]
