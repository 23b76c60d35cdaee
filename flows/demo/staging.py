"""Plays the demo's script through the product's own verbs, so that all it shows was made as in life."""

import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django_scopes import scope

from catalog.listing import add_product, add_sku
from commissions import clawback, plans
from commissions.splitting import Term
from coupons import campaigns, issuing
from coupons.models import Campaign, Coupon
from events.record import Actor
from flows import purchase, refund, settlement
from flows.demo import cast
from flows.demo.script import DAYS, SHANGHAI, Act, GiveBack, Greet, Join, Sale, Script, Send
from flows.joining import Joined, join_brand
from guides.hiring import hire
from guides.models import Guide
from guides.targets import set_target
from members import followups
from members.models import Consent
from merchants.models import Brand, Merchant, OrgUnit, User
from merchants.onboarding import add_brand, add_unit, appoint, issue_key, open_merchant, root_of
from merchants.roles import Role
from orders.facts import BuyerFacts, LineFacts, OrderFacts, RefundFacts, RefundLineFacts
from orders.models import Order, Refund
from stores.contracts import agree
from stores.models import Store
from stores.opening import open_store

OPERATOR = Actor.system("demo")
WEEK = 7
SPLIT_EVERY = 12  # sales: near enough behind each for the feed, far enough apart to go fast


def secret_of(what: str) -> str:
    """A demo's password or key: the same for one installation, different on the next, kept nowhere."""
    return hmac.new(settings.SECRET_KEY.encode(), f"demo {what}".encode(), "sha256").hexdigest()


def api_key_of(merchant: str) -> str:
    return f"tk_test_{secret_of(f'key {merchant}')[:32]}"


def password() -> str:
    """One for all who sign in by e-mail: a slow hash each would cost more than the three months of trade."""
    return f"demo-{secret_of('password')[:10]}"


def is_laid() -> bool:
    return Merchant.objects.filter(name=cast.MERCHANTS[0].name).exists()


