"""Which events somebody may see. The same answer filters the feed in the database and the push in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from events.models import EventQuerySet


@dataclass(frozen=True)
class Grant:
    """A merchant's events: all of them, or those that concern one of `refs` (a store, guide, user or member).

    `topics` are the first words of kinds (`order` of `order.paid`); None means every topic.
    """

    merchant_id: int
    refs: frozenset[str] | None = None
    topics: frozenset[str] | None = None

    def places(self) -> Iterator[tuple[int, str | None]]:
        """What an index of grants holds: an event is found by its merchant, and by each ref it concerns."""
        for ref in [None] if self.refs is None else self.refs:
            yield self.merchant_id, ref

    def covers(self, kind: str) -> bool:
        return self.topics is None or kind.partition(".")[0] in self.topics

    def condition(self) -> Q:
        condition = Q(merchant_id=self.merchant_id)
        if self.refs is not None:
            condition &= Q(concerns__overlap=sorted(self.refs))
        if self.topics is not None:
            condition &= (
                Q(kind__regex=f"^({'|'.join(sorted(self.topics))})[.]") if self.topics else Q(pk__in=[])
            )
        return condition


@dataclass(frozen=True)
class Audience:
    """The grants of one signed-in user or shopper, and the public refs of the merchants in them."""

    grants: tuple[Grant, ...] = ()
    merchants: Mapping[int, str] = field(default_factory=dict)

    def among(self, events: EventQuerySet) -> EventQuerySet:
        seen = Q(pk__in=[])
        for grant in self.grants:
            seen |= grant.condition()
        return events.filter(seen)
