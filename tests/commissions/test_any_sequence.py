"""Whatever happens in whatever order, the books say what the orders say, recomputed here from the rows of orders."""

import random
from datetime import timedelta

import pytest

from commissions import accruals, appeals, clawback, settlement
from commissions.models import Appeal, Contribution, Payout, RunningTotal, Share, Split
from commissions.payouts import answers, paying, receivables, withholding
from commissions.splitting import Term
from ledger import balances, proof
from members import programmes
from members.models import Programme
from merchants.errors import Conflict, DomainError
from orders.facts import RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine
from tests.commissions.tiered import published
from tests.people import NOON, ONBOARDING, make_guide, renewed
from tests.selling import campaign_of, coupon_for, joined, line, money_back, sold

ANSWERS = [answers.submit, answers.lost, answers.succeed, answers.fail, answers.come_back]
LIKELY = [6, 2, 4, 1, 1]


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_sales_refunds_settlements_payouts_and_appeals_leaves_true_books(
    plans_published, seed
):
    world, chance = plans_published, random.Random(seed)
    reserve, payer = chance.choice([0, 150_000]), chance.choice(["direct", "employer"])
    contract = renewed(
        world.qinglan_at_jingan,
        reserve_ppm=reserve,
        guide_pay=payer,
        store_tells_for_brand=True,
        fee_bearer=["collector", "principal"][seed % 2],
    )
    withholding.withhold_from(
        merchant=world.qinglan,
        starts_on=NOON.date().replace(day=1),
        brackets=[[500, 30_000], [5000, 200_000]],
        at=NOON,
        by=ONBOARDING,
    )
    if seed % 2:
        guide = Term(2, "guide", tiers=((0, 30_000), (40_000, 50_000)), period_cap=chance.randint(500, 9_000))
        published(world, Term(1, "store", 200_000, line_cap=5_000), guide, scope=contract)
    shop = Shop(world, chance)
    steps = [shop.sell, shop.refund, shop.book, shop.settle, shop.claw, shop.pay, shop.answer, shop.appeal]
    for _ in range(100):
        chance.choices(steps, [4, 2, 3, 3, 1, 3, 2, 3])[0]()
        books_hold(world)
        wallets_hold(world)
    shop.catch_up()
    books_hold(world)
    lines_hold(world)
    purses_hold(world)
    totals_hold(world)
    moves_hold(world)
    stored_value_holds(world)


