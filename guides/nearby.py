"""The nearest stores, with who is there to serve."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guides.duty import on_duty_at
from guides.models import Guide
from stores.nearest import Near
from stores.nearest import nearest as nearest_stores


@dataclass(frozen=True)
class Staffed(Near):
    """A near store and its guides on duty."""

    guides_on_duty: tuple[Guide, ...] = ()


def nearest(*, at: datetime, **asked: Any) -> list[Staffed]:
    """As `stores.nearest.nearest`, each with its guides on duty."""
    near = nearest_stores(at=at, **asked)
    guides = on_duty_at([found.store for found in near], at=at)
    return [
        Staffed(found.store, found.metres, found.opening, tuple(guides[found.store.id])) for found in near
    ]
