"""What one side of a contract does is news to those of the other who may answer it."""

from datetime import timedelta

import pytest

from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from notifications import inbox
from stores import contracts, drafts
from stores.terms import Terms
from tests.faces.headquarters import words
from tests.people import LONG_AGO, NOON, ONBOARDING, make_user
from tests.streaming import flow

UNREAD = '1<span class="sr"> unread</span>'


@pytest.fixture
def shen(world):
    """Finance at Hehe."""
    return colleague(world, "沈曼", Role.FINANCE, root_of)


def colleague(world, name, role, place):
    user = make_user(name, email=f"{role}@hehe.example")
    with world.inside(world.hehe):
        unit = place(world.hehe)
        appoint(user=user, merchant=world.hehe, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
    return user


def unread(world, merchant, user) -> list[str]:
    flow()
    with world.inside(merchant):
        return [notice.kind for notice in inbox.newest(user) if notice.read_at is None]


@pytest.fixture
def offer(world):
    with world.inside(world.qinglan):
        unit = root_of(world.qinglan)
    terms = Terms(
        brand_unit=unit,
        mode="direct",
        settlement="T1",
        guide_pay="direct",
        starts_at=NOON + timedelta(days=1),
    )
    live = world.qinglan_at_jingan
    return drafts.amend(contract=live, terms=terms, merchant=world.qinglan, by=ONBOARDING, at=NOON)


def test_a_draft_is_news_to_owner_and_finance_of_the_store_and_to_nobody_else(world, shen, offer):
    su = colleague(world, "苏禾", Role.MARKETING, root_of)
    ma = colleague(world, "马骁", Role.STORE_MANAGER, lambda _merchant: world.jingan.org_unit)
    assert unread(world, world.hehe, world.he) == unread(world, world.hehe, shen) == ["contract.drafted"]
    assert unread(world, world.hehe, su) == unread(world, world.hehe, ma) == []
    assert unread(world, world.qinglan, world.gu) == [], "it was Qinglan's own deed"


def test_the_answer_is_news_to_the_brand(world, offer):
    drafts.decline(contract=offer, reason="", merchant=world.hehe, by=ONBOARDING, at=NOON)
    assert unread(world, world.qinglan, world.gu) == ["contract.declined"]
    assert unread(world, world.hehe, world.he) == ["contract.drafted"]


def test_an_acceptance_is_the_news_and_not_that_it_ends_the_contract_before(world, offer):
    drafts.accept(contract=offer, version=1, merchant=world.hehe, by=ONBOARDING, at=NOON)
    assert unread(world, world.qinglan, world.gu) == ["contract.accepted"]


def test_an_end_is_news_to_the_other_side(world):
    contracts.terminate(contract=world.qinglan_at_jingan, merchant=world.qinglan, by=ONBOARDING, at=NOON)
    assert unread(world, world.hehe, world.he) == ["contract.ended"]
    assert unread(world, world.qinglan, world.gu) == []


def test_it_stands_in_the_navigation_until_the_contracts_are_looked_at(world, at_desk, offer):
    flow()
    he = at_desk(world.he)
    assert UNREAD in words(he.get("/hq/stores/"))
    assert UNREAD not in words(he.get("/hq/contracts/"))
    assert UNREAD not in words(he.get("/hq/stores/"))