class Shop:
    """Hehe's Jing'an store, and a worker that is sometimes late."""

    def __init__(self, world, chance):
        self.world, self.chance, self.count = world, chance, 0
        self.orders, self.refunds, self.payouts = [], [], []
        with world.inside(world.hehe):
            self.guides = [
                world.lin,
                make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102"),
            ]
        self.card = programmes.register(merchant=world.hehe, code="card", name="储值卡", by=ONBOARDING)
        programmes.top_up(
            programme=self.card,
            external_no="U-1",
            paid=9_000_000,
            bonus=1,
            place="cash",
            by=ONBOARDING,
            at=NOON,
        )
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
            TenderFacts(
                place="psp", amount=wallet, collector=world.qinglan.ref, lines=(1,), fee=wallet // 160
            ),
            TenderFacts(place="stored", amount=prices[2], programme="card"),
            TenderFacts(place="cash", amount=sum(prices[:2]) - off - wallet),
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

    def pay(self):
        """Every other pair of who owes and who is owed: all of it or part, by the payer or somebody for it."""
        world, chance = self.world, self.chance
        merchants = [world.qinglan, world.mubai, world.hehe]
        for book in merchants:
            for payee in (world.lin.party, *(other.party for other in merchants if other != book)):
                others = [other for other in merchants if other != book and other.party != payee]
                if chance.random() < 0.5:
                    self.pay_one(book, payee, chance.choice([None, None, *others]))

    def pay_one(self, book, payee, collector):
        amount = self.chance.choice([None, None, 1, 500])
        terms = {"rail": "manual", "amount": amount, "collector": collector, "at": NOON, "by": ONBOARDING}
        try:
            payout = paying.pay(book=book, payee=payee, **terms)
        except DomainError as refusal:
            assert refusal.code in ("payout.nothing_due", "payout.more_than_due", "payout.under_way")
        else:
            self.payouts.append(payout)

    def answer(self):
        """The rail says what it likes of any payout, again and again; what does not follow is refused."""
        for payout in self.chance.sample(self.payouts, (len(self.payouts) + 1) // 2):
            for verb in self.chance.choices(ANSWERS, LIKELY, k=3):
                try:
                    verb(payout, by=ONBOARDING, at=NOON)
                except Conflict as refusal:
                    assert refusal.code == "payout.cannot"

    def appeal(self):
        """Somebody appeals some line, and the owner of some line's book answers somebody."""
        world, chance = self.world, self.chance
        with world.inside(world.hehe):
            lines = list(OrderLine.objects.order_by("id").select_related("order"))
            waiting = list(Appeal.party.filter(state="open").order_by("id").select_related("merchant"))
        if waiting:
            terms = {"appeal": chance.choice(waiting), "by": ONBOARDING, "at": NOON}
            terms |= {"amount": chance.choice([None, 1, 50, 700]), "uphold": chance.random() < 0.9}
            self.attempt(
                appeals.decide, terms, "appeal.amount_needed", "appeal.more_than_held", "appeal.foreign_share"
            )
        if lines:
            reason = chance.choice(Appeal.Reason.values)
            terms = {"line": chance.choice(lines), "guide": chance.choice(self.guides), "reason": reason}
            terms |= {"by": ONBOARDING, "at": NOON}
            self.attempt(appeals.appeal, terms, "appeal.under_way", "appeal.not_split", "appeal.given_back")

    def attempt(self, verb, terms, *refusals):
        try:
            verb(**terms)
        except DomainError as refusal:
            assert refusal.code in refusals

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


def stored_value_holds(world):
    """Once all is booked and clawed, what may still be spent is what the book owes for it."""
    with world.inside(world.hehe):
        (owed,) = balances.of_book(world.hehe, codes=["stored:card"])
        assert Programme.objects.get().outstanding == owed.amount > 0


def lines_hold(world):
    """Σ held − Σ contributions still owed = paid − refunded, line by line."""
    with world.inside(world.hehe):
        assert Split.party.count() == OrderLine.objects.count() == Order.objects.count() * 3
        for split in Split.party.select_related("line"):
            held = sum(share.held for share in Share.party.filter(split=split))
            owed = sum(row.amount - row.returned for row in Contribution.party.filter(split=split))
            assert held - owed == split.line.paid - split.line.refunded


def moves_hold(world):
    """What was moved out of rows of a line stands in those that appeals added to it."""
    with world.inside(world.hehe):
        for split in Split.party.all():
            shares = Share.party.filter(split=split)
            added = sum(share.amount for share in shares if share.why["because"] == "appeal")
            assert added == sum(share.moved_out for share in shares)
            assert sum(share.amount - share.moved_out for share in shares) == split.base
        assert Appeal.party.filter(state="upheld").exists()


def wallets_hold(world):
    """Nobody's purse is below zero, and what was paid and withheld of Lin's is what her payouts say."""
    for book in (world.qinglan, world.hehe):
        with world.inside(book):
            rows = {row.account.code: row.amount for row in balances.of_book(book, party=world.lin.party)}
            assert rows.get("due", 0) >= 0 >= rows.get("owed", 0)
            open_ = Payout.objects.filter(payee=world.lin.party, state__in=Payout.OPEN)
            assert rows.get("transit", 0) == sum(payout.net for payout in open_)
            kept = Payout.objects.exclude(state__in=Payout.GIVEN_BACK)
            tax = sum(row.amount for row in balances.of_book(book, codes=["tax"]))
            assert tax == sum(payout.tax for payout in kept)
        items = receivables.of_party(book, world.lin.party)
        assert sum(item.left for item in items) == -rows.get("owed", 0)


def purses_hold(world):
    """What the books owe Lin, less what she owes, is what her shares hold less what left for her."""
    with world.inside(world.hehe):
        earned = sum(share.held for share in Share.payable.filter(guide=world.lin))
    total = 0
    for book in (world.qinglan, world.hehe):
        with world.inside(book):
            purse = balances.of_party(book, world.lin.party)
            left = Payout.objects.filter(payee=world.lin.party).exclude(state__in=Payout.GIVEN_BACK)
            total += sum(payout.net + payout.tax for payout in left)
        assert purse.get("due", 0) >= 0 >= purse.get("owed", 0)
        total += sum(purse.values())
    assert total == earned


def totals_hold(world):
    """A month's total is what its lines net come to, and what their shares hold."""
    with world.inside(world.qinglan):
        for row in RunningTotal.objects.filter(role="guide"):
            shares = Share.objects.filter(running=row).select_related("split__line")
            # What Qinglan bears itself is no part of what was paid.
            assert row.basis_ppm == sum(
                (share.split.basis - share.split.line.refunded) * share.kept_ppm for share in shares
            )
            assert row.booked == sum(share.held for share in shares)
