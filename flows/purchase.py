"""A shopper paid, anywhere: know the shopper, honour the coupons, keep the sale, settle what waited for
it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coupons import pricing, redemption
from coupons.models import Coupon
from events.record import Actor
from members import identity
from members.models import Member, SharedMembership
from merchants import phones
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders import receipts, recording, refunds
from orders.facts import BuyerFacts, OrderFacts
from orders.models import Order
from orders.receipts import ReceiptLine


@dataclass
class Shopper:
    """The seller's own member, and each brand owner's own member (by merchant id), of the one who
    bought."""

    member: Member | None = None
    brand_members: dict[int, Member] = field(default_factory=dict)


@transaction.atomic
def paid(facts: OrderFacts, *, by: Actor, brands_of: Merchant | None = None) -> tuple[Order, bool]:
    """Keep a sale: (order, is_new). The same facts again change nothing and give the same order.

    All or nothing: an unusable coupon, an unknown SKU or a missing contract refuses the whole sale.
    `brands_of` is the brand owner on whose behalf another merchant's store's sale is told: lines of its own
    brands only, a buyer in its own eyes, and a number of its own.
    """
    seller = facts.store.merchant
    teller = brands_of or seller
    with acting_for(seller):
        recording.hold_number(
            merchant=seller, teller=teller, channel=facts.channel, external_no=facts.external_no
        )
        if (order := recording.told_before(facts, teller=teller)) is not None:
            return order, False
        lines = receipts.read(facts, brands_of=brands_of)
        coupons = redemption.hold(codes=facts.coupons, store=facts.store, at=facts.paid_at)
        if brands_of is None:
            shopper = recognised(facts.buyer, seller=seller, lines=lines, coupons=coupons)
        else:
            shopper = recognised_by(brands_of, facts.buyer, seller=seller, coupons=coupons)
        priced = priced_with(lines, coupons)
        order = recording.record(
            facts,
            lines,
            discounts=_discounts(lines, priced),
            member=shopper.member,
            brand_members=shopper.brand_members,
            teller=teller,
            by=by,
        )
        redemption.redeem(coupons, order=order, priced=priced, by=by)
        refunds.apply_parked(order, by=by)
    return order, True


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
            )
            for line in lines
        ],
        [redemption.benefit(coupon) for coupon in coupons],
    )


def recognised(
    buyer: BuyerFacts | None, *, seller: Merchant, lines: Sequence[ReceiptLine], coupons: Sequence[Coupon]
) -> Shopper:
    """Who bought, in the eyes of the seller and of each brand owner on the receipt; each learns only its
    own."""
    shopper = Shopper(member=_member_of(seller, buyer))
    phone = phones.parse(buyer.phone) if buyer and buyer.phone else None
    for coupon in coupons:  # whoever brings a coupon is its member, unless the channel says who else
        if shopper.member is None:
            shopper.member = known_to(seller, coupon.member)
    for owner in {line.brand_owner for line in lines}:
        own = shopper.member if owner == seller else None
        if own is None and owner != seller:
            with acting_for(owner):
                if shopper.member is not None:
                    own = identity.brand_member_of(person=shopper.member.person, merchant=owner)
                elif phone is not None:
                    own = identity.known(merchant=owner, phone=phone)
        if own is None:
            own = next((coupon.member for coupon in coupons if coupon.merchant_id == owner.id), None)
        if own is not None:
            shopper.brand_members[owner.id] = own
    return shopper


def recognised_by(
    owner: Merchant, buyer: BuyerFacts | None, *, seller: Merchant, coupons: Sequence[Coupon]
) -> Shopper:
    """Who bought, in the eyes of the brand owner that tells the sale. The seller's own member comes in only where
    the shopper let the two be known as one: else the answer would say whom the seller knows."""
    own = _member_of(owner, buyer)
    if own is None:
        own = next((coupon.member for coupon in coupons if coupon.merchant_id == owner.id), None)
    if own is None:
        return Shopper()
    return Shopper(member=known_to(seller, own), brand_members={owner.id: own})


def _member_of(merchant: Merchant, buyer: BuyerFacts | None) -> Member | None:
    """The merchant's own member that the buyer is; DomainError `member.unknown` for a member it does not have."""
    if buyer is None:
        return None
    found = identity.recognise(
        merchant=merchant,
        phone=phones.parse(buyer.phone) if buyer.phone else None,
        member_ref=buyer.member or None,
        identity=buyer.identity,
    )
    if buyer.member and found is None:
        raise DomainError(
            "member.unknown",
            _("%(merchant)s has no such member.") % {"merchant": merchant.name},
            next_step=_("Check the member's id, or name the buyer by phone."),
            field="buyer.member",
        )
    return found


def known_to(seller: Merchant, member: Member) -> Member | None:
    """The seller's own member behind a coupon's: the same row, or the one the shopper agreed to have
    joined to it."""
    if member.merchant_id == seller.id:
        return member
    shared = SharedMembership.party.filter(member=member, ended_at=None).select_related("counterpart").first()
    return shared.counterpart if shared else None


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
