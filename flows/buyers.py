"""Who bought, in the eyes of the seller and of each brand owner on the receipt; each learns only its own. Of a whole
batch of sales at once: statements grow with brand owners, not with sales."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from coupons.models import Coupon
from members.identity import Register
from members.models import Member
from members.sharing import counterparts_in_scope
from merchants import phones
from merchants.errors import DomainError
from merchants.models import Merchant
from orders.facts import BuyerFacts
from orders.receipts import ReceiptLine


@dataclass
class Shopper:
    """The seller's own member, and each brand owner's own member (by merchant id), of the one who
    bought."""

    member: Member | None = None
    brand_members: dict[int, Member] = field(default_factory=dict)


@dataclass(frozen=True)
class Purchase:
    """What tells who bought."""

    buyer: BuyerFacts | None
    lines: Sequence[ReceiptLine]
    coupons: Sequence[Coupon]


def recognised(
    purchases: Sequence[Purchase], *, seller: Merchant, teller: Merchant
) -> list[Shopper | DomainError]:
    """Of each its shopper, or why the sale is refused: `phone.invalid`, `member.unknown`. Inside the seller's scope;
    `teller` is in whose eyes the buyers are told, the seller or the owner of all brands on the receipts."""
    numbers = _numbers(purchases)
    own = _members_of(teller, purchases, numbers)
    if teller != seller:
        return _by_brand_owner(teller, purchases, own, seller)
    # Whoever brings a coupon is its member, unless the channel says who else.
    known = _Known(
        seller, [c for p, member in zip(purchases, own, strict=True) if not member for c in p.coupons]
    )
    shoppers: list[Shopper | DomainError] = []
    for purchase, found in zip(purchases, own, strict=True):
        if found is None:
            found = next(filter(None, (known.to_seller(coupon.member) for coupon in purchase.coupons)), None)
        shoppers.append(found if isinstance(found, DomainError) else Shopper(member=found))
    _add_brand_members(purchases, shoppers, numbers, seller)
    return shoppers


def known_to(seller: Merchant, member: Member) -> Member | None:
    """The seller's own member behind a coupon's: the same row, or the one the shopper agreed to have
    joined to it. Inside the seller's scope."""
    return member if member.merchant_id == seller.id else counterparts_in_scope([member]).get(member.id)


class _Known:
    """`known_to` for the members of many coupons."""

    def __init__(self, seller: Merchant, coupons: Iterable[Coupon]) -> None:
        self.seller = seller
        self.counterparts = counterparts_in_scope(
            {coupon.member for coupon in coupons if coupon.merchant_id != seller.id}
        )

    def to_seller(self, member: Member) -> Member | None:
        return member if member.merchant_id == self.seller.id else self.counterparts.get(member.id)


def _by_brand_owner(
    owner: Merchant,
    purchases: Sequence[Purchase],
    own: Sequence[Member | DomainError | None],
    seller: Merchant,
) -> list[Shopper | DomainError]:
    """In the eyes of the brand owner that tells the sales. The seller's own member comes in only where the shopper
    let the two be known as one: else the answer would say whom the seller knows."""
    found = [
        member or next((coupon.member for coupon in purchase.coupons if coupon.merchant_id == owner.id), None)
        for purchase, member in zip(purchases, own, strict=True)
    ]
    counterparts = counterparts_in_scope({member for member in found if isinstance(member, Member)})
    return [
        Shopper(member=counterparts.get(member.id), brand_members={owner.id: member})
        if isinstance(member, Member)
        else member or Shopper()
        for member in found
    ]


def _add_brand_members(
    purchases: Sequence[Purchase],
    shoppers: Sequence[Shopper | DomainError],
    numbers: dict[str, str | DomainError],
    seller: Merchant,
) -> None:
    """By the person whom the seller knows, else by the phone, else by the coupon."""
    registers: dict[int, Register] = {}
    both = [(p, s) for p, s in zip(purchases, shoppers, strict=True) if isinstance(s, Shopper)]
    for owner in {line.brand_owner for purchase, _shopper in both for line in purchase.lines} - {seller}:
        buying = [(p, s.member) for p, s in both if any(line.brand_owner == owner for line in p.lines)]
        registers[owner.id] = Register(
            owner,
            persons={member.person_id for _purchase, member in buying if member},
            numbers=[n for p, member in buying if not member and (n := _number(p.buyer, numbers))],
        )
    for purchase, shopper in both:
        for owner in {line.brand_owner for line in purchase.lines}:
            own: Member | None
            if owner == seller:
                own = shopper.member
            elif shopper.member is not None:
                own = registers[owner.id].of_person(shopper.member.person_id)
            else:
                number = _number(purchase.buyer, numbers)
                own = registers[owner.id].known(number) if number else None
            if own is None:
                own = next(
                    (coupon.member for coupon in purchase.coupons if coupon.merchant_id == owner.id), None
                )
            if own is not None:
                shopper.brand_members[owner.id] = own


def _numbers(purchases: Iterable[Purchase]) -> dict[str, str | DomainError]:
    """Each phone as it was told → as it is looked up, or that it is none."""
    numbers: dict[str, str | DomainError] = {}
    for told in {purchase.buyer.phone for purchase in purchases if purchase.buyer} - {""}:
        try:
            numbers[told] = phones.parse(told)
        except DomainError as refusal:
            numbers[told] = refusal
    return numbers


def _number(buyer: BuyerFacts | None, numbers: dict[str, str | DomainError]) -> str | None:
    number = numbers.get(buyer.phone) if buyer else None
    return number if isinstance(number, str) else None


def _members_of(
    merchant: Merchant, purchases: Collection[Purchase], numbers: dict[str, str | DomainError]
) -> list[Member | DomainError | None]:
    """The merchant's own members that the buyers are; `member.unknown` for a member it does not have."""
    buyers = [purchase.buyer for purchase in purchases if purchase.buyer]
    register = Register(
        merchant,
        numbers=[number for number in numbers.values() if isinstance(number, str)],
        refs={buyer.member for buyer in buyers} - {""},
        identities={buyer.identity for buyer in buyers if buyer.identity},
    )
    return [_member_of(merchant, purchase.buyer, register, numbers) for purchase in purchases]


def _member_of(
    merchant: Merchant,
    buyer: BuyerFacts | None,
    register: Register,
    numbers: dict[str, str | DomainError],
) -> Member | DomainError | None:
    if buyer is None:
        return None
    if isinstance(refusal := numbers.get(buyer.phone), DomainError):
        return refusal
    found = register.recognise(
        phone=_number(buyer, numbers), member_ref=buyer.member or None, identity=buyer.identity
    )
    if buyer.member and found is None:
        return DomainError(
            "member.unknown",
            _("%(merchant)s has no such member.") % {"merchant": merchant.name},
            next_step=_("Check the member's id, or name the buyer by phone."),
            field="buyer.member",
        )
    return found
