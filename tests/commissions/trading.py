"""What can happen at Hehe's Jing'an store, step by step, in any order: what a search for a fault draws from.

Each step is a value that says what it does, so a failing sequence reads as a story; `play` does it through the
product's verbs and lets nothing pass but the refusals that may come.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest.mock import patch

from commissions import accruals, appeals, batches, clawback, plans, reserves, settlement, settling
from commissions.models import Appeal, Payout
from commissions.payouts import answers, bank_file, dues, paying
from commissions.splitting import Term
from ledger.sets import post_set
from merchants.business_day import business_date
from merchants.errors import DomainError
from orders.facts import RefundLineFacts, RefundTenderFacts, TenderFacts
from orders.models import OrderLine
from tests.commissions.street import BY, CARD, COUPON, Killed, Street, attempt, chosen, under_way
from tests.selling import coupon_for, line, money_back, sold

WORDS = {"arrived": "成功", "failed": "失败", "returned": "退汇", "waits": "处理中"}


@dataclass(frozen=True)
class Sell:
    """A shirt of Qinglan's, tea of Mubai's and Hehe's own tote; of the shirt some is paid to Qinglan's wallet, for a
    fee, and of it all some by Hehe's gift card and a red envelope. `back` fen of the tote are given back before the
    sale is told; `worked`, all is booked at once."""

    prices: tuple[int, int, int]
    in_wallet: int = 0
    in_red: int = 0
    by_card: int = 0
    coupon: bool = False
    served: tuple[int, ...] = ()
    back: int = 0
    worked: bool = False

    def play(self, street: Street) -> None:
        world, at = street.world, street.tick()
        skus = (world.shirt, world.tea, world.tote)
        lines = [line(sku, list_price=price) for sku, price in zip(skus, self.prices, strict=True)]
        codes, off = (), 0
        if self.coupon and self.prices[1] >= COUPON:
            key = f"claim-{street.count}"
            codes, off = (coupon_for(street.campaign, street.member, key=key, at=at)[1],), COUPON
        wallet = min(self.in_wallet, self.prices[0])
        red = min(self.in_red, sum(self.prices) - off - wallet)
        left = sum(self.prices) - off - wallet - red
        card = min(self.by_card, left)
        tenders = [
            TenderFacts(
                place="psp", amount=wallet, collector=world.qinglan.ref, lines=(1,), fee=wallet // 160
            ),
            TenderFacts(place="platform", amount=red),
            TenderFacts(place="stored", amount=card, programme=CARD),
            TenderFacts(place="cash", amount=left - card),
        ]
        served = tuple((street.guides[who].code, 1) for who in self.served)
        if back := min(self.back, self.prices[2]):
            early = RefundLineFacts(number=3, amount=back)
            no = f"T-{street.count}"
            money_back(world.hehe, early, order_no=no, no=f"R-{no}", refunded_at=at)
        street.orders.append(
            sold(
                world.jingan,
                *lines,
                no=f"T-{street.count}",
                coupons=codes,
                touches={"serving": served} if served else {},
                tenders=tuple(tender for tender in tenders if tender.amount),
                paid_at=at,
            )
        )
        if self.worked:
            Work(upto=len(street.orders)).play(street)


@dataclass(frozen=True)
class GiveBack:
    """Of some sale each line's `parts`: 0 nothing, 1 one fen, 2 half, 3 all that is left. With `tender`, back on that
    payment alone."""

    which: int
    parts: tuple[int, int, int]
    tender: int | None = None

    def play(self, street: Street) -> None:
        order = chosen(street.orders, self.which)
        if order is None:
            return
        at = street.tick()
        with street.world.inside(street.world.hehe):
            left = {row.number: row.paid - row.refunded for row in OrderLine.objects.filter(order=order)}
        amounts = {
            n: (0, min(1, left[n]), left[n] // 2, left[n])[part] for n, part in enumerate(self.parts, 1)
        }
        back = [
            RefundLineFacts(number=n, amount=amount, tenders=self._named(amount))
            for n, amount in amounts.items()
            if amount
        ]
        if back:
            world, told = street.world, {"order_no": order.external_no, "no": f"R-{street.count}"}
            attempt(
                lambda: money_back(world.hehe, *back, refunded_at=at, **told),
                "refund.tender_unknown",
                "refund.above_tender",
            )

    def _named(self, amount: int) -> tuple[RefundTenderFacts, ...]:
        return (RefundTenderFacts(number=self.tender, amount=amount),) if self.tender else ()


@dataclass(frozen=True)
class Work:
    """A worker books the first sales that wait, settles what is T+0, and takes the first refunds back; or does what was
    done `again`."""

    upto: int
    again: bool = False

    def play(self, street: Street) -> None:
        done = set() if self.again else street.done
        some = [order.pk for order in street.orders if order.ref not in done][: self.upto]
        back = [refund for refund in street.refunds() if refund.ref not in done][: self.upto]
        with street.world.inside(street.world.hehe):
            if some:
                accruals.book_all(some, seller=street.world.hehe)
                settlement.settle_t0(orders=some, at=street.now)
        for refund in back:
            clawback.claw(refund)
        street.done |= {order.ref for order in street.orders if order.pk in some}
        street.done |= {refund.ref for refund in back}


@dataclass(frozen=True)
class ChangePlan:
    """Mubai's stores pay by other rates from the next sale's very instant on."""

    brand_ppm: int
    guide_ppm: int
    fixed: int

    def play(self, street: Street) -> None:
        at = street.tick()
        rules = [Term(1, "brand", self.brand_ppm), Term(2, "guide", self.guide_ppm), Term(99, "residual")]
        if self.fixed:
            rules.insert(2, Term(3, "serving", fixed=self.fixed))
        plans.publish(
            brand=street.world.mubai_brand,
            mode="direct",
            rules=rules,
            effective_from=at + timedelta(minutes=1),
            at=at,
            **BY,
        )


@dataclass(frozen=True)
class CloseDay:
    """The day is over and a book's batch runs, or goes on where a killed worker left it; perhaps killed again in the
    middle of the page after `pages`. Asked for, finance approves it first."""

    book: int
    pages: int | None = None
    approved: bool = True

    def play(self, street: Street) -> None:
        book = street.books[self.book]
        street.now += timedelta(days=1)
        pages = iter(range(self.pages)) if self.pages is not None else None

        def post(*args: object, **given: object) -> None:
            if pages is not None and next(pages, None) is None:
                raise Killed
            post_set(*args, **given)

        waiting = under_way(street, book)
        if waiting and waiting.needs_approval and waiting.state == "frozen" and self.approved:
            batches.approve(waiting, at=street.now, **BY)
        with suppress(Killed), patch.object(settling, "post_set", post):
            batches.close(book, now=street.now)
        on = business_date(street.now, zone=book.time_zone, cut_off=book.cut_off)
        reserves.release_due(book, on=on, at=street.now)


@dataclass(frozen=True)
class Pay:
    """Somebody to whom some book owes something is paid, all of it or `amount`, by the book or through another; by
    bank, or by hand, of which at once is told what became of it."""

    which: int
    amount: int | None = None
    by_bank: bool = False
    through: int | None = None
    told: tuple[str, ...] = ()

    def play(self, street: Street) -> None:
        found = chosen([(book, due.payee) for book in street.books for due in dues.payable(book)], self.which)
        if found is None:
            return
        book, payee = found
        others = [other for other in street.books if other.party not in (book.party, payee)]
        collector = chosen(others, self.through) if self.through is not None else None
        given = {"rail": "bank" if self.by_bank else "manual", "amount": self.amount, "collector": collector}
        refused = ("payout.more_than_due", "payout.under_way")
        payout = attempt(lambda: paying.pay(book=book, payee=payee, at=street.now, **given, **BY), *refused)
        for verb in self.told if payout and not self.by_bank else ():
            attempt(lambda verb=verb: getattr(answers, verb)(payout, at=street.now, **BY), "payout.cannot")


@dataclass(frozen=True)
class Answer:
    """The rail, or somebody for it, says what became of a payout; what does not follow is refused."""

    which: int
    verb: str

    def play(self, street: Street) -> None:
        if payout := chosen(street.payouts(), self.which):
            attempt(lambda: getattr(answers, self.verb)(payout, at=street.now, **BY), "payout.cannot")


@dataclass(frozen=True)
class BankTurn:
    """Each merchant hands all that waits to its bank in one file, and imports what the bank says of all it ever got."""

    says: tuple[str, ...]

    def play(self, street: Street) -> None:
        for book in street.books:
            with street.world.inside(book):
                mine = list(
                    Payout.sent.filter(rail="bank", net__gt=0).select_related("merchant").order_by("id")
                )
            waiting = [payout for payout in mine if payout.state == "created"]
            if waiting:
                bank_file.export(book=book, payouts=waiting, at=street.now, **BY)
            rows = [
                f"{payout.number},{WORDS[word]},{payout.net / 100:.2f},"
                for payout, word in zip(mine, self.says * len(mine), strict=False)
            ]
            if rows:
                text = "\n".join(["打款编号,结果,金额,原因", *rows])
                bank_file.import_results(book=book, file=text.encode(), at=street.now, **BY)


@dataclass(frozen=True)
class Contest:
    """A guide appeals some line and its book's owner answers, giving so many fen."""

    which: int
    guide: int
    reason: str
    amount: int | None
    uphold: bool = True

    def play(self, street: Street) -> None:
        world = street.world
        with world.inside(world.hehe):
            sale = chosen(list(OrderLine.objects.order_by("id").select_related("order")), self.which)
        if sale is None:
            return
        terms = {"guide": street.guides[self.guide], "reason": self.reason, "at": street.now, **BY}
        refused = ("appeal.under_way", "appeal.not_split", "appeal.given_back", "appeal.too_late")
        attempt(lambda: appeals.appeal(line=sale, **terms), *refused)
        with world.inside(world.hehe):
            waiting = list(Appeal.party.filter(state="open").select_related("merchant", "split"))
        for case in waiting:
            terms = {"amount": self.amount, "uphold": self.uphold, "at": street.now, **BY}
            refused = ("appeal.amount_needed", "appeal.more_than_held", "appeal.foreign_share")
            attempt(lambda case=case, terms=terms: appeals.decide(appeal=case, **terms), *refused,
                     "settlement.locked", "appeal.same_guide")  # fmt: skip


