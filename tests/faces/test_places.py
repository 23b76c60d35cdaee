"""A role holds over its part of the tree, and two roles together do not add up to a third."""

import pytest
from django.urls import reverse
from django.utils import timezone

from guides.models import Assignment, Guide
from merchants.models import ApiKey, Merchant, OrgUnit, Party, User
from merchants.onboarding import add_unit, appoint, root_of
from merchants.roles import OF_THE_WHOLE, PERMISSIONS, Role
from stores.models import Contract
from tests.faces.headquarters import words
from tests.house import rows
from tests.house.matrix import arguments, ask, names_the_roles
from tests.house.permissions import PAGES
from tests.people import LONG_AGO, ONBOARDING, World, make_contract, make_store, make_user
from tests.selling import MEI, joined, line, sold
from tests.streaming import flow

OF_THE_WHOLE_PAGES = [name for name, page in PAGES.items() if OF_THE_WHOLE & set(page.needs)]


@pytest.fixture
def east(world) -> OrgUnit:
    """A region of Hehe with a store of its own, Hangzhou's, which carries Qinglan. Jing'an is not in it."""
    with world.inside(world.hehe):
        unit = add_unit(
            merchant=world.hehe, parent=root_of(world.hehe), kind=OrgUnit.Kind.REGION, name="华东"
        )
        store = make_store(
            world.hehe, code="HZ01", name="和合湖滨店", kind="collection", lng=120.1, lat=30.2, parent=unit
        )
    make_contract(world.qinglan_brand, store, mode="central")
    return unit


def appointed(world: World, *posts: tuple[Role, OrgUnit], merchant: Merchant | None = None) -> User:
    user = make_user("两职", email=f"two{User.objects.count()}@hehe.example")
    merchant = merchant or world.hehe
    with world.inside(merchant):
        for role, unit in posts:
            appoint(user=user, merchant=merchant, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
    return user


# --- a role over one region ---


def test_the_pages_of_the_whole_merchant_are_many():
    assert {"keys", "payouts", "ledger", "statements", "settlements", "plans", "withholding"} <= set(
        OF_THE_WHOLE_PAGES
    )
    assert {"campaign_new", "campaign_pause", "campaign_resume", "key_revoke", "payouts_export"} <= set(
        OF_THE_WHOLE_PAGES
    )


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.FINANCE, Role.AUDITOR, Role.MARKETING])
def test_a_role_over_a_region_opens_no_page_of_the_whole_merchant(world, east, role):
    user = appointed(world, (role, east))
    wrong = []
    for name in OF_THE_WHOLE_PAGES:
        page = PAGES[name]
        answer = ask(user, name, page, arguments(world, page.of))
        need = next(need for need in page.needs if need in OF_THE_WHOLE)
        if answer.status_code != 403 or not names_the_roles(answer, need):
            wrong.append((name, answer.status_code))
        elif need in PERMISSIONS[role] and "over all of it" not in words(answer):
            wrong.append((name, "does not say that the place is what lacks"))
    assert wrong == []


def test_the_same_role_over_the_whole_merchant_opens_them(world):
    with world.inside(world.hehe):
        root = root_of(world.hehe)
    owner = appointed(world, (Role.OWNER, root))
    for name in ("keys", "payouts", "ledger", "statements", "settlements", "plans", "withholding"):
        assert ask(owner, name, PAGES[name], {}).status_code == 200


def test_a_region_s_administrator_makes_no_key(world, east, at_desk):
    desk = at_desk(appointed(world, (Role.ADMIN, east)))
    assert (
        desk.post("/hq/keys/", {"name": "华东", "mode": "test", "scopes": ["members:read"]}).status_code
        == 403
    )
    with world.inside(world.hehe):
        assert not ApiKey.objects.exists()


def test_the_navigation_offers_a_region_what_it_may_open(world, east, at_desk):
    page = words(at_desk(appointed(world, (Role.FINANCE, east))).get("/hq/"))
    assert reverse("contracts") in page and reverse("orders") in page
    for route in ("payouts", "ledger", "statements", "settlements", "plans", "keys"):
        assert f'href="{reverse(route)}"' not in page


def test_who_markets_in_a_region_reads_campaigns_and_starts_none(world, east, at_desk):
    with world.inside(world.hehe):
        ref = rows.own_campaign(world).ref
    desk = at_desk(appointed(world, (Role.MARKETING, east)))
    assert reverse("campaign_new") not in words(desk.get("/hq/campaigns/"))
    assert reverse("campaign_pause", args=[ref]) not in words(desk.get(f"/hq/campaigns/{ref}/"))


