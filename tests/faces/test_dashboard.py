"""Headquarters: each seat sees its own, its subtree, and of partners' receipts its own brands' lines."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from commissions.plans import versions_of
from coupons.models import Campaign
from dashboard.paging import latest_first
from events.models import Event
from events.record import Actor
from members.reveal import Reason
from merchants.keys import key_for
from merchants.models import ApiKey, OrgUnit
from merchants.onboarding import add_unit, appoint, issue_key, root_of
from merchants.roles import Role
from merchants.scoping import seats
from orders import oversight
from orders.facts import RefundLineFacts
from orders.models import Order
from stores.models import Contract
from tests.people import LONG_AGO, NOON, ONBOARDING, make_contract, make_store, make_user
from tests.selling import FANG, campaign_of, coupon_for, joined, line, money_back, sold
from tests.streaming import flow

AS_FRAGMENT = {"HX-Request": "true"}
MOST_QUERIES = 12  # a list page, its session, user and seat among them


@pytest.fixture
def now(monkeypatch):
    """Pages look at the clock: it stands at NOON, when the tests' sales are made."""
    monkeypatch.setattr(timezone, "now", lambda: NOON + timedelta(minutes=5))


@pytest.fixture
def at_desk(world):
    """at_desk(user) → a browser signed in, in English."""

    def sit(user) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(user)
        return client

    return sit


@pytest.fixture
def receipt(world, now) -> Order:
    """Fang's receipt at Hehe: Qinglan's coat less 30.00 by coupon, Mubai's tea, Hehe's tote: 1,046.00."""
    one = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), one.member)
    lines = [line(world.coat), line(world.tea), line(world.tote)]
    order = sold(world.jingan, *lines, phone=FANG, coupons=(code,), touches={"serving": world.lin.ref})
    flow()
    return order


def words(answer) -> str:
    return answer.content.decode()