@dataclass(frozen=True)
class CatchUp:
    """What the sweeper and the clock would do until nothing is left to be done."""

    def play(self, street: Street) -> None:
        for book in street.books:
            with suppress(DomainError):
                waiting = under_way(street, book)
                if waiting and waiting.needs_approval:
                    batches.approve(waiting, **BY)
            batches.close(book, now=street.now)
        with street.world.inside(street.world.hehe):
            accruals.book_all([order.pk for order in street.orders], seller=street.world.hehe)
            settlement.settle_t0(orders=[order.pk for order in street.orders], at=street.now)
        for refund in street.refunds():
            clawback.claw(refund)


@dataclass(frozen=True)
class SettleUp:
    """Every answer that is waited for comes, and everybody is paid what is then due; a guide at the second try."""

    def play(self, street: Street) -> None:
        BankTurn(says=("arrived",)).play(street)
        for payout in street.payouts():
            if payout.is_open:
                self.arrive(payout, street.now)
        for book in street.books:
            for due in dues.payable(book):
                terms = {"rail": "manual", "at": street.now, **BY}
                payout = paying.pay(book=book, payee=due.payee, **terms)
                if payout.guide and payout.net:
                    answers.fail(payout, at=street.now, **BY)
                    payout = paying.pay(book=book, payee=due.payee, **terms)
                self.arrive(payout, street.now)

    def arrive(self, payout: Payout, at: datetime) -> None:
        if payout.state == "created":
            answers.submit(payout, at=at, **BY)
        if payout.net:
            answers.succeed(payout, at=at, **BY)
