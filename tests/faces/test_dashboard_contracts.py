"""Headquarters: what is agreed with partners (contracts, plans), and the ledger that follows from it."""

from stores.models import Contract
from tests.faces.headquarters import words
from tests.people import renewed


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
    contract = renewed(world.qinglan_at_jingan, store_bears_ppm=0, brand_bears_ppm=125_000)
    page = words(at_desk(world.gu).get(f"/hq/contracts/{contract.ref}/"))
    assert 'up to <span class="num">12.5%</span>' in page and "30%" not in page


def test_a_contract_says_who_may_tell_that_the_other_took_the_money(world, at_desk):
    def terms(contract):
        page = words(at_desk(world.gu).get(f"/hq/contracts/{contract.ref}/"))
        asked = ("The brand may say that the store", "The store may say that the brand")
        return [
            "Not allowed" not in page.partition(f"{who} took the money")[2].partition("</dd>")[0]
            for who in asked
        ]

    assert terms(world.qinglan_at_jingan) == [False, False]
    assert terms(renewed(world.qinglan_at_jingan, brand_tells_for_store=True)) == [True, False]
    assert terms(renewed(world.qinglan_at_xuhui, store_tells_for_brand=True)) == [False, True]


def test_the_ledger_adds_up_by_kind_and_opens_one_kind(world, at_desk, receipt):
    gu = at_desk(world.gu)
    page = words(gu.get("/hq/ledger/"))
    assert "Payable now" in page and "The book sums to zero" in page
    assert "和合集合店" in words(gu.get("/hq/ledger/?account=due"))
    assert gu.get("/hq/ledger/?account=nobody").status_code == 404
