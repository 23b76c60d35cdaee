"""The people of the tests, with names and stakes.

Two brand owners, Qinglan (clothes) and Mubai (tea), and Hehe, a chain of collection stores that carries both.
Lin serves at Hehe's Jing'an store; Chen serves at Qinglan's own store in Xuhui; Wei is nobody's colleague.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django_scopes import scope

from catalog.models import Product, Sku
from events.record import Actor
from guides.models import Assignment, Guide
from merchants.models import Brand, Merchant, OrgUnit, Party, User
from merchants.onboarding import add_brand, add_unit, appoint, open_merchant, root_of
from merchants.pinyin import pinyin_key
from merchants.roles import Role
from stores.models import Contract, Store

ONBOARDING = Actor.system("onboarding")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS_OPEN = [[["00:00", "24:00"]]] * 7


@dataclass
class World:
    qinglan: Merchant  # brand owner A
    mubai: Merchant  # brand owner B
    hehe: Merchant  # channel C
    stranger: Merchant  # knows nobody
    qinglan_brand: Brand
    mubai_brand: Brand
    jingan: Store  # Hehe's collection store, carries both brands
    xuhui: Store  # Qinglan's direct store
    qinglan_at_jingan: Contract  # central, T+0
    mubai_at_jingan: Contract  # direct, T+0
    qinglan_at_xuhui: Contract
    lin: Guide  # at Jing'an
    chen: Guide  # at Xuhui
    shirt: Sku  # Qinglan, 199.00
    coat: Sku  # Qinglan, 899.00
    tea: Sku  # Mubai, 128.00
    tote: Sku  # Hehe's own, 49.00
    gu: User  # HQ owner of Qinglan
    he: User  # owner of Hehe
    wei: User  # owner of the stranger

    def inside(self, merchant: Merchant):
        return scope(merchant=merchant)


def make_user(name: str, *, email: str | None = None, phone: str | None = None) -> User:
    return User.objects.create_user(name=name, email=email, phone=phone, password="a long enough password")


def make_store(
    merchant: Merchant, *, code: str, name: str, kind: str, lng: float, lat: float, parent=None
) -> Store:
    unit = add_unit(merchant=merchant, parent=parent or root_of(merchant), kind=OrgUnit.Kind.STORE, name=name)
    return Store.objects.create(
        merchant=merchant,
        org_unit=unit,
        party=Party.objects.create(kind=Party.Kind.STORE),
        code=code,
        name=name,
        pinyin=pinyin_key(name),
        kind=kind,
        province="上海市",
        city="上海市",
        district="静安区",
        adcode="310106",
        address="南京西路 1515 号",
        lng=lng,
        lat=lat,
        given_lng=lng,
        given_lat=lat,
        given_datum=Store.Datum.WGS84,
        hours=ALWAYS_OPEN,
    )


def make_contract(brand: Brand, store: Store, *, mode: str, settlement: str = "T0", **terms) -> Contract:
    with scope(merchant=brand.merchant):
        return Contract.objects.create(
            merchant=brand.merchant,
            counterparty=store.merchant,
            brand=brand,
            store=store,
            brand_unit=root_of(brand.merchant),
            mode=mode,
            settlement=settlement,
            **({"starts_at": LONG_AGO, "accepted_at": LONG_AGO} | terms),
        )


def renewed(contract: Contract, **terms) -> Contract:
    """What was accepted stands: the contract ends where another begins that differs in these terms."""
    begins = contract.starts_at + timedelta(days=1)
    own = {"id", "ref", "created_at", "starts_at"}
    facts = {field.name for field in Contract._meta.concrete_fields} - own
    with scope(merchant=contract.merchant):
        Contract.objects.filter(pk=contract.pk).update(ends_at=begins)
        same = {name: getattr(contract, name) for name in facts}
        return Contract.objects.create(starts_at=begins, **(same | terms))


def make_guide(store: Store, *, code: str, name: str, phone: str) -> Guide:
    user = make_user(name, phone=phone)
    guide = Guide.objects.create(
        merchant=store.merchant,
        user=user,
        party=Party.objects.create(kind=Party.Kind.GUIDE),
        code=code,
        name=name,
        pinyin=pinyin_key(name),
    )
    Assignment.objects.create(merchant=store.merchant, guide=guide, store=store, starts_at=LONG_AGO)
    appoint(
        user=user,
        merchant=store.merchant,
        role=Role.GUIDE,
        org_unit=store.org_unit,
        by=ONBOARDING,
        starts_at=LONG_AGO,
    )
    return guide


def make_sku(merchant: Merchant, brand: Brand | None, *, code: str, name: str, list_price: int) -> Sku:
    product = Product.objects.create(merchant=merchant, brand=brand, code=code, name=name)
    return Sku.objects.create(merchant=merchant, product=product, code=code, name=name, list_price=list_price)


def make_world() -> World:
    """Everybody above, ready to trade since the first of January 2026."""
    qinglan = open_merchant(name="青岚服饰", is_brand_owner=True, is_channel=True, by=ONBOARDING)
    mubai = open_merchant(name="木白茶业", is_brand_owner=True, by=ONBOARDING)
    hehe = open_merchant(name="和合集合店", is_channel=True, by=ONBOARDING)
    stranger = open_merchant(name="路人商贸", is_brand_owner=True, is_channel=True, by=ONBOARDING)
    owners = {}
    for merchant, name, email in [
        (qinglan, "顾清", "gu@qinglan.example"),
        (hehe, "何平", "he@hehe.example"),
        (stranger, "魏远", "wei@stranger.example"),
    ]:
        user = make_user(name, email=email)
        with scope(merchant=merchant):
            appoint(
                user=user,
                merchant=merchant,
                role=Role.OWNER,
                org_unit=root_of(merchant),
                by=ONBOARDING,
                starts_at=LONG_AGO,
            )
        owners[merchant.id] = user
    with scope(merchant=qinglan):
        qinglan_brand = add_brand(
            merchant=qinglan, name="青岚", name_en="Qinglan", slug="qinglan", seal="岚", by=ONBOARDING
        )
        xuhui = make_store(qinglan, code="XH01", name="青岚徐汇店", kind="direct", lng=121.437, lat=31.195)
        chen = make_guide(xuhui, code="G201", name="陈一诺", phone="+8613900000002")
        shirt = make_sku(qinglan, qinglan_brand, code="QL-SHIRT", name="青岚亚麻衬衫", list_price=19900)
        coat = make_sku(qinglan, qinglan_brand, code="QL-COAT", name="青岚羊毛大衣", list_price=89900)
    with scope(merchant=mubai):
        mubai_brand = add_brand(
            merchant=mubai, name="木白", name_en="Mubai", slug="mubai", seal="木", by=ONBOARDING
        )
        tea = make_sku(mubai, mubai_brand, code="MB-TEA", name="木白明前龙井", list_price=12800)
    with scope(merchant=hehe):
        jingan = make_store(hehe, code="JA01", name="和合静安店", kind="collection", lng=121.448, lat=31.223)
        lin = make_guide(jingan, code="G101", name="林小雨", phone="+8613900000001")
        tote = make_sku(hehe, None, code="HH-TOTE", name="和合帆布袋", list_price=4900)
    return World(
        qinglan=qinglan,
        mubai=mubai,
        hehe=hehe,
        stranger=stranger,
        qinglan_brand=qinglan_brand,
        mubai_brand=mubai_brand,
        jingan=jingan,
        xuhui=xuhui,
        qinglan_at_jingan=make_contract(qinglan_brand, jingan, mode="central", store_bears_ppm=300_000),
        mubai_at_jingan=make_contract(mubai_brand, jingan, mode="direct", store_bears_ppm=300_000),
        qinglan_at_xuhui=make_contract(qinglan_brand, xuhui, mode="central"),
        lin=lin,
        chen=chen,
        shirt=shirt,
        coat=coat,
        tea=tea,
        tote=tote,
        gu=owners[qinglan.id],
        he=owners[hehe.id],
        wei=owners[stranger.id],
    )


NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai, a Friday
LATER = NOON + timedelta(hours=1)