# --- two appointments of one user ---


WRITES = [
    name
    for name, page in PAGES.items()
    if page.of and "dashboard.use" in page.needs and not page.needs[0].endswith(".read")
]


def test_who_reads_everything_and_owns_one_region_writes_nothing_elsewhere(world, east):
    """Every page of headquarters that changes a row, or shows what a reader may not see."""
    assert {"member_phone", "contract_end", "payout_mark", "key_revoke", "plan_publish"} <= set(WRITES)
    with world.inside(world.hehe):
        user = appointed(world, (Role.AUDITOR, root_of(world.hehe)), (Role.OWNER, east))
    tried = {name: ask(user, name, PAGES[name], arguments(world, PAGES[name].of)) for name in WRITES}
    assert {name: answer.status_code for name, answer in tried.items() if answer.status_code != 403} == {}


def far_member(world: World, east: OrgUnit):
    """Mei, a member of Hehe at Hangzhou; and Hangzhou."""
    with world.inside(world.hehe):
        store = east.children.get().store
    one = joined(world.qinglan_brand, store, phone=MEI, name="梅女士", at=timezone.now())
    return one.channel_member, store


@pytest.mark.parametrize("reader", [Role.MARKETING, Role.FINANCE, Role.AUDITOR, Role.REGION_MANAGER])
def test_who_reads_everybody_and_manages_one_store_reveals_that_store_s_phones_alone(
    world, east, at_desk, fang, reader
):
    far, _store = far_member(world, east)
    with world.inside(world.hehe):
        root = root_of(world.hehe)
    desk = at_desk(appointed(world, (reader, root), (Role.STORE_MANAGER, world.jingan.org_unit)))
    assert far.name in words(desk.get(f"/hq/members/{far.ref}/"))
    refused = desk.post(f"/hq/members/{far.ref}/phone/", {"reason": "call"})
    assert refused.status_code == 403
    assert far.person.phone not in words(refused)
    assert "reason" not in words(desk.get(f"/hq/members/{far.ref}/"))
    near = fang.channel_member
    assert desk.post(f"/hq/members/{near.ref}/phone/", {"reason": "call"}).status_code == 200


def serving(world: World, *posts: tuple[Role, OrgUnit]) -> User:
    """Somebody with these posts who serves at Jing'an."""
    user = appointed(world, *posts)
    with world.inside(world.hehe):
        party = Party.objects.create(kind=Party.Kind.GUIDE)
        guide = Guide.objects.create(merchant=world.hehe, user=user, party=party, code="G190", name=user.name)
        Assignment.objects.create(merchant=world.hehe, guide=guide, store=world.jingan, starts_at=LONG_AGO)
    return user


def test_at_the_desk_too_a_phone_is_shown_where_the_role_reaches(world, east, at_desk, fang):
    far, _store = far_member(world, east)
    with world.inside(world.hehe):
        root = root_of(world.hehe)
    desk = at_desk(serving(world, (Role.MARKETING, root), (Role.STORE_MANAGER, world.jingan.org_unit)))
    assert desk.post(f"/w/members/{far.ref}/phone/", {"reason": "call"}).status_code == 403
    assert desk.post(f"/w/members/{fang.channel_member.ref}/phone/", {"reason": "call"}).status_code == 200


def test_who_reads_everybody_and_serves_at_one_store_sends_coupons_to_its_members_alone(
    world, east, at_desk, fang
):
    far, _store = far_member(world, east)
    with world.inside(world.hehe):
        root = root_of(world.hehe)
    desk = at_desk(serving(world, (Role.REGION_MANAGER, root), (Role.GUIDE, world.jingan.org_unit)))
    assert desk.get(f"/w/members/{far.ref}/").status_code == 200
    assert desk.get(f"/w/members/{far.ref}/coupons/").status_code == 403
    assert desk.get(f"/w/members/{fang.channel_member.ref}/coupons/").status_code == 200


def test_a_manager_of_another_store_has_no_desk_where_no_role_is_theirs(world, east, at_desk):
    """A post at Jing'an says where they serve, not what they may do there."""
    desk = at_desk(serving(world, (Role.STORE_MANAGER, east)))
    assert desk.get("/w/").status_code == 403
    assert desk.get("/w/sale/").status_code == 403


def offers(world: World) -> list[tuple[str, Contract, dict[str, str]]]:
    """What may be written of Qinglan's contract at Jing'an, and of an offer there: by the brand and by the store."""
    held, offer = world.qinglan_at_jingan, rows.offer(world)
    return [
        ("contract_end", held, {}),
        ("contract_accept", offer, {"version": "1"}),
        ("contract_decline", offer, {"reason": "no"}),
    ]


@pytest.mark.parametrize("reader", [Role.AUDITOR, Role.FINANCE])
def test_who_reads_every_contract_and_writes_those_of_a_region_ends_and_answers_no_other(
    world, east, at_desk, reader
):
    with world.inside(world.hehe):
        posts = [(Role.AUDITOR, root_of(world.hehe)), (Role.FINANCE, east)]
        user = appointed(world, *(posts if reader == Role.AUDITOR else posts[1:]))
        tried = offers(world)
    desk, status = at_desk(user), 403 if reader == Role.AUDITOR else 404
    for name, contract, data in tried:
        assert desk.post(reverse(name, args=[contract.ref]), data).status_code == status
        if reader == Role.AUDITOR:
            assert reverse(name, args=[contract.ref]) not in words(desk.get(f"/hq/contracts/{contract.ref}/"))
    with world.inside(world.hehe):
        kept = Contract.party.get(pk=world.qinglan_at_jingan.pk)
        offer = rows.offer(world)
    assert (kept.ends_at, offer.accepted_at, offer.declined_at) == (None, None, None)


def test_the_same_holds_on_the_brand_s_side(world, at_desk):
    with world.inside(world.qinglan):
        root = root_of(world.qinglan)
        north = add_unit(merchant=world.qinglan, parent=root, kind=OrgUnit.Kind.REGION, name="华北")
    desk = at_desk(appointed(world, (Role.AUDITOR, root), (Role.FINANCE, north), merchant=world.qinglan))
    ref = world.qinglan_at_jingan.ref
    assert desk.get(f"/hq/contracts/{ref}/").status_code == 200
    assert desk.post(f"/hq/contracts/{ref}/end/").status_code == 403
    assert desk.get(f"/hq/contracts/{ref}/amendment/").status_code == 403
    with world.inside(world.qinglan):
        assert Contract.objects.get(ref=ref).ends_at is None


@pytest.mark.parametrize("told", ["code", "ref"])
def test_a_region_s_finance_makes_no_contract_with_an_own_store_elsewhere(world, at_desk, told):
    """With an own store the draft is the contract."""
    with world.inside(world.qinglan):
        root = root_of(world.qinglan)
        north = add_unit(merchant=world.qinglan, parent=root, kind=OrgUnit.Kind.REGION, name="华北")
        far = make_store(world.qinglan, code="GZ01", name="青岚广州店", kind="direct", lng=113.2, lat=23.1)
    user = appointed(world, (Role.AUDITOR, root), (Role.FINANCE, north), merchant=world.qinglan)
    given = {
        "brand": world.qinglan_brand.ref,
        "store": getattr(far, told),
        "brand_unit": north.ref,
        "mode": "central",
        "settlement": "T1",
        "guide_pay": "platform",
        "fee_bearer": "payee",
        "return_window_days": "7",
        "starts_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
    }
    answer = at_desk(user).post("/hq/contracts/new/", given)
    assert answer.status_code == 422
    assert "There is no such store" in words(answer)
    with world.inside(world.qinglan):
        assert not Contract.objects.filter(store=far).exists()


def test_who_reads_every_sale_sees_who_earns_by_it_where_the_role_says_so_alone(
    world, east, at_desk, receipt
):
    with world.inside(world.hehe):
        root, store = root_of(world.hehe), east.children.get().store
    far = sold(store, line(world.shirt), no="HZ-1")
    flow()
    desk = at_desk(appointed(world, (Role.MARKETING, root), (Role.REGION_MANAGER, east)))
    assert "who gets what" in words(desk.get(f"/hq/orders/{far.ref}/"))
    near = words(desk.get(f"/hq/orders/{receipt.ref}/"))
    assert receipt.external_no in near and "who gets what" not in near


def test_who_reads_every_store_sees_the_contracts_of_those_the_role_says_so_of(world, east, at_desk):
    with world.inside(world.hehe):
        root, store = root_of(world.hehe), east.children.get().store
    desk = at_desk(appointed(world, (Role.MARKETING, root), (Role.FINANCE, east)))
    assert "/hq/contracts/con_" in words(desk.get(f"/hq/stores/{store.ref}/"))
    near = words(desk.get(f"/hq/stores/{world.jingan.ref}/"))
    assert world.jingan.name in near
    assert "/hq/contracts/con_" not in near
