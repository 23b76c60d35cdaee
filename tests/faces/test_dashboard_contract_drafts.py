"""Headquarters: a brand's owner drafts a contract, the store's merchant answers, and the terms move on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event
from merchants.onboarding import root_of
from merchants.roles import Role
from stores import drafts
from stores.models import Contract
from stores.terms import Terms
from tests.faces.headquarters import manager_of, words
from tests.people import NOON, ONBOARDING, make_store

DAY = timedelta(days=1)


@pytest.fixture
def putuo(world):
    """Hehe's new store, which carries nobody's brand yet."""
    with world.inside(world.hehe):
        return make_store(world.hehe, code="PT01", name="和合普陀店", kind="collection", lng=121.4, lat=31.2)


@pytest.fixture
def given(world, putuo):
    """What Gu types."""
    with world.inside(world.qinglan):
        unit = root_of(world.qinglan).ref
    return {
        "brand": world.qinglan_brand.ref,
        "store": putuo.ref,
        "brand_unit": unit,
        "mode": "direct",
        "settlement": "T1",
        "guide_pay": "employer",
        "fee_bearer": "principal",
        "fee_cap_ppm": "0.6",
        "reserve_ppm": "12.5",
        "return_window_days": "14",
        "store_bears_ppm": "30",
        "brand_bears_ppm": "",
        "store_tells_for_brand": "on",
        "starts_at": "2026-11-21T09:00",
        "ends_at": "",
    }


@pytest.fixture
def offer(world, putuo):
    """Qinglan's draft for Putuo, from tomorrow on."""
    with world.inside(world.qinglan):
        unit = root_of(world.qinglan)
    terms = Terms(brand_unit=unit, mode="central", settlement="T0", guide_pay="direct", starts_at=NOON + DAY)
    return drafts.draft(brand=world.qinglan_brand, store=putuo, terms=terms, by=ONBOARDING, at=NOON)


def standing(world, contract) -> Contract:
    with world.inside(world.qinglan):
        return Contract.objects.select_related("succeeds").get(pk=contract.pk)


def test_a_contract_is_drafted_by_one_and_accepted_by_the_other(world, at_desk, putuo, given, now):
    gu, he = at_desk(world.gu), at_desk(world.he)
    drafted = gu.post("/hq/contracts/new/", given)
    assert drafted.status_code == 302
    assert "Waits for the store" in words(gu.get(drafted["Location"]))
    waiting = words(he.get("/hq/contracts/"))
    assert "Waiting for you" in waiting and "和合普陀店" in waiting and "青岚服饰" in waiting
    page = words(he.get(drafted["Location"]))
    assert "On the next business day (T+1)" in page and 'up to <span class="num">30%</span>' in page
    assert 'up to <span class="num">0.6%</span>' in page and "up to 0.6% of what was paid" in page
    assert '<span class="num">12.5%</span>' in page and "The employer pays the guide" in page
    assert "2026-11-21 09:00" in page and "14 days" in page and "The principal, for its lines" in page
    assert he.post(f"{drafted['Location']}acceptance/", {"version": "1"}).status_code == 302
    with world.inside(world.hehe):
        contract = Contract.party.get(store=putuo)
    assert contract.accepted_at == timezone.now()
    assert contract.store_tells_for_brand and not contract.brand_tells_for_store
    assert "Waiting for you" not in words(he.get("/hq/contracts/"))


def test_a_draft_is_nothing_to_strangers_and_to_the_other_brand(world, at_desk, offer, now):
    with world.inside(world.mubai):
        mu = manager_of(world.mubai, root_of(world.mubai), role=Role.OWNER, email="mu@mubai.example")
    for user in (world.wei, mu):
        desk = at_desk(user)
        for path in ("", "terms/", "amendment/"):
            assert desk.get(f"/hq/contracts/{offer.ref}/{path}").status_code == 404
    wei = at_desk(world.wei)
    for path in ("acceptance/", "refusal/", "withdrawal/", "terms/"):
        assert wei.post(f"/hq/contracts/{offer.ref}/{path}", {"version": "1"}).status_code == 404
    assert standing(world, offer).is_draft


def test_terms_that_changed_under_the_reader_are_not_accepted(world, at_desk, offer, now):
    he, here = at_desk(world.he), f"/hq/contracts/{offer.ref}/"
    assert 'name="version" value="1"' in words(he.get(here))
    changes = {"reserve_ppm": 900_000}
    drafts.revise(contract=offer, changes=changes, merchant=world.qinglan, by=ONBOARDING, at=NOON)
    refused = words(he.post(f"{here}acceptance/", {"version": "1"}, follow=True))
    assert "The terms were revised meanwhile" in refused and "Version 2" in refused
    assert standing(world, offer).is_draft
    for nonsense in ("", "x", "²", "-1", "9" * 5000):
        he.post(f"{here}acceptance/", {"version": nonsense})
    assert standing(world, offer).is_draft


def test_a_draft_is_revised_and_withdrawn_by_its_owner_alone(world, at_desk, offer, given, now):
    gu, he, here = at_desk(world.gu), at_desk(world.he), f"/hq/contracts/{offer.ref}/"
    form = words(gu.get(f"{here}terms/"))
    assert 'value="2026-11-21T12:00"' in form
    assert 'name="version" value="1"' in form
    assert gu.post(f"{here}terms/", given | {"version": "1"}).status_code == 302
    assert standing(world, offer).terms_version == 2
    stale = gu.post(f"{here}terms/", given | {"version": "1", "reserve_ppm": "50"})
    assert stale.status_code == 422 and "The terms were revised meanwhile" in words(stale)
    assert standing(world, offer).reserve_ppm == 125_000
    assert he.get(f"{here}terms/").status_code == he.post(f"{here}withdrawal/").status_code == 302
    assert he.post(f"{here}terms/", given).status_code == 302
    assert standing(world, offer).terms_version == 2 and standing(world, offer).is_draft
    gu.post(f"{here}withdrawal/")
    assert "Withdrawn" in words(he.get(here)) and "Accept" not in words(he.get(here))


