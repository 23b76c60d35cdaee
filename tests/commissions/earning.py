"""Lin has served at Jing'an, and what she earned is payable: what the tests of payouts stand on.

Each shirt of 199.00 leaves 9.95 in Lin's purse at Qinglan, and Hehe, which took the money, owes Qinglan 159.20.
"""

from datetime import datetime

from commissions import accruals, clawback, settlement
from commissions.models import Payout
from commissions.payouts import answers, paying
from ledger import balances, proof
from ledger.models import Transfer
from merchants.models import Merchant, Party
from orders.facts import RefundLineFacts
from tests.people import NOON, ONBOARDING, World
from tests.selling import line, money_back, sold

EARNED = 995
TO_QINGLAN = 15920
SHIRT = 19900


def earn(world: World, no: str = "T-1", *, shirts: int = 1, served_by: str = "G101") -> None:
    order = sold(
        world.jingan, line(world.shirt, quantity=shirts), no=no, touches={"serving": served_by}, paid_at=NOON
    )
    accruals.book(order)
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id], at=NOON)


def give_back(world: World, order_no: str = "T-1", *, amount: int = SHIRT, no: str = "") -> str:
    """The refund's reference."""
    back = RefundLineFacts(number=1, amount=amount)
    refund, _new = money_back(world.hehe, back, order_no=order_no, no=no or f"R-{order_no}")
    clawback.claw(refund)
    return refund.ref


def pay_lin(world: World, *, at: datetime = NOON, rail: str = "manual", **given) -> Payout:
    return paying.pay(book=world.qinglan, payee=world.lin.party, rail=rail, by=ONBOARDING, at=at, **given)


def sent(payout: Payout, *, at: datetime = NOON) -> Payout:
    return answers.submit(payout, by=ONBOARDING, at=at)


def stands(world: World, book: Merchant, party: Party | None = None) -> dict[str, int]:
    """How the book stands with the party, by account; without one its money and its tax."""
    with world.inside(book):
        rows = balances.of_book(book, party=party)
        if party is None:
            rows = [row for row in rows if row.account.party_id is None]
        return {row.account.code: row.amount for row in rows if row.amount}


def told(world: World, book: Merchant, payout: Payout) -> dict[str, int]:
    """What the payout moved in a book, by kind."""
    with world.inside(book):
        rows = Transfer.objects.filter(source="payout", source_id=payout.ref)
        return {row.kind: row.amount for row in rows}


def books_hold(world: World) -> None:
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds
