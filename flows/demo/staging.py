"""Sets the demo's stage through the product's own verbs: merchants, goods, stores, plans, people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django_scopes import scope

from catalog.listing import add_product, add_sku
from catalog.models import Sku
from commissions import plans
from commissions.splitting import Term
from coupons import campaigns
from coupons.models import Campaign
from events.record import Actor
from flows.demo import cast
from flows.demo.logins import api_key_of, password
from flows.demo.script import DAYS, SHANGHAI, Script
from guides.hiring import hire
from guides.models import Guide
from guides.targets import set_target
from ledger import months
from members import programmes
from merchants.models import Brand, Merchant, OrgUnit, User
from merchants.onboarding import add_brand, add_unit, appoint, issue_key, open_merchant, root_of
from merchants.roles import Role
from stores.contracts import agree
from stores.models import Store
from stores.opening import open_store

OPERATOR = Actor.system("demo")
WEEK = 7


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

    @staticmethod
    def steps_of(script: Script) -> int:
        """How often a whole play ticks."""
        return len(script.stores) + len(script.guides) + len(script.acts) + len(cast.MERCHANTS)

    def set_up(self) -> None:
        """Everything that stands before the first shopper comes."""
        months.open_ahead(today=self.script.as_of, since=self.begins.date())
        self._merchants()
        self._goods()
        self._stores()
        self._plans()
        self._campaigns()
        self._gift_card()
        self._guides()
        self._logins()
        self._targets()

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
                    store_bears_ppm=300_000,
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
                    kind=Campaign.Kind.EXCHANGE if role.sku else Campaign.Kind.FULL_REDUCTION,
                    threshold=role.threshold,
                    amount_off=role.amount_off,
                    pieces=1 if role.sku else 0,
                    sku=Sku.objects.get(code=role.sku) if role.sku else None,
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

    def _gift_card(self) -> None:
        card = cast.GIFT_CARD
        programme = programmes.register(
            merchant=self.merchants[card.owner], code=card.code, name=card.name, by=OPERATOR
        )
        for week in range((DAYS + 10) // WEEK):
            programmes.top_up(
                programme=programme,
                external_no=f"GC-{week + 1:03d}",
                paid=card.weekly,
                bonus=card.bonus,
                place="acquirer",
                at=self.begins + timedelta(weeks=week, hours=10),
                by=OPERATOR,
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
                unit = self._unit_of(Role(login.role), merchant, store)
                appoint(
                    user=user,
                    merchant=merchant,
                    role=Role(login.role),
                    org_unit=unit,
                    by=OPERATOR,
                    starts_at=self.begins,
                )

    def _unit_of(self, role: Role, merchant: Merchant, store: Store) -> OrgUnit:
        """Where a role sits: the leading store, its region, or the whole merchant."""
        if role == Role.STORE_MANAGER:
            return store.org_unit
        if role == Role.REGION_MANAGER:
            return self.regions[merchant.ref, cast.AREAS[store.province]]
        return root_of(merchant)

    def _targets(self) -> None:
        busy = [store for store in self.script.stores if len(store.guides) > 1]
        for store in busy:
            for code in store.guides:
                for ahead in (0, 1):
                    day = self.script.as_of + timedelta(days=ahead)
                    set_target(guide=self.guides[code], day=day, amount=200_000, by=OPERATOR)
