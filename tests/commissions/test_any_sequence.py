"""Whatever happens in whatever order, the books say what the orders say, recomputed here from the rows of orders."""

import random
from datetime import timedelta

import pytest

from commissions import accruals, clawback, settlement
from commissions.models import Contribution, Share, Split
from ledger import balances, proof
from orders.facts import RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine
from tests.people import NOON, renewed
from tests.selling import campaign_of, coupon_for, joined, line, money_back, sold


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_sales_refunds_and_settlements_leaves_true_books(plans_published, seed):
    world, chance = plans_published, random.Random(seed)
    reserve, payer = chance.choice([0, 150_000]), chance.choice(["direct", "employer"])
    renewed(world.qinglan_at_jingan, reserve_ppm=reserve, guide_pay=payer, store_tells_for_brand=True)
    shop = Shop(world, chance)
    for _ in range(40):
        chance.choice([shop.sell, shop.sell, shop.refund, shop.refund, shop.book, shop.settle, shop.claw])()
        books_hold(world)
    shop.catch_up()
    books_hold(world)
    lines_hold(world)
    purses_hold(world)


class Shop:
    """Hehe's Jing'an store, and a worker that is sometimes late."""

    def __init__(self, world, chance):
        self.world, self.chance, self.count = world, chance, 0
        self.orders, self.refunds = [], []
        self.member = joined(world.mubai_brand, world.jingan).member
        self.campaign = campaign_of(
            world.mubai,
            world.mubai_brand,
            threshold=3000,
            per_member_limit=100,
            bearers=[("brand", 600_000), ("store", 300_000), ("platform", 100_000)],
        )

    def sell(self):
        world, chance = self.world, self.chance
        self.count += 1
        prices = [chance.randint(1, 40_000) for _ in range(3)]
        lines = [
            line(sku, list_price=price)
            for sku, price in zip((world.shirt, world.tea, world.tote), prices, strict=True)
        ]
        codes, off = (), 0
        if prices[1] >= 3000 and chance.random() < 0.5:
            codes, off = (coupon_for(self.campaign, self.member, key=f"claim-{self.count}")[1],), 3000
        wallet = chance.randint(0, prices[0])
        tenders = [
            TenderFacts(place="psp", amount=wallet, collector=world.qinglan.ref, lines=(1,)),
            TenderFacts(place="cash", amount=sum(prices) - off - wallet),
        ]
        touches = chance.choice([{}, {"serving": "G101"}])
        self.orders.append(
            sold(
                world.jingan,
                *lines,
                no=f"T-{self.count}",
                coupons=codes,
                touches=touches,
                tenders=tuple(tenders),
                paid_at=NOON + timedelta(minutes=self.count),
            )
        )

    def refund(self):
        if not self.orders:
            return
        order = self.chance.choice(self.orders)
        with self.world.inside(self.world.hehe):
            left = {row.number: row.paid - row.refunded for row in OrderLine.objects.filter(order=order)}
        back = {
            number: self.chance.choice([1, amount // 2, amount]) for number, amount in left.items() if amount
        }
        lines = [RefundLineFacts(number=number, amount=amount) for number, amount in back.items() if amount]
        if lines:
            self.count += 1
            refund, _is_new = money_back(
                self.world.hehe, *lines, order_no=order.external_no, no=f"R-{self.count}"
            )
            self.refunds.append(refund)

    def book(self):
        for order in self.chance.sample(self.orders, len(self.orders) // 2):
            accruals.book(order)

    def settle(self):
        with self.world.inside(self.world.hehe):
            settlement.settle_t0(orders=[order.id for order in self.orders], at=NOON)

    def claw(self):
        for refund in self.chance.sample(self.refunds, len(self.refunds) // 2):
            clawback.claw(refund)

    def catch_up(self):
        for order in self.orders:
            accruals.book(order)
        for refund in self.refunds:
            clawback.claw(refund)
        self.settle()


def books_hold(world):
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def lines_hold(world):
    """Σ held − Σ contributions still owed = paid − refunded, line by line."""
    with world.inside(world.hehe):
        assert Split.party.count() == OrderLine.objects.count() == Order.objects.count() * 3
        for split in Split.party.select_related("line"):
            held = sum(share.held for share in Share.party.filter(split=split))
            owed = sum(row.amount - row.returned for row in Contribution.party.filter(split=split))
            assert held - owed == split.line.paid - split.line.refunded


def purses_hold(world):
    """What the books owe Lin, less what she owes, is what her shares hold."""
    with world.inside(world.hehe):
        earned = sum(share.held for share in Share.payable.filter(guide=world.lin))
    total = 0
    for book in (world.qinglan, world.hehe):
        with world.inside(book):
            purse = balances.of_party(book, world.lin.party)
        assert purse.get("due", 0) >= 0 >= purse.get("owed", 0)
        total += sum(purse.values())
    assert total == earned