def manager_of(merchant, unit, *, role=Role.REGION_MANAGER, email="lu@example.example"):
    user = make_user("陆景行", email=email)
    appoint(user=user, merchant=merchant, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
    return user


# --- sales ---


def test_the_channel_reads_its_whole_receipt(world, at_desk, receipt):
    page = words(at_desk(world.he).get(f"/hq/orders/{receipt.ref}/"))
    assert "¥1,046.00" in page
    assert all(name in page for name in ("青岚羊毛大衣", "木白明前龙井", "和合帆布袋"))
    assert f"/hq/members/{receipt.member.ref}/" in page


def test_a_brand_owner_reads_its_own_line_in_the_channel_s_store_and_never_the_total(world, at_desk, receipt):
    gu = at_desk(world.gu)
    for path in (f"/hq/orders/{receipt.ref}/", "/hq/orders/?where=partners", "/hq/feed/", "/hq/"):
        page = words(gu.get(path))
        assert "1,046" not in page and "128.00" not in page and "49.00" not in page
    page = words(gu.get(f"/hq/orders/{receipt.ref}/"))
    assert "青岚羊毛大衣" in page and "¥869.00" in page
    assert "龙井" not in page and "帆布袋" not in page
    assert "方女士" not in page  # Hehe's member; Qinglan's own is its own row


def test_a_brand_owner_s_list_sums_its_lines_of_a_partner_s_receipt(world, at_desk, receipt):
    page = words(at_desk(world.gu).get("/hq/orders/?where=partners"))
    assert receipt.external_no in page and "¥869.00" in page
    assert receipt.external_no not in words(at_desk(world.gu).get("/hq/orders/"))


def test_a_stranger_finds_neither_order_nor_store_nor_member_nor_contract(world, at_desk, receipt):
    wei = at_desk(world.wei)
    for path in (
        f"orders/{receipt.ref}",
        f"stores/{world.jingan.ref}",
        f"members/{receipt.member.ref}",
        f"contracts/{world.qinglan_at_jingan.ref}",
    ):
        assert wei.get(f"/hq/{path}/").status_code == 404


def test_the_overview_counts_each_side_s_own(world, at_desk, receipt):
    back = RefundLineFacts(number=1, quantity=0, amount=6900)
    money_back(world.hehe, back, refunded_at=receipt.paid_at + timedelta(minutes=5))
    channel = words(at_desk(world.he).get("/hq/figures/"))
    brand = words(at_desk(world.gu).get("/hq/figures/"))
    assert "¥977.00" in channel  # 1,046.00 less 69.00
    assert "¥800.00" in brand  # 869.00 less 69.00
    assert "of 1 sent" in brand


def test_a_region_manager_counts_the_subtree_alone(world, at_desk, now):
    with world.inside(world.qinglan):
        east = add_unit(
            merchant=world.qinglan, parent=root_of(world.qinglan), kind=OrgUnit.Kind.REGION, name="华东"
        )
        inside = make_store(
            world.qinglan, code="HZ01", name="青岚湖滨店", kind="direct", lng=120.1, lat=30.2, parent=east
        )
        lu = manager_of(world.qinglan, east)
    make_contract(world.qinglan_brand, inside, mode="central")
    outside = sold(world.xuhui, line(world.shirt), no="OUT-1")
    within = sold(inside, line(world.coat), no="IN-1")
    desk = at_desk(lu)
    assert "¥899.00" in words(desk.get("/hq/figures/"))
    page = words(desk.get("/hq/orders/"))
    assert within.external_no in page and outside.external_no not in page
    assert desk.get(f"/hq/orders/{outside.ref}/").status_code == 404
    assert desk.get(f"/hq/stores/{world.xuhui.ref}/").status_code == 404
    stores = words(desk.get("/hq/stores/"))
    assert "青岚湖滨店" in stores and "青岚徐汇店" not in stores


def test_marketing_reads_a_sale_but_not_who_earns_by_it(world, at_desk, receipt):
    with world.inside(world.hehe):
        su = manager_of(world.hehe, root_of(world.hehe), role=Role.MARKETING, email="su@hehe.example")
    assert "who gets what" in words(at_desk(world.he).get(f"/hq/orders/{receipt.ref}/"))
    assert "who gets what" not in words(at_desk(su).get(f"/hq/orders/{receipt.ref}/"))


def test_a_role_without_the_permission_is_told_which_roles_have_it(world, at_desk):
    with world.inside(world.hehe):
        su = manager_of(world.hehe, root_of(world.hehe), role=Role.MARKETING, email="su@hehe.example")
    answer = at_desk(su).get("/hq/ledger/")
    assert answer.status_code == 403
    assert "Finance" in words(answer)
    assert "/hq/ledger/" not in words(at_desk(su).get("/hq/members/"))  # nor does its navigation offer it


# --- members ---


@pytest.mark.parametrize("text", ["方", "fang", "fns", "0001", "138 0001 0001"])
def test_a_member_is_found_by_name_pinyin_phone_and_its_tail(world, at_desk, text):
    joined(world.qinglan_brand, world.xuhui)
    gu = at_desk(world.gu)
    for path in ("/hq/members/", "/hq/search/"):
        page = words(gu.get(path, {"q": text}))
        assert "方女士" in page and "138****0001" in page and "13800010001" not in page


def test_a_brand_owner_sees_the_channel_s_guide_of_its_member_as_far_as_the_shopper_allowed(
    world, at_desk, now
):
    known = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    quiet = joined(
        world.qinglan_brand,
        world.jingan,
        phone="13800010009",
        name="梅女士",
        store_too=False,
        guide=world.lin,
    )
    gu = at_desk(world.gu)
    assert "林小雨" in words(gu.get(f"/hq/members/{known.member.ref}/"))
    assert "林小雨" not in words(gu.get(f"/hq/members/{quiet.member.ref}/")).split("What happened")[0]
    assert known.channel_member.ref not in words(gu.get("/hq/members/"))


def test_a_member_s_page_has_their_purchases_coupons_consents_and_story(world, at_desk, receipt):
    mine = joined(world.qinglan_brand, world.jingan).member
    page = words(at_desk(world.gu).get(f"/hq/members/{mine.ref}/"))
    assert "¥869.00" in page and "1,046" not in page
    assert "满200减30" in page and "Redeemed" in page
    assert "Keep my membership and orders" in page
    assert "joined at" in page


def test_a_full_phone_is_shown_for_a_reason_and_the_look_is_an_event(world, at_desk):
    member = joined(world.qinglan_brand, world.xuhui).member
    gu, path = at_desk(world.gu), f"/hq/members/{member.ref}/phone/"
    assert gu.post(path, {"reason": "curious"}).status_code == 422
    assert not Event.objects.filter(kind="phone.revealed").exists()
    answer = gu.post(path, {"reason": Reason.CALL})
    assert "+8613800010001" in words(answer) and answer["Cache-Control"] == "no-store"
    event = Event.objects.get(kind="phone.revealed")
    assert (event.actor_ref, event.payload["reason"]) == (world.gu.ref, "call")


# --- campaigns, contracts, plans, keys ---


CAMPAIGN = {
    "threshold": "200",
    "amount_off": "30",
    "issue_limit": "100",
    "per_member_limit": "1",
    "claim_from": "2026-11-20T00:00",
    "claim_until": "2026-12-20T00:00",
    "use_from": "2026-11-20T00:00",
    "use_until": "2026-12-31T00:00",
}


def test_a_campaign_is_started_paused_and_let_run_again(world, at_desk):
    gu = at_desk(world.gu)
    given = CAMPAIGN | {"name": "满200减30", "brand": world.qinglan_brand.ref}
    answer = gu.post("/hq/campaigns/new/", given | {"brand_part": "70", "store_part": "30"})
    assert answer.status_code == 302
    with world.inside(world.qinglan):
        campaign = Campaign.objects.get(name="满200减30")
    assert (campaign.threshold, campaign.amount_off) == (20000, 3000)
    assert campaign.bearers == [["brand", 700_000], ["store", 300_000]]
    assert campaign.claim_from.isoformat() == "2026-11-19T16:00:00+00:00"  # midnight in Shanghai
    for verb, state in (("pause", "paused"), ("resume", "active")):
        gu.post(f"/hq/campaigns/{campaign.ref}/{verb}/")
        with world.inside(world.qinglan):
            campaign.refresh_from_db()
        assert campaign.state == state


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"brand_part": "70", "store_part": "20"}, "must come to the whole"),
        ({"amount_off": "300"}, "not above the threshold"),
        ({"claim_until": "2026-11-01T00:00"}, "A window ends after it begins"),
        ({"threshold": "two hundred"}, "Write an amount in yuan"),
        ({"brand": "brd_of_somebody"}, "Select a valid choice"),
    ],
)
def test_a_wrong_campaign_says_what_is_wrong_and_makes_nothing(world, at_desk, changed, said):
    given = CAMPAIGN | {"name": "x", "brand": world.qinglan_brand.ref} | changed
    answer = at_desk(world.gu).post("/hq/campaigns/new/", given)
    assert answer.status_code == 422
    assert said in words(answer)
    with world.inside(world.qinglan):
        assert not Campaign.objects.exists()


