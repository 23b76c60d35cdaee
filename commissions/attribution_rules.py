"""What an attribution policy says: an ordered list of rules, of which the first that matches wins. Pure: knows no
database.

`DEFAULT` is what holds for a merchant that has published nothing; its defaults are the field's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

BOUND, SERVING, SHARING, RECRUITING, ACCEPTING = "bound", "serving", "sharing", "recruiting", "accepting"
TOUCHES = (BOUND, SERVING, SHARING, RECRUITING, ACCEPTING)
DATED = (BOUND, SHARING, RECRUITING)  # these may lie before the sale

# Where the member's own guide was bound, seen from the store of the sale. ANYWHERE asks nothing, not even for one.
SAME_STORE, OTHER_STORE, ANYWHERE = "same", "other", "any"


@dataclass(frozen=True)
class AttributionRule:
    """It matches in its sales channels (none named: in each), where the own guide was bound as `bound_at` says and
    every touch of `takes` stands in its window: a binding inside its protection if `protected`, any touch younger
    than `days`. `takes` are (touch, weight): one takes all, several share by weight."""

    number: int
    takes: tuple[tuple[str, int], ...]
    channels: tuple[str, ...] = ()
    bound_at: str = ANYWHERE
    protected: bool = False
    days: int | None = None

    @property
    def touches(self) -> tuple[str, ...]:
        return tuple(touch for touch, _weight in self.takes)

    @property
    def window(self) -> timedelta | None:
        return None if self.days is None else timedelta(days=self.days)

    def covers(self, channel: str) -> bool:
        return not self.channels or channel in self.channels


@dataclass(frozen=True)
class Policy:
    """Rules in order of number. `ref` and `number` are of the published version; None for the default."""

    rules: tuple[AttributionRule, ...]
    ref: str | None = None
    number: int | None = None


DEFAULT = Policy(
    (
        AttributionRule(1, ((SHARING, 1),), channels=("cloud_store",), days=14),
        AttributionRule(2, ((BOUND, 1),), bound_at=SAME_STORE, protected=True),
        AttributionRule(3, ((SERVING, 1),)),
    )
)


def as_kept(rules: Iterable[AttributionRule]) -> list[dict[str, Any]]:
    """As JSON, in order: the place in the list is the number."""
    return [
        {
            "takes": [list(part) for part in rule.takes],
            "channels": list(rule.channels),
            "bound_at": rule.bound_at,
            "protected": rule.protected,
            "days": rule.days,
        }
        for rule in sorted(rules, key=lambda rule: rule.number)
    ]


def as_read(kept: Iterable[Mapping[str, Any]]) -> tuple[AttributionRule, ...]:
    """What `as_kept` made of the rules, read back."""
    return tuple(
        AttributionRule(
            number,
            tuple((touch, weight) for touch, weight in rule["takes"]),
            channels=tuple(rule["channels"]),
            bound_at=rule["bound_at"],
            protected=rule["protected"],
            days=rule["days"],
        )
        for number, rule in enumerate(kept, start=1)
    )
