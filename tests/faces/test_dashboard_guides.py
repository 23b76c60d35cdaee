"""Headquarters: who serves where, whom they look after, what they sell and earn."""

import pytest

from guides import hiring
from merchants.models import OrgUnit
from merchants.onboarding import add_unit, root_of
from merchants.roles import Role
from tests.faces.headquarters import manager_of, words
from tests.house import rows
from tests.people import NOON, make_guide, make_store
from tests.plans import publish_plans
from tests.selling import TILL, joined, line, sold


def test_the_list_says_where_each_serves_how_many_members_are_theirs_and_what_the_month_brought(
    world, at_desk, receipt
):
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    page = words(at_desk(world.he).get("/hq/guides/"))
    assert f"/hq/guides/{world.lin.ref}/" in page and "林小雨" in page and "和合静安店" in page
    assert world.lin.user.masked_phone in page and world.lin.user.phone not in page
    assert "¥1,046.00" in page and "On duty" in page
    assert "陈" not in page, "Chen is Qinglan's"


@pytest.fixture
def planned(world):
    return publish_plans(world)


def test_a_guide_s_page_counts_as_the_guide_s_own_phone_does(planned, world, at_desk, receipt, lin):
    page = words(at_desk(world.he).get(f"/hq/guides/{world.lin.ref}/"))
    own = words(lin.get("/w/earnings/"))
    assert receipt.external_no in page and "方女士" in page
    assert world.lin.user.phone not in page
    for path in (f"orders/{receipt.ref}", f"members/{receipt.member.ref}"):
        assert f"/hq/guides/{world.lin.ref}/" in words(at_desk(world.he).get(f"/hq/{path}/"))
    earned = at_desk(world.he).get(f"/hq/guides/{world.lin.ref}/").context["row"].earned
    assert earned > 0 and f"¥{earned / 100:,.2f}" in own


def test_search_finds_a_guide_by_name_pinyin_code_and_phone(world, at_desk):
    he = at_desk(world.he)
    for text in ("林小雨", "linxiaoyu", "lxy", world.lin.code, world.lin.user.phone):
        assert f"/hq/guides/{world.lin.ref}/" in words(he.get("/hq/search/", {"q": text})), text
        assert f"/hq/guides/{world.lin.ref}/" in words(he.get("/hq/guides/", {"q": text})), text
    assert world.lin.ref not in words(at_desk(world.wei).get("/hq/search/", {"q": "林小雨"}))


def test_a_store_s_page_leads_to_its_guides_and_a_partner_s_names_them_alone(world, at_desk, now):
    own = words(at_desk(world.he).get(f"/hq/stores/{world.jingan.ref}/"))
    assert f"/hq/guides/{world.lin.ref}/" in own and f"/hq/guides/?store={world.jingan.ref}" in own
    partner = words(at_desk(world.gu).get(f"/hq/stores/{world.jingan.ref}/"))
    assert "林小雨" in partner and "/hq/guides/" + world.lin.ref not in partner
    with world.inside(world.hehe):
        far = rows.guide_elsewhere(world)
    there = words(at_desk(world.he).get("/hq/guides/", {"store": world.jingan.ref}))
    assert world.lin.ref in there and far.ref not in there


def test_who_left_is_listed_apart_and_keeps_a_page(world, at_desk, now):
    hiring.leave(guide=world.lin, at=NOON, by=TILL)
    he = at_desk(world.he)
    assert world.lin.ref not in words(he.get("/hq/guides/"))
    assert world.lin.ref in words(he.get("/hq/guides/?status=left"))
    assert "Has left" in words(he.get(f"/hq/guides/{world.lin.ref}/"))


@pytest.fixture
def east(world):
    with world.inside(world.hehe):
        return add_unit(
            merchant=world.hehe, parent=root_of(world.hehe), kind=OrgUnit.Kind.REGION, name="华东"
        )


def test_a_region_lists_who_serves_in_it(world, at_desk, east, now):
    with world.inside(world.hehe):
        store = make_store(
            world.hehe, code="HZ01", name="和合湖滨店", kind="collection", lng=120.1, lat=30.2, parent=east
        )
        zhou = make_guide(store, code="G301", name="周雨桐", phone="+8613900000301")
        lu = manager_of(world.hehe, east)
    desk = at_desk(lu)
    page = words(desk.get("/hq/guides/"))
    assert zhou.ref in page and world.lin.ref not in page
    assert desk.get(f"/hq/guides/{world.lin.ref}/").status_code == 404
    hiring.move(guide=zhou, store=world.jingan, at=NOON, by=TILL)
    assert desk.get(f"/hq/guides/{zhou.ref}/").status_code == 404, "she serves elsewhere now"


def test_marketing_reads_what_guides_sold_and_not_what_they_earned(world, at_desk, receipt):
    with world.inside(world.hehe):
        su = manager_of(world.hehe, root_of(world.hehe), role=Role.MARKETING, email="su@hehe.example")
    for path in ("/hq/guides/", f"/hq/guides/{world.lin.ref}/"):
        page = words(at_desk(su).get(path))
        assert "¥1,046" in page and "Earned" not in page
        assert "Earned" in words(at_desk(world.he).get(path))


def test_the_list_asks_few_questions_however_long_it_is(
    world, at_desk, receipt, django_assert_max_num_queries
):
    with world.inside(world.hehe):
        for number in range(4):
            guide = make_guide(world.jingan, code=f"G40{number}", name="导购", phone=f"+861390000040{number}")
            sold(world.jingan, line(world.shirt), no=f"G-{number}", touches={"serving": guide.ref})
    he = at_desk(world.he)
    with django_assert_max_num_queries(16):
        assert he.get("/hq/guides/").status_code == 200
