"""Plays what happens in the demo through the product's own verbs, so that all it shows was made as in life."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django_scopes import scope

from commissions import clawback
from coupons import issuing
from coupons.models import Coupon
from events.record import Actor
from flows import purchase, refund, settlement
from flows.demo import cast
from flows.demo.acts import Act, GiveBack, Greet, Join, Sale, Send
from flows.demo.staging import OPERATOR, Stage
from flows.joining import Joined, join_brand
from members import followups
from members.models import Consent
from merchants.models import Merchant
from merchants.money import PPM
from orders.facts import BuyerFacts, LineFacts, OrderFacts, RefundFacts, RefundLineFacts, TenderFacts
from orders.models import Order, Refund

SPLIT_EVERY = 12  # sales: near enough behind each for the feed, far enough apart to go fast


class Trade:
    """Shoppers, coupons and sales on a stage that is set, by the script's own names."""

    def __init__(self, stage: Stage, *, tick: Callable[[str], None]) -> None:
        self.stage, self.tick = stage, tick
        self.joined: dict[int, Joined] = {}
        self.coupons: dict[int, Coupon] = {}
        self.sales: dict[str, Order] = {}
        self.unsplit: dict[Merchant, list[int]] = {}

    def play(self, acts: Iterable[Act]) -> None:
        """Play what happens. Acts of different stores touch no common member, coupon or order."""
        play: dict[type, Callable[[Any], None]] = {
            Join: self._join,
            Greet: self._greet,
            Send: self._send,
            Sale: self._sale,
            GiveBack: self._give_back,
        }
        last = self.stage.begins
        for act in acts:
            play[type(act)](act)
            self.tick("trade")
            last = act.at
        self._split(at=last)

    def _join(self, act: Join) -> None:
        self.joined[act.member] = join_brand(
            brand=self.stage.brands[act.brand],
            store=self.stage.stores[act.store],
            phone=act.phone,
            name=act.name,
            consents={
                Consent.Purpose.MEMBERSHIP: True,
                Consent.Purpose.STORE: act.shares_with_store,
                Consent.Purpose.MARKETING: act.takes_offers,
            },
            guide=self.stage.guides[act.guide],
            by=OPERATOR,
            at=act.at,
        )

    def _greet(self, act: Greet) -> None:
        joined = self.joined[act.member]
        if joined.guide is None or joined.binding is None:
            return
        with scope(merchant=joined.guide.merchant):
            follow_up = followups.open_for(guide=joined.guide).filter(member=joined.binding.member).first()
        if follow_up:
            followups.done(follow_up=follow_up, by=Actor.user(joined.guide.user.ref), at=act.at)

    def _send(self, act: Send) -> None:
        guide, store = self.stage.guides[act.guide], self.stage.stores[act.store]
        joined = self.joined[act.member]
        coupon, _is_new = issuing.issue(
            campaign=self.stage.campaigns[act.campaign],
            member=joined.channel_member or joined.member,
            claim_key=f"demo-{act.coupon}",
            guide=guide,
            store=store,
            by=Actor.user(guide.user.ref),
            at=act.at,
        )
        self.coupons[act.coupon] = coupon

    def _sale(self, act: Sale) -> None:
        store, guide = self.stage.stores[act.store], self.stage.guides[act.guide]
        prices = {goods.code: goods.price for goods in cast.GOODS}
        facts = OrderFacts(
            store=store,
            channel=Order.Channel.POS,
            external_no=act.no,
            placed_at=act.at,
            paid_at=act.at,
            buyer=self._buyer(act),
            lines=tuple(LineFacts(sku=code, quantity=n, list_price=prices[code]) for code, n in act.lines),
            coupons=(issuing.code_of(self.coupons[act.coupon]),) if act.coupon else (),
            tenders=self._tenders(act, self._to_pay(act, prices)),
            touches={"serving": guide.ref},
        )
        order, _is_new = purchase.paid(facts, by=Actor.user(guide.user.ref))
        self.sales[act.no] = order
        self.unsplit.setdefault(store.merchant, []).append(order.id)
        if sum(map(len, self.unsplit.values())) >= SPLIT_EVERY:
            self._split(at=act.at)

    def _to_pay(self, act: Sale, prices: dict[str, int]) -> int:
        off = self.coupons[act.coupon].campaign.amount_off if act.coupon else 0
        return sum(prices[code] * quantity for code, quantity in act.lines) - off

    @staticmethod
    def _tenders(act: Sale, to_pay: int) -> tuple[TenderFacts, ...]:
        stored = min(act.stored, to_pay // 2)
        rest = to_pay - stored
        fee = rest * cast.FEE_PPM // PPM if act.place == "acquirer" else 0
        tenders = (
            TenderFacts(place="stored", amount=stored, programme=cast.GIFT_CARD.code),
            TenderFacts(place=act.place, amount=rest, fee=fee),
        )
        return tenders if stored else tenders[1:]

    def _buyer(self, act: Sale) -> BuyerFacts | None:
        if act.member is None:
            return None
        joined = self.joined[act.member]
        member = joined.channel_member or joined.member
        if member.merchant_id == self.stage.stores[act.store].merchant_id:
            return BuyerFacts(member=member.ref)
        return BuyerFacts(phone=member.person.phone)

    def _give_back(self, act: GiveBack) -> None:
        order = self.sales[act.sale]
        with scope(merchant=order.merchant):
            line = order.lines.get(number=act.line)
        if line.paid == 0:
            return
        facts = RefundFacts(
            merchant=order.merchant,
            channel=order.channel,
            external_no=act.no,
            order_external_no=order.external_no,
            lines=(RefundLineFacts(number=act.line, quantity=line.quantity, amount=line.paid),),
            refunded_at=act.at,
        )
        given_back, _is_new = refund.refunded(facts, by=OPERATOR)
        if isinstance(given_back, Refund):
            self._split(at=act.at)
            with scope(merchant=given_back.merchant):
                clawback.claw(given_back)

    def _split(self, *, at: datetime) -> None:
        """What the worker does behind the sales; it will find this done when it comes to their events."""
        for seller, orders in self.unsplit.items():
            with scope(merchant=seller):
                settlement.book_and_settle(orders, seller=seller, at=at)
        self.unsplit.clear()
