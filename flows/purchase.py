"""A shopper paid, anywhere: know the shopper, honour the coupons, keep the sale, settle what waited for
it. One sale or a batch of them go the same way: a batch reads and writes each thing once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coupons import pricing, redemption
from coupons.models import Coupon, Redemption
from coupons.redemption import Held, Use
from events.record import Actor, one_statement
from flows.buyers import Purchase, Shopper, recognised
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders import payments, receipts, recording, refunds
from orders.facts import OrderFacts
from orders.goods import Goods
from orders.models import Order
from orders.reading import Receipt
from orders.receipts import ReceiptLine
from orders.stored_value import StoredValue
from orders.touching import Guides


@dataclass(frozen=True)
class Told:
    """What became of one sale of a batch: its order, or why it was refused.

    Of a new one that the seller told itself, `receipt` and `used` are what reading it would give, unless something
    waited to be given back on it.
    """

    order: Order | None = None
    is_new: bool = False
    refusal: DomainError | None = None
    receipt: Receipt | None = None
    used: Sequence[Redemption] = ()


def paid(facts: OrderFacts, *, by: Actor, brands_of: Merchant | None = None) -> tuple[Order, bool]:
    """Keep a sale: (order, is_new). The same facts again change nothing and give the same order.

    All or nothing: an unusable coupon, an unknown SKU or a missing contract refuses the whole sale.
    `brands_of` is the brand owner on whose behalf another merchant's store's sale is told: lines of its own
    brands only, a buyer in its own eyes, and a number of its own.
    """
    (told,) = paid_all([facts], by=by, brands_of=brands_of)
    if told.order is None:
        assert told.refusal is not None
        raise told.refusal
    return told.order, told.is_new


@transaction.atomic(savepoint=False)  # nothing is written of what is refused, so nothing is undone
def paid_all(sales: Sequence[OrderFacts], *, by: Actor, brands_of: Merchant | None = None) -> list[Told]:
    """Keep sales as `paid` would keep one after the other, in their order; what became of each, in their order. One
    that is refused leaves nothing and takes no other down. Of its own stores `brands_of` tells as any seller.

    The locks are those of one sale, each kind taken for all of them before the next (docs/adr/0005-locking.md).
    """
    told: list[Told] = [Told()] * len(sales)
    batches: dict[Merchant, _Batch] = {}
    for place, facts in enumerate(sales):
        seller = facts.store.merchant
        if seller not in batches:
            batches[seller] = _Batch(sales, told, seller, None if brands_of == seller else brands_of, by)
        batches[seller].places.append(place)
    recording.hold_numbers(
        (seller, batch.teller, sales[place].channel, sales[place].external_no)
        for seller, batch in batches.items()
        for place in batch.places
    )
    waiting = _unheard(batches.values(), range(len(sales)))
    codes = [code for place in waiting for code in sales[place].coupons]
    held = Held(codes)
    tellers = {place: batch.teller for batch in batches.values() for place in batch.places}
    stored = StoredValue((sales[place], tellers[place]) for place in waiting)
    while waiting:
        wave, waiting = _wave(sales, waiting)
        for batch in batches.values():
            batch.keep([place for place in batch.places if place in wave], held, stored)
        if waiting := _unheard(batches.values(), waiting):
            held = Held(codes)  # again: the wave before has used up some
    return told


def _unheard(batches: Iterable["_Batch"], places: Sequence[int]) -> list[int]:
    """Those that were not told before, in their order."""
    asked = set(places)
    return sorted(
        place
        for batch in batches
        for place in batch.unheard([place for place in batch.places if place in asked])
    )


def _wave(sales: Sequence[OrderFacts], places: Sequence[int]) -> tuple[set[int], list[int]]:
    """Those that have nothing to do with each other, and the rest: of two with one number or one coupon, the second
    is judged when the first is kept or refused."""
    wave: set[int] = set()
    rest: list[int] = []
    seen: set[object] = set()
    for place in places:
        facts = sales[place]
        number = (facts.store.merchant_id, facts.channel, facts.external_no)
        mine = {number, *map(redemption.digits, facts.coupons)}
        if mine & seen:
            rest.append(place)
        else:
            wave.add(place)
        seen |= mine
    return wave, rest


class _Batch:
    """One seller's sales on their way into the books; each is known by its place, and what becomes of it is written
    into `told` there."""

    def __init__(
        self,
        sales: Sequence[OrderFacts],
        told: list[Told],
        seller: Merchant,
        brands_of: Merchant | None,
        by: Actor,
    ) -> None:
        self.sales = sales
        self.told = told
        self.seller = seller
        self.brands_of = brands_of
        self.teller = brands_of or seller
        self.by = by
        self.places: list[int] = []

    def unheard(self, places: Sequence[int]) -> list[int]:
        """Those of the sales that were not told before; the numbers of all are held."""
        if not places:
            return []
        with acting_for(self.seller):
            orders = recording.told_before([self.sales[place] for place in places], teller=self.teller)
        fresh = []
        for place in places:
            facts = self.sales[place]
            order = orders.get((facts.channel, facts.external_no))
            if order is None:
                fresh.append(place)
                continue
            try:
                recording.check_same(order, facts)
                self.told[place] = Told(order)
            except DomainError as refusal:
                self.told[place] = Told(refusal=refusal)
        return fresh

    def keep(self, places: Sequence[int], held: Held, stored: StoredValue) -> None:
        """Sales that have nothing to do with each other and were not told before."""
        if not places:
            return
        with acting_for(self.seller):
            uses = self._uses(self._purchases(places, held), stored)
            if not uses:
                return
            used: dict[Order, list[Redemption]] = defaultdict(list)
            with one_statement():
                recording.keep([use.sale for use in uses.values()], by=self.by)
                stored.write()
                for redeemed in redemption.redeem(uses.values(), by=self.by):
                    used[redeemed.order].append(redeemed)
            changed = refunds.apply_parked([use.sale.order for use in uses.values()], by=self.by)
        for place, use in uses.items():
            order, seen = use.sale.order, None
            if self.brands_of is None and order not in changed:
                told = payments.to_seller(use.sale.tenders, refunds=[])
                seen = Receipt(order, use.sale.lines, use.sale.touches, whole=True, money=told)
            self.told[place] = Told(order, is_new=True, receipt=seen, used=used[order])

    def _purchases(self, places: Sequence[int], held: Held) -> dict[int, Purchase]:
        """What each sale is of: its receipt and its coupons."""
        found: dict[int, Purchase] = {}
        asked = [(self.sales[p].store, self.sales[p].paid_at, self.sales[p].lines) for p in places]
        goods = Goods(asked, brands_of=self.brands_of)
        for place in places:
            facts = self.sales[place]
            try:
                lines = receipts.read(facts, goods)
                live = goods.contracts(facts.store, facts.paid_at)
                coupons = redemption.judged(
                    facts.coupons, held, store=facts.store, at=facts.paid_at, live=live
                )
                found[place] = Purchase(facts.buyer, lines, coupons)
            except DomainError as refusal:
                self.told[place] = Told(refusal=refusal)
        return found

    def _uses(self, bought: dict[int, Purchase], stored: StoredValue) -> dict[int, Use]:
        """What is to be written of each."""
        found: dict[int, Use] = {}
        if not bought:
            return found
        shoppers = recognised(list(bought.values()), seller=self.seller, teller=self.teller)
        members = {shopper.member for shopper in shoppers if isinstance(shopper, Shopper) and shopper.member}
        guides = Guides([self.sales[place] for place in bought], members)
        for (place, purchase), shopper in zip(bought.items(), shoppers, strict=True):
            try:
                if isinstance(shopper, DomainError):
                    raise shopper
                priced = priced_with(purchase.lines, purchase.coupons)
                sale = recording.drafted(
                    self.sales[place],
                    purchase.lines,
                    discounts=_discounts(purchase.lines, priced),
                    member=shopper.member,
                    brand_members=shopper.brand_members,
                    teller=self.teller,
                    guides=guides,
                )
                stored.take(sale.tenders)
                found[place] = Use(sale, purchase.coupons, priced)
            except DomainError as refusal:
                self.told[place] = Told(refusal=refusal)
        return found


def priced_with(lines: Sequence[ReceiptLine], coupons: Sequence[Coupon]) -> pricing.Priced:
    """The receipt after these coupons, in their order."""
    return pricing.price(
        [
            pricing.PriceLine(
                line.number,
                line.list_amount,
                line.brand.id if line.brand else None,
                line.quantity,
                line.sku.id,
                line.sku.list_price,
            )
            for line in lines
        ],
        [redemption.benefit(coupon) for coupon in coupons],
    )


def _discounts(lines: Sequence[ReceiptLine], priced: pricing.Priced) -> list[int]:
    """What goes off each line. With coupons we price, and what the channel says must agree; without, it
    says."""
    if priced.discounts:
        if any(line.asked not in (None, priced.nets[line.number]) for line in lines):
            raise DomainError(
                "order.price_differs",
                _("What was paid for a line is not its price after the coupons."),
                next_step=_("Take the prices given here, or leave “paid” out and let us price."),
                field="lines",
                extra={"lines": _explained(lines, priced)},
            )
        return [priced.off(line.number) for line in lines]
    for line in lines:
        if line.asked is not None and line.asked > line.list_amount:
            raise DomainError(
                "order.paid_above_list",
                _("Line %(line)d: more was paid than its list price.") % {"line": line.number},
                next_step=_("Send the list price a piece and what was paid for the whole line."),
                field=f"lines[{line.number - 1}].paid",
            )
    return [0 if line.asked is None else line.list_amount - line.asked for line in lines]


def _explained(lines: Sequence[ReceiptLine], priced: pricing.Priced) -> list[dict[str, object]]:
    return [
        {
            "number": line.number,
            "sku": line.sku.ref,
            "list": line.list_amount,
            "discount": priced.off(line.number),
            "paid": priced.nets[line.number],
        }
        for line in lines
    ]