def test_the_owner_of_a_brand_reads_why_a_draft_was_declined(world, at_desk, offer, now):
    gu, he, here = at_desk(world.gu), at_desk(world.he), f"/hq/contracts/{offer.ref}/"
    gu.post(f"{here}refusal/", {"reason": "自己拒绝"})
    assert standing(world, offer).is_draft
    he.post(f"{here}refusal/", {"reason": "预留太高"})
    assert "预留太高" in words(gu.get(here))
    assert "Declined" in words(gu.get("/hq/contracts/"))


def test_other_terms_are_laid_beside_those_in_force_and_take_their_place(world, at_desk, given, now):
    gu, he, live = at_desk(world.gu), at_desk(world.he), world.qinglan_at_jingan
    form = words(gu.get(f"/hq/contracts/{live.ref}/amendment/"))
    assert 'value="30"' in form, "it starts from the terms in force"
    offered = gu.post(f"/hq/contracts/{live.ref}/amendment/", given)
    assert f'href="{offered["Location"]}"' in words(he.get(f"/hq/contracts/{live.ref}/"))
    page = words(he.get(offered["Location"]))
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "At once, with the sale (T+0)" in table and "On the next business day (T+1)" in table
    assert "coupons the store bears" not in table, "30% then as now"
    assert he.post(f"{offered['Location']}acceptance/", {"version": "1"}).status_code == 302
    assert "Ended" not in words(he.get(f"/hq/contracts/{live.ref}/")), "not before the other begins"
    assert standing(world, live).ends_at.isoformat() == "2026-11-21T01:00:00+00:00"


def test_a_store_is_named_by_its_number_or_as_ones_own_and_not_guessed(world, at_desk, given, now):
    gu = at_desk(world.gu)
    for guess in ("JA01", "和合静安店", "sto_00000000000000000000000"):
        answer = gu.post("/hq/contracts/new/", given | {"store": guess})
        assert answer.status_code == 422 and "There is no such store" in words(answer)
    assert world.jingan.ref in words(at_desk(world.he).get(f"/hq/stores/{world.jingan.ref}/"))
    assert f"?store={world.xuhui.ref}" in words(gu.get(f"/hq/stores/{world.xuhui.ref}/"))
    gu.post(f"/hq/contracts/{world.qinglan_at_xuhui.ref}/end/")
    own = gu.post("/hq/contracts/new/", given | {"store": "XH01"}, follow=True)
    assert "In force" in words(own) or "Not begun" in words(own)


def test_what_cannot_be_agreed_stands_at_its_field(world, at_desk, given, now):
    gu = at_desk(world.gu)
    for wrong, said in [
        ({"starts_at": "2026-11-19T23:59"}, "has begun or gone by"),
        ({"ends_at": "2026-11-21T08:00"}, "ends after it begins"),
        ({"reserve_ppm": "101"}, "percent from 0 to 100"),
        ({"return_window_days": "366"}, "whole number from 0 to 365"),
    ]:
        answer = gu.post("/hq/contracts/new/", given | wrong)
        assert answer.status_code == 422 and said in words(answer), wrong
    with world.inside(world.qinglan):
        assert not Contract.objects.drafts().exists()


def test_who_owns_no_brand_is_told_what_to_do_instead(at_desk, world):
    he = at_desk(world.he)
    assert "Draft a contract" not in words(he.get("/hq/contracts/"))
    assert "Tell the brand's owner the number" in words(he.get("/hq/contracts/new/"))


def test_an_auditor_reads_a_draft_and_answers_nothing(world, at_desk, offer, now):
    with world.inside(world.hehe):
        su = manager_of(world.hehe, root_of(world.hehe), role=Role.AUDITOR, email="su@hehe.example")
    desk, here = at_desk(su), f"/hq/contracts/{offer.ref}/"
    assert "Waits for you" in words(desk.get(here)) and "accept-draft" not in words(desk.get(here))
    assert desk.post(f"{here}acceptance/", {"version": "1"}).status_code == 403


def test_a_contract_is_ended_before_it_begins_and_then_offers_nothing_more(world, at_desk, offer, now):
    gu, he, here = at_desk(world.gu), at_desk(world.he), f"/hq/contracts/{offer.ref}/"
    he.post(f"{here}acceptance/", {"version": "1"})
    for desk in (gu, he):
        page = words(desk.get(here))
        assert "end-contract" in page and "It has not begun" in page
    form = words(gu.get(f"{here}amendment/"))
    assert 'value="2026-11-22T12:00"' in form, "a day after it begins"
    for _again in range(2):
        he.post(f"{here}end/")
    page = words(gu.get(here))
    assert "Ended before it began" in page
    assert "end-contract" not in page and "Offer other terms" not in page
    assert Event.objects.filter(kind="contract.ended", subject=offer.ref).count() == 2, "one for each side"


def test_a_draft_over_the_time_of_a_contract_names_it_and_links_there(world, at_desk, given, now):
    live = world.qinglan_at_jingan
    refused = at_desk(world.gu).post("/hq/contracts/new/", given | {"store": world.jingan.ref})
    assert refused.status_code == 422 and "covers part of that time" in words(refused)
    assert f'href="/hq/contracts/{live.ref}/"' in words(refused)
