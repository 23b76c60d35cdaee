"""Headquarters: each seat sees its own and its subtree, and a stranger finds nothing."""

from merchants.models import OrgUnit
from merchants.onboarding import add_unit, root_of
from merchants.roles import Role
from tests.faces.headquarters import manager_of, words
from tests.people import make_contract, make_store
from tests.selling import line, sold


def test_a_stranger_finds_neither_order_nor_store_nor_member_nor_contract(world, at_desk, receipt):
    wei = at_desk(world.wei)
    for path in (
        f"orders/{receipt.ref}",
        f"stores/{world.jingan.ref}",
        f"members/{receipt.member.ref}",
        f"contracts/{world.qinglan_at_jingan.ref}",
    ):
        assert wei.get(f"/hq/{path}/").status_code == 404


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