def test_a_campaign_s_report_counts_what_was_sent_redeemed_left_and_brought(world, at_desk, receipt):
    page = words(at_desk(world.gu).get("/hq/campaigns/"))
    assert "999" in page  # of 1,000
    assert "¥30.00" in page and "¥869.00" in page
    assert "满200减30" not in words(at_desk(world.he).get("/hq/campaigns/"))


def test_either_side_of_a_contract_may_end_it_and_nobody_else(world, at_desk):
    ref = world.mubai_at_jingan.ref
    assert at_desk(world.gu).post(f"/hq/contracts/{ref}/end/").status_code == 404
    he = at_desk(world.he)
    assert "End the contract" in words(he.get(f"/hq/contracts/{ref}/"))
    assert he.post(f"/hq/contracts/{ref}/end/").status_code == 302
    with world.inside(world.mubai):
        assert Contract.objects.get(ref=ref).ends_at
    assert "Ended" in words(he.get("/hq/contracts/"))


def test_a_contract_says_what_of_coupons_the_other_bears(world, at_desk):
    page = words(at_desk(world.gu).get(f"/hq/contracts/{world.qinglan_at_jingan.ref}/"))
    assert 'up to <span class="num">30%</span>' in page
    with world.inside(world.qinglan):
        Contract.objects.update(store_bears_ppm=0, brand_bears_ppm=125_000)
    page = words(at_desk(world.gu).get(f"/hq/contracts/{world.qinglan_at_jingan.ref}/"))
    assert 'up to <span class="num">12.5%</span>' in page and "30%" not in page


