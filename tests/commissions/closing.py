"""Mubai sold at Qinglan's store under a T+1 contract: what the tests of closing a day stand on."""

from commissions import accruals, plans
from ledger import balances
from orders.models import Order
from stores.models import Store
from tests.people import LONG_AGO, ONBOARDING, World, make_contract
from tests.plans import CENTRAL
from tests.selling import line, sold

SERVED = {"serving": "G201"}
PRICE = 12800  # of the tea: 2560 to the store, 640 to the guide, the rest is Mubai's
TO_OTHERS = 3200


def carried(world: World, **terms) -> World:
    """Mubai collects itself at Xuhui, T+1: store 20 %, guide 5 %."""
    make_contract(world.mubai_brand, world.xuhui, mode="central", settlement="T1", **terms)
    plans.publish(
        brand=world.mubai_brand,
        mode="central",
        rules=CENTRAL,
        effective_from=LONG_AGO,
        at=LONG_AGO,
        by=ONBOARDING,
    )
    return world


def booked(world: World, no: str, *, at, store: Store | None = None) -> Order:
    order = sold(store or world.xuhui, line(world.tea), no=no, paid_at=at, touches=SERVED)
    accruals.book(order)
    return order


def chens(world: World) -> dict[str, int]:
    """How Mubai's book stands with Chen, who served, by account."""
    with world.inside(world.mubai):
        return balances.of_party(world.mubai, world.chen.party)
