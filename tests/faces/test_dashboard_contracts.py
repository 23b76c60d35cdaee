"""Headquarters: what is agreed with partners (contracts, plans), and the ledger that follows from it."""

from datetime import timedelta

from commissions import plans
from commissions.splitting import Term
from stores import contracts
from stores.models import Contract
from tests.faces.headquarters import words
from tests.people import LONG_AGO, NOON, ONBOARDING, make_contract, make_store, renewed


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


def test_who_runs_the_store_reads_what_its_side_gets_and_nothing_else_of_the_plan(world, at_desk, now):
    def published(brand, mode, rules, since=LONG_AGO, **given):
        rules = [Term(n, role, ppm) for n, (role, ppm) in enumerate([*rules, ("residual", None)], 1)]
        given |= {"brand": brand, "mode": mode, "rules": rules, "effective_from": since, "at": LONG_AGO}
        plans.publish(by=ONBOARDING, **given)

    he, gu = at_desk(world.he), at_desk(world.gu)
    here, direct = (f"/hq/contracts/{c.ref}/" for c in (world.qinglan_at_jingan, world.mubai_at_jingan))
    with world.inside(world.hehe):
        store = make_store(world.hehe, code="PT01", name="和合普陀店", kind="collection", lng=121.4, lat=31.2)
    begins = NOON + timedelta(days=30)
    draft = make_contract(
        world.qinglan_brand, store, mode="central", accepted_at=None, starts_at=begins + timedelta(days=1)
    )
    offered = f"/hq/contracts/{draft.ref}/"
    for page in (words(he.get(here)), words(he.get(offered))):
        assert "No plan is published yet; nothing would be shared" in page and "with 青岚服饰" in page
    brand = world.qinglan_brand
    published(
        brand, "central", [("store", 280_000), ("guide", 40_000), ("brand", 70_000), ("platform", 10_000)]
    )
    published(brand, "central", [("store", 300_000), ("brand", 80_000)], since=begins)
    published(brand, "central", [("store", 330_000)], scope=world.qinglan_at_xuhui)
    published(brand, "central", [("store", 110_000)], scope=world.stranger)
    published(brand, "direct", [("store", 120_000)])
    page = words(he.get(here))
    told = page.partition('id="promised"')[2].partition("</section>")[0]
    today, _from, then = told.partition("From 2026-12-20 12:00 on")
    assert "Store: 28% of each line" in today and "Guide: 4% of each line" in today
    assert "The rest stays with 青岚服饰." in today and "Store: 30% of each line" in then
    for hidden in ("Brand:", "Platform:", ": 7%", ": 8%", ": 33%", ": 11%", ": 12%"):
        assert hidden not in told, hidden
    page = words(he.get(offered))
    assert "Store: 30% of each line" in page and "28%" not in page, "what holds once it begins"
    published(world.mubai_brand, "direct", [("brand", 600_000), ("guide", 30_000)])
    page = words(he.get(direct))
    assert "Guide: 3% of each line" in page and "Brand: 60% of each line" in page, "it owes them"
    assert "The rest stays with you." in page
    listed = words(he.get("/hq/plans/"))
    assert f'href="{here}"' in listed and '<span class="num">28%</span>' in listed
    assert "33%" not in listed and f'href="{offered}"' not in listed
    assert "What your side gets" not in words(gu.get(here))
    assert at_desk(world.wei).get(here).status_code == 404
    contracts.terminate(contract=world.qinglan_at_jingan, by=ONBOARDING, at=NOON)
    assert "What your side gets" not in words(he.get(here)), "what the brand publishes later is not theirs"
