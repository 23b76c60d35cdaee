"""Hehe's Jing'an store in a story of its own: the people, the clock, and what has happened so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from commissions import batches
from commissions.models import Payout
from commissions.payouts import answers
from guides.models import Guide
from members.models import Member
from merchants.errors import DomainError
from merchants.models import Merchant
from orders.models import Order, Refund
from tests.people import ONBOARDING, World

T = TypeVar("T")
BY = {"by": ONBOARDING}
COUPON = 3000
CARD = "card"  # Hehe's programme of stored value
START = datetime(2026, 3, 2, 4, tzinfo=UTC)  # noon in Shanghai; no story reaches today


class Killed(Exception):
    """The worker is gone."""


@dataclass
class Street:
    """The store, its people, what has happened, and the clock. `done` is what a worker has been at."""

    world: World
    guides: list[Guide]
    member: Member
    campaign: object
    now: datetime = START
    count: int = 0
    orders: list[Order] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    @property
    def books(self) -> list[Merchant]:
        return [self.world.qinglan, self.world.mubai, self.world.hehe]

    def tick(self) -> datetime:
        self.count += 1
        self.now += timedelta(minutes=1)
        return self.now

    def refunds(self) -> list[Refund]:
        with self.world.inside(self.world.hehe):
            return list(Refund.objects.select_related("merchant").order_by("id"))

    def payouts(self) -> list[Payout]:
        found = []
        for book in self.books:
            with self.world.inside(book):
                found += Payout.objects.select_related(*answers.NAMED).order_by("id")
        return sorted(found, key=lambda payout: payout.pk)


def chosen(rows: list, which: int):
    return rows[which % len(rows)] if rows else None


def attempt(verb: Callable[[], T], *refusals: str) -> T | None:
    try:
        return verb()
    except DomainError as refusal:
        assert refusal.code in refusals, refusal
        return None


def under_way(street: Street, book: Merchant):
    with street.world.inside(book):
        found = batches.under_way()
    if found:
        found.merchant = book
    return found
