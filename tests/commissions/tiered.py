"""Qinglan pays by tiers: what the tests of months, caps and shared claims stand on."""

from datetime import UTC, date, datetime, timedelta

from commissions import accruals, plans, trueup
from commissions.models import Plan, RunningTotal, Share
from commissions.splitting import Term
from guides.models import Guide
from merchants.models import Brand, Party
from orders.models import Order
from tests.people import LONG_AGO, NOON, ONBOARDING, World, make_guide
from tests.selling import line, sold

SERVED = {"serving": "G101"}
REST = Term(99, "residual")
# 3 % of the month's first 300.00, 5 % of what goes beyond.
TIERS = ((0, 30_000), (30_000, 50_000))
NOVEMBER = date(2026, 11, 1)
FIRST_OF_DECEMBER = datetime(2026, 12, 1, 4, tzinfo=UTC)


def published(world: World, *rules: Term, brand: Brand | None = None, mode: str = "central", **given):
    given = {"effective_from": LONG_AGO, "at": LONG_AGO} | given
    return plans.publish(
        brand=brand or world.qinglan_brand, mode=mode, rules=[*rules, REST], by=ONBOARDING, **given
    )


def shirt(world: World, no: str, *, hours: int = 0, touches=None, **given) -> Order:
    """Lin sells a shirt, 199.00."""
    return sold(
        world.jingan,
        line(world.shirt, **given),
        no=no,
        touches=SERVED if touches is None else touches,
        paid_at=NOON + timedelta(hours=hours),
    )


def booked(world: World, no: str, **given) -> Order:
    order = shirt(world, no, **given)
    accruals.book(order)
    return order


def amounts(world: World, order: Order, role: str = "guide") -> list[int]:
    with world.inside(world.hehe):
        rows = Share.party.filter(split__order=order, role=role).order_by("split__line__number", "number")
        return [row.amount for row in rows]


def total(world: World, payee: Party | None = None) -> tuple[int, int]:
    """(basis, booked) of Lin's month in Qinglan's book, in fen."""
    with world.inside(world.qinglan):
        row = RunningTotal.objects.get(payee=payee or world.lin.party)
    return row.basis_ppm // 1_000_000, row.booked


def trued_up(world: World, *, payee: Party | None = None, at: datetime = FIRST_OF_DECEMBER):
    with world.inside(world.qinglan):
        plan = Plan.objects.get(brand=world.qinglan_brand, mode="central")
    return trueup.true_up(
        book=world.qinglan, plan=plan, payee=payee or world.lin.party, period=NOVEMBER, at=at, by=ONBOARDING
    )


def second_guide(world: World) -> Guide:
    """Zhou, who serves at Jing'an with Lin."""
    with world.inside(world.hehe):
        return make_guide(world.jingan, code="G102", name="周子安", phone="+8613900000009")


def by_both(lin: int = 1, zhou: int = 1) -> dict:
    """Lin and the second guide serve together, by these weights."""
    return {"serving": (("G101", lin), ("G102", zhou))}