class Stage:
    """The rows by the script's own names, as they come to be."""

    def __init__(self, script: Script, *, tick: Callable[[str], None]) -> None:
        self.script, self.tick = script, tick
        self.begins = datetime.combine(
            script.as_of - timedelta(days=DAYS + 10), datetime.min.time(), SHANGHAI
        ).astimezone(UTC)
        self.merchants: dict[str, Merchant] = {}
        self.brands: dict[str, Brand] = {}
        self.regions: dict[tuple[str, str], OrgUnit] = {}
        self.stores: dict[str, Store] = {}
        self.guides: dict[str, Guide] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.joined: dict[int, Joined] = {}
        self.coupons: dict[int, Coupon] = {}
        self.sales: dict[str, Order] = {}
        self.unsplit: dict[Merchant, list[int]] = {}

    @staticmethod
    def steps_of(script: Script) -> int:
        """How often a whole play ticks."""
        return len(script.stores) + len(script.guides) + len(script.acts)

    def set_up(self) -> None:
        """Everything that stands before the first shopper comes."""
        self._merchants()
        self._goods()
        self._stores()
        self._plans()
        self._campaigns()
        self._guides()
        self._logins()
        self._targets()

    def trade(self, acts: Iterable[Act]) -> None:
        """Play what happens. Acts of different stores touch no common member, coupon or order."""
        play: dict[type, Callable[[Any], None]] = {
            Join: self._join,
            Greet: self._greet,
            Send: self._send,
            Sale: self._sale,
            GiveBack: self._give_back,
        }
        for act in acts:
            play[type(act)](act)
            self.tick("trade")
        self._split()

    def _merchants(self) -> None:
        for role in cast.MERCHANTS:
            merchant = open_merchant(
                name=role.name,
                is_brand_owner=role.owns_brand,
                is_channel=role.runs_stores,
                by=OPERATOR,
                at=self.begins,
            )
            self.merchants[role.key] = merchant
            issue_key(merchant=merchant, name="demo", by=OPERATOR, secret=api_key_of(role.key))
        for brand in cast.BRANDS:
            owner = self.merchants[brand.key]
            with scope(merchant=owner):
                self.brands[brand.key] = add_brand(
                    merchant=owner,
                    name=brand.name,
                    name_en=brand.name_en,
                    slug=brand.key,
                    seal=brand.seal,
                    by=OPERATOR,
                )

    def _goods(self) -> None:
        for goods in cast.GOODS:
            owner = self.merchants[goods.owner]
            with scope(merchant=owner):
                product, _is_new = add_product(
                    merchant=owner,
                    brand=self.brands[goods.brand] if goods.brand else None,
                    code=goods.code,
                    name=goods.name,
                    name_en=goods.name_en,
                    category=goods.category,
                    by=OPERATOR,
                )
                add_sku(
                    product=product,
                    code=goods.code,
                    name=goods.name,
                    list_price=goods.price,
                    barcode=goods.barcode,
                    by=OPERATOR,
                )

    def _stores(self) -> None:
        for role in self.script.stores:
            merchant, place = self.merchants[role.merchant], role.place
            with scope(merchant=merchant):
                store = open_store(
                    merchant=merchant,
                    code=role.code,
                    name=role.name,
                    kind=role.kind,
                    parent=self._region(merchant, place.province, place.city),
                    province=place.province,
                    city=place.city,
                    district=place.district,
                    adcode=place.adcode,
                    address=place.address,
                    lng=place.lng,
                    lat=place.lat,
                    datum=Store.Datum.GCJ02,
                    hours=[[[place.opens, place.closes]]] * WEEK,
                    abilities=["pickup"],
                    by=OPERATOR,
                    at=self.begins,
                )
            self.stores[role.code] = store
            for key in role.brands:
                brand = self.brands[key]
                with scope(merchant=brand.merchant):
                    unit = self._region(brand.merchant, place.province, place.city)
                own = brand.merchant_id == merchant.id
                central = own or (role.kind == "collection" and key == cast.QINGLAN)
                agree(
                    brand=brand,
                    store=store,
                    brand_unit=unit,
                    mode="central" if central else "direct",
                    settlement="T1" if own else "T0",
                    guide_pay="direct",
                    starts_at=self.begins,
                    by=OPERATOR,
                )
            self.tick("stores")

    def _region(self, merchant: Merchant, province: str, city: str) -> OrgUnit:
        """大区 by the part of the country, 小区 by city."""
        area = cast.AREAS.get(province, "中西大区")
        if (region := self.regions.get((merchant.ref, area))) is None:
            region = add_unit(
                merchant=merchant, parent=root_of(merchant), kind=OrgUnit.Kind.REGION, name=area
            )
            self.regions[merchant.ref, area] = region
        if (district := self.regions.get((merchant.ref, city))) is None:
            district = add_unit(merchant=merchant, parent=region, kind=OrgUnit.Kind.DISTRICT, name=city)
            self.regions[merchant.ref, city] = district
        return district

    def _plans(self) -> None:
        for (brand, mode, channel), rules in cast.PLANS.items():
            terms = [Term(number, role, ppm) for number, (role, ppm) in enumerate(rules, start=1)]
            plans.publish(
                brand=self.brands[brand],
                mode=mode,
                scope=self.merchants[channel] if channel else None,
                rules=[*terms, Term(len(terms) + 1, "residual", None)],
                effective_from=self.begins,
                by=OPERATOR,
                at=self.begins,
            )

    def _campaigns(self) -> None:
        ends = datetime.combine(
            self.script.as_of + timedelta(days=40), datetime.max.time(), SHANGHAI
        ).replace(microsecond=0)
        for role in cast.CAMPAIGNS:
            owner = self.merchants[role.owner]
            with scope(merchant=owner):
                self.campaigns[role.key] = campaigns.create(
                    merchant=owner,
                    brand=self.brands[role.brand] if role.brand else None,
                    name=role.name,
                    threshold=role.threshold,
                    amount_off=role.amount_off,
                    issue_limit=5000,
                    per_member_limit=role.per_member_limit,
                    bearers=role.bearers,
                    claim_from=self.begins,
                    claim_until=ends,
                    use_from=self.begins,
                    use_until=ends,
                    by=OPERATOR,
                    at=self.begins,
                )

    def _guides(self) -> None:
        for role in self.script.guides:
            store = self.stores[role.store]
            user = User.objects.create_user(name=role.name, phone=role.phone)
            with scope(merchant=store.merchant):
                self.guides[role.code] = hire(
                    merchant=store.merchant,
                    user=user,
                    code=role.code,
                    name=role.name,
                    store=store,
                    starts_at=self.begins,
                    by=OPERATOR,
                )
            self.tick("guides")

    def _logins(self) -> None:
        hashed = make_password(password())
        first = {key: next(s for s in self.script.stores if s.merchant == key) for key in self.merchants}
        for login in cast.LOGINS:
            if login.email is None:
                continue
            merchant = self.merchants[login.merchant]
            user = User.objects.create(name=login.name, email=login.email, password=hashed)
            with scope(merchant=merchant):
                store = self.stores[first[login.merchant].code]
                unit = {
                    Role.STORE_MANAGER: store.org_unit,
                    Role.REGION_MANAGER: store.org_unit.parent.parent,
                }.get(Role(login.role), root_of(merchant))
                appoint(
                    user=user,
                    merchant=merchant,
                    role=Role(login.role),
                    org_unit=unit,
                    by=OPERATOR,
                    starts_at=self.begins,
                )

    def _targets(self) -> None:
        busy = [store for store in self.script.stores if len(store.guides) > 1]
        for store in busy:
            for code in store.guides:
                for ahead in (0, 1):
                    day = self.script.as_of + timedelta(days=ahead)
                    set_target(guide=self.guides[code], day=day, amount=200_000, by=OPERATOR)

    def _join(self, act: Join) -> None:
        self.joined[act.member] = join_brand(
            brand=self.brands[act.brand],
            store=self.stores[act.store],
            phone=act.phone,
            name=act.name,
            consents={
                Consent.Purpose.MEMBERSHIP: True,
                Consent.Purpose.STORE: act.shares_with_store,
                Consent.Purpose.MARKETING: act.takes_offers,
            },
            guide=self.guides[act.guide],
            by=OPERATOR,
            at=act.at,
        )

    def _greet(self, act: Greet) -> None:
        joined = self.joined[act.member]
        if joined.guide is None:
            return
        with scope(merchant=joined.guide.merchant):
            follow_up = followups.open_for(guide=joined.guide).filter(member=joined.binding.member).first()
        if follow_up:
            followups.done(follow_up=follow_up, by=Actor.user(joined.guide.user.ref), at=act.at)

    def _send(self, act: Send) -> None:
        guide, store = self.guides[act.guide], self.stores[act.store]
        joined = self.joined[act.member]
        coupon, _is_new = issuing.issue(
            campaign=self.campaigns[act.campaign],
            member=joined.channel_member or joined.member,
            claim_key=f"demo-{act.coupon}",
            guide=guide,
            store=store,
            by=Actor.user(guide.user.ref),
            at=act.at,
        )
        self.coupons[act.coupon] = coupon

    def _sale(self, act: Sale) -> None:
        store, guide = self.stores[act.store], self.guides[act.guide]
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
            touches={"serving": guide.ref},
        )
        order, _is_new = purchase.paid(facts, by=Actor.user(guide.user.ref))
        self.sales[act.no] = order
        self.unsplit.setdefault(store.merchant, []).append(order.id)
        if sum(map(len, self.unsplit.values())) >= SPLIT_EVERY:
            self._split()

    def _buyer(self, act: Sale) -> BuyerFacts | None:
        if act.member is None:
            return None
        joined = self.joined[act.member]
        member = joined.channel_member or joined.member
        if member.merchant_id == self.stores[act.store].merchant_id:
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
            self._split()
            with scope(merchant=given_back.merchant):
                clawback.claw(given_back)

    def _split(self) -> None:
        """What the worker does behind the sales; it will find this done when it comes to their events."""
        for seller, orders in self.unsplit.items():
            with scope(merchant=seller):
                settlement.book_and_settle(orders, seller=seller)
        self.unsplit.clear()