def test_a_plan_is_published_for_a_partner_in_percent(world, at_desk):
    gu = at_desk(world.gu)
    given = {
        "brand": world.qinglan_brand.ref,
        "mode": "central",
        "partner": world.hehe.ref,
        "effective_from": "2027-01-01T00:00",
    }
    assert gu.post("/hq/plans/new/", given | {"guide_ratio": "60", "store_ratio": "50"}).status_code == 422
    assert versions_of(world.qinglan_brand) == []
    answer = gu.post("/hq/plans/new/", given | {"guide_ratio": "3.5", "store_ratio": "4"})
    assert answer.status_code == 302
    [version] = versions_of(world.qinglan_brand)
    assert version.channel == world.hehe
    assert {rule.role: rule.ppm for rule in version.rules.all()} == {
        "store": 40_000,
        "guide": 35_000,
        "residual": None,
    }
    assert "3.5%" in words(gu.get("/hq/plans/"))


def test_a_key_is_shown_once_works_and_is_revoked(world, at_desk):
    gu = at_desk(world.gu)
    answer = gu.post("/hq/keys/", {"name": "Till", "mode": "test", "scopes": ["orders:write"]})
    secret = answer.context["secret"]
    assert answer.status_code == 200 and secret in words(answer)
    assert secret not in words(gu.get("/hq/keys/"))
    key = key_for(secret, at=NOON)
    assert (key.merchant, key.scopes) == (world.qinglan, ["orders:write"])
    gu.post(f"/hq/keys/{key.ref}/revoke/")
    assert key_for(secret, at=NOON) is None
    assert Event.objects.filter(kind="key.revoked", merchant_id=world.qinglan.id).count() == 1


def test_a_key_without_a_scope_is_not_issued(world, at_desk):
    assert at_desk(world.gu).post("/hq/keys/", {"name": "Till", "mode": "test"}).status_code == 422
    with world.inside(world.qinglan):
        assert not ApiKey.objects.exists()


def test_another_merchant_s_key_is_not_found(world, at_desk):
    with world.inside(world.hehe):
        key, secret = issue_key(merchant=world.hehe, name="Till", by=Actor.user(world.he.ref))
    assert at_desk(world.gu).post(f"/hq/keys/{key.ref}/revoke/").status_code == 404
    assert key_for(secret, at=NOON)


def test_the_ledger_adds_up_by_kind_and_opens_one_kind(world, at_desk, receipt):
    gu = at_desk(world.gu)
    page = words(gu.get("/hq/ledger/"))
    assert "Payable now" in page and "The book sums to zero" in page
    assert "和合集合店" in words(gu.get("/hq/ledger/?account=due"))
    assert gu.get("/hq/ledger/?account=nobody").status_code == 404


# --- search, stores, the first day ---


