"""Two hands on one draft at the same instant: one of them comes first."""

import time
from datetime import timedelta
from functools import partial

import pytest

from events.models import Event
from merchants.onboarding import root_of
from stores import contracts, drafts
from stores.models import Contract
from stores.terms import Terms
from tests.people import NOON, ONBOARDING
from tests.races.together import codes, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db, world):
    return world


@pytest.fixture
def terms(world):
    with world.inside(world.mubai):
        unit = root_of(world.mubai)
    begins = NOON + timedelta(days=1)
    return Terms(brand_unit=unit, mode="direct", settlement="T1", guide_pay="direct", starts_at=begins)


def offered(world, terms):
    return drafts.draft(brand=world.mubai_brand, store=world.xuhui, terms=terms, by=ONBOARDING, at=NOON)


def accepting(world, offer):
    given = {"version": 1, "merchant": world.qinglan, "by": ONBOARDING, "at": NOON}
    return lambda: drafts.accept(contract=offer, **given)


def revising(world, offer, **changes):
    given = {"changes": changes, "merchant": world.mubai, "by": ONBOARDING, "at": NOON}
    return lambda: drafts.revise(contract=offer, **given)


@pytest.fixture
def slowly(monkeypatch):
    """Each hand looks, and waits a moment before it writes."""
    real = drafts._need_open

    def looking(offer):
        real(offer)
        time.sleep(0.3)

    monkeypatch.setattr(drafts, "_need_open", looking)


@pytest.fixture
def unguarded(monkeypatch, slowly):
    monkeypatch.setattr(drafts, "_take_turns", lambda pair: None)


def accepted_at_once(world, terms):
    offer = offered(world, terms)
    return together(*[accepting(world, offer)] * 3)


def times_told() -> int:
    return Event.objects.filter(kind="contract.accepted").count()


def test_without_turns_an_acceptance_is_told_again(world, terms, unguarded):
    accepted_at_once(world, terms)
    assert times_told() > 2


def test_a_draft_accepted_by_two_at_once_is_accepted_once(world, terms, slowly):
    assert codes(accepted_at_once(world, terms)) == []
    assert times_told() == 2, "one for each side"


def accepted_and_revised(world, terms):
    """The terms that hold in the end, if they were accepted, and what either hand was told."""
    offer = offered(world, terms)
    with_terms = together(revising(world, offer, reserve_ppm=900_000), accepting(world, offer))
    with world.inside(world.mubai):
        return Contract.objects.get(pk=offer.pk), with_terms


def test_without_turns_terms_are_accepted_that_nobody_read(world, terms, unguarded, monkeypatch):
    real = drafts._need_side

    def later(side, merchant):
        real(side, merchant)
        time.sleep(0.2 if side == world.qinglan else 0)

    monkeypatch.setattr(drafts, "_need_side", later)
    contract, results = accepted_and_revised(world, terms)
    assert not [result for result in results if isinstance(result, Exception)]
    assert contract.accepted_at and contract.reserve_ppm == 900_000


def test_an_acceptance_and_a_revision_at_once_leave_no_unread_terms_accepted(world, terms, slowly):
    contract, results = accepted_and_revised(world, terms)
    [refused] = codes(results)
    assert (refused, bool(contract.accepted_at), contract.reserve_ppm) in [
        ("contract.terms_changed", False, 900_000),
        ("contract.not_open", True, 0),
    ]


def revised_by_two(world, terms):
    """The draft after two of the brand's systems changed a term each at once."""
    offer = offered(world, terms)
    results = together(
        revising(world, offer, reserve_ppm=900_000), revising(world, offer, return_window_days=30)
    )
    assert codes(results) == []
    with world.inside(world.mubai):
        return Contract.objects.get(pk=offer.pk)


def test_without_turns_one_of_two_revisions_is_lost(world, terms, unguarded):
    draft = revised_by_two(world, terms)
    assert (draft.reserve_ppm, draft.return_window_days) != (900_000, 30)


def test_two_revisions_of_a_draft_at_once_both_stand(world, terms, slowly):
    draft = revised_by_two(world, terms)
    assert (draft.reserve_ppm, draft.return_window_days, draft.terms_version) == (900_000, 30, 3)


def test_of_two_drafts_of_one_pair_at_once_one_is_open(world, terms):
    results = together(*[lambda: offered(world, terms)] * 2)
    assert codes(results) == ["contract.draft_open"]
    with world.inside(world.mubai):
        assert Contract.objects.filter(store=world.xuhui).drafts().count() == 1


def test_of_two_contracts_over_one_time_at_once_one_comes_into_force(world, terms, slowly):
    offer, agreed = offered(world, terms), terms.as_fields() | {"mode": "central"}
    agreeing = partial(contracts.agree, brand=world.mubai_brand, store=world.xuhui, by=ONBOARDING, **agreed)
    assert codes(together(accepting(world, offer), agreeing)) == ["contract.overlaps"]
    with world.inside(world.mubai):
        assert Contract.objects.filter(store=world.xuhui).accepted().count() == 1
