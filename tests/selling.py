"""Sales of the tests: a campaign, a member with a guide, a receipt, in one line each."""

from datetime import datetime, timedelta

from django_scopes import scope

from coupons import campaigns, issuing
from coupons.models import Campaign, Coupon
from events.record import Actor
from flows import purchase, refund
from flows.joining import Joined, join_brand
from guides.models import Guide
from members.models import Member
from merchants.models import Brand, Merchant
from orders.facts import BuyerFacts, LineFacts, OrderFacts, RefundFacts, RefundLineFacts
from orders.models import Order
from stores.models import Store
from tests.people import NOON

TILL = Actor.system("till")
FANG = "13800010001"  # a shopper
MEI = "13800010002"  # another


def joined(
    brand: Brand,
    store: Store,
    *,
    phone: str = FANG,
    name: str = "方女士",
    store_too: bool = True,
    guide: Guide | None = None,
    at: datetime = NOON - timedelta(days=2),
) -> Joined:
    consents = {"membership": True, "store": store_too, "marketing": True}
    return join_brand(
        brand=brand, store=store, phone=phone, name=name, consents=consents, guide=guide, by=TILL, at=at
    )


def campaign_of(merchant: Merchant, brand: Brand | None, **changed) -> Campaign:
    """满200减30, running from three days before NOON, borne 70 : 30 by brand and store, or by the store alone."""
    terms = {
        "name": "满200减30",
        "threshold": 20000,
        "amount_off": 3000,
        "issue_limit": 1000,
        "claim_from": NOON - timedelta(days=3),
        "claim_until": NOON + timedelta(days=30),
        "use_from": NOON - timedelta(days=3),
        "use_until": NOON + timedelta(days=30),
        "bearers": [("brand", 700_000), ("store", 300_000)] if brand else None,
    }
    with scope(merchant=merchant):
        return campaigns.create(merchant=merchant, brand=brand, by=TILL, **(terms | changed))


def coupon_for(campaign: Campaign, member: Member, *, key: str = "claim-1", **given) -> tuple[Coupon, str]:
    """(coupon, its code)"""
    coupon, _is_new = issuing.issue(
        campaign=campaign, member=member, claim_key=key, by=TILL, **({"at": NOON - timedelta(days=1)} | given)
    )
    return coupon, issuing.code_of(coupon)


def sale(store: Store, *lines: LineFacts, no: str = "T-1", phone: str = "", **changed) -> OrderFacts:
    facts = {
        "channel": "pos",
        "external_no": no,
        "paid_at": NOON,
        "buyer": BuyerFacts(phone=phone) if phone else None,
    }
    return OrderFacts(store=store, lines=lines, **(facts | changed))


def line(sku, quantity: int = 1, **given) -> LineFacts:
    return LineFacts(sku=sku if isinstance(sku, str) else sku.code, quantity=quantity, **given)


def sold(store: Store, *lines: LineFacts, **given) -> Order:
    order, _is_new = purchase.paid(sale(store, *lines, **given), by=TILL)
    return order


def money_back(
    merchant: Merchant, *lines: RefundLineFacts, order_no: str = "T-1", no: str = "R-1", **changed
):
    facts = {
        "channel": "pos",
        "external_no": no,
        "order_external_no": order_no,
        "refunded_at": NOON + timedelta(hours=2),
    }
    return refund.refunded(RefundFacts(merchant=merchant, lines=lines, **(facts | changed)), by=TILL)