def test_search_finds_stores_orders_and_whole_coupon_codes(world, at_desk, receipt):
    gu, he = at_desk(world.gu), at_desk(world.he)
    assert "和合静安店" in words(gu.get("/hq/search/", {"q": "jing an"}))
    found = words(gu.get("/hq/search/", {"q": receipt.external_no}))
    assert f"/hq/orders/{receipt.ref}/" in found and f"/hq/stores/{world.jingan.ref}/" not in found
    member = joined(world.qinglan_brand, world.jingan).member
    _coupon, code = coupon_for(
        campaign_of(world.qinglan, world.qinglan_brand, name="另一张"), member, key="claim-2"
    )
    typed = f"{code[:4]} {code[4:8]}-{code[8:]}"
    assert "另一张" in words(gu.get("/hq/search/", {"q": typed}))
    assert "Nothing fits" in words(he.get("/hq/search/", {"q": typed}))


def test_a_store_s_page_says_who_is_there_and_what_it_sold(world, at_desk, receipt):
    own = words(at_desk(world.he).get(f"/hq/stores/{world.jingan.ref}/"))
    assert "林小雨" in own and "¥1,046.00" in own and "木白" in own
    partner = words(at_desk(world.gu).get(f"/hq/stores/{world.jingan.ref}/"))
    assert "林小雨" in partner and "¥869.00" in partner
    assert "1,046" not in partner and "木白" not in partner


def test_after_a_contract_s_end_the_store_stays_with_what_was_sold_but_not_who_is_there(
    world, at_desk, receipt
):
    gu = at_desk(world.gu)
    gu.post(f"/hq/contracts/{world.qinglan_at_jingan.ref}/end/")
    page = words(gu.get(f"/hq/stores/{world.jingan.ref}/"))
    assert "¥869.00" in page and "林小雨" not in page
    assert "和合静安店" not in words(gu.get("/hq/stores/?where=partners"))


def test_on_the_first_day_the_overview_lists_what_is_to_be_set_up(world, at_desk):
    page = words(at_desk(world.wei).get("/hq/"))
    assert "Before the first sale" in page and "/hq/keys/" in page
    sold(world.xuhui, line(world.shirt))
    assert "Before the first sale" not in words(at_desk(world.gu).get("/hq/"))


@pytest.mark.parametrize(
    "path", ["/hq/campaigns/new/", "/hq/plans/new/", "/hq/plans/", "/hq/keys/", "/hq/ledger/", "/hq/trade/"]
)
def test_every_page_opens_for_who_has_nothing_yet(world, at_desk, path):
    assert at_desk(world.wei).get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/hq/members/",
        "/hq/members/?q=fang",
        "/hq/stores/",
        "/hq/stores/?where=partners",
        "/hq/orders/",
        "/hq/orders/?where=partners",
        "/hq/campaigns/",
        "/hq/contracts/",
        "/hq/keys/",
        "/hq/feed/items/?whole=1",
    ],
)
def test_a_list_asks_few_questions_however_long_it_is(
    world, at_desk, receipt, path, django_assert_max_num_queries
):
    for number in range(3):
        joined(world.qinglan_brand, world.jingan, phone=f"1380001001{number}", guide=world.lin)
        sold(world.jingan, line(world.shirt), no=f"MORE-{number}")
        sold(world.xuhui, line(world.shirt), no=f"OWN-{number}")
    flow()
    gu = at_desk(world.gu)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert gu.get(path, headers=AS_FRAGMENT if "items" in path else {}).status_code == 200


def test_orders_are_listed_by_the_time_they_were_paid_page_after_page(world):
    for number, hours in enumerate([3, 1, 2, 5, 4]):
        sold(world.jingan, line(world.shirt), no=f"BY-TIME-{number}", paid_at=NOON - timedelta(hours=hours))
    for user, listing in ((world.he, oversight.sold_here), (world.gu, oversight.sold_elsewhere)):
        (seat,) = seats(user)
        listed, cursor = [], ""
        with world.inside(seat.merchant):
            while cursor is not None:
                page = latest_first(listing(seat), cursor, size=2)
                listed += [row["external_no"] for row in page.rows]
                cursor = page.next
        assert listed == [f"BY-TIME-{number}" for number in (1, 2, 0, 4, 3)]
