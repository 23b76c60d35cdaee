"""A draft splits nothing and may change; published it stands, and it was never more than could be published."""

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from commissions import plans
from commissions.rule_rows import terms_of
from commissions.splitting import Term
from merchants.errors import Conflict, DomainError
from tests.people import LATER, LONG_AGO, NOON, ONBOARDING
from tests.plans import CENTRAL

REST = Term(99, "residual", None)
DEARER = [Term(1, "store", 200_000), Term(2, "guide", 80_000, period_cap=50_000), REST]


def drafted(world, rules=CENTRAL, **changed):
    given = {"brand": world.qinglan_brand, "mode": "central", "effective_from": NOON, "by": ONBOARDING}
    return plans.draft(rules=rules, **(given | changed))


def holding(world):
    versions = plans.versions_of(world.qinglan_brand)
    return plans.narrowest(versions, contract=world.qinglan_at_jingan, at=LATER)


def test_a_draft_holds_for_nothing_until_it_is_published(world):
    version = drafted(world)
    assert version.published_at is None and holding(world) is None
    assert plans.drafts_of(world.qinglan_brand) == [version]
    plans.publish_draft(version, by=ONBOARDING, at=NOON)
    assert holding(world) == version and plans.drafts_of(world.qinglan_brand) == []


def test_a_draft_is_revised_and_what_was_published_is_not(world):
    version = plans.revise(drafted(world), rules=DEARER, effective_from=LATER, by=ONBOARDING)
    with world.inside(world.qinglan):
        version.refresh_from_db()
        assert terms_of(version) == DEARER and version.effective_from == LATER
    plans.publish_draft(version, by=ONBOARDING, at=NOON)
    for verb in (
        lambda: plans.revise(version, rules=CENTRAL, effective_from=LATER, by=ONBOARDING),
        lambda: plans.discard(version, by=ONBOARDING),
        lambda: plans.publish_draft(version, by=ONBOARDING),
    ):
        with pytest.raises(Conflict, match=r"plan\.stands"):
            verb()
    with world.inside(world.qinglan):
        with pytest.raises(IntegrityError), transaction.atomic():
            version.rules.all().delete()
        assert terms_of(version) == DEARER


def test_a_draft_ends_after_it_begins_also_when_its_beginning_moves(world):
    with pytest.raises(DomainError, match="plan.ends_before_start"):
        drafted(world, effective_until=NOON)
    assert plans.drafts_of(world.qinglan_brand) == []
    version = drafted(world, effective_until=LATER)
    with pytest.raises(DomainError, match="plan.ends_before_start"):
        plans.revise(version, rules=CENTRAL, effective_from=LATER, by=ONBOARDING)
    with world.inside(world.qinglan):
        version.refresh_from_db()
    assert (version.effective_from, version.effective_until) == (NOON, LATER)


def test_a_draft_that_is_thrown_away_is_gone(world):
    version = drafted(world)
    plans.discard(version, by=ONBOARDING)
    assert plans.drafts_of(world.qinglan_brand) == []


def test_a_draft_says_which_rule_goes_over_and_is_not_kept(world):
    over = [Term(1, "store", 700_000), Term(2, "guide", 300_000), Term(3, "manager", 1), REST]
    with override("en"), pytest.raises(DomainError) as refusal:
        drafted(world, over)
    assert refusal.value.extra["rule"] == 3 and "Rule 3 (Store manager)" in str(refusal.value.message)
    with pytest.raises(DomainError) as refusal:
        drafted(world, [Term(1, "store", 200_000), Term(2, "guide", 60_000), REST], ceiling_ppm=250_000)
    assert refusal.value.extra["rule"] == 2
    assert plans.drafts_of(world.qinglan_brand) == []


def test_a_draft_reaches_back_over_no_version_that_held(world):
    plans.publish_draft(drafted(world, effective_from=LONG_AGO), by=ONBOARDING, at=LONG_AGO)
    version = drafted(world, DEARER, effective_from=NOON)
    with pytest.raises(Conflict, match=r"plan\.overlaps"):
        plans.publish_draft(version, by=ONBOARDING, at=LATER)
    with world.inside(world.qinglan):
        version.refresh_from_db()
    assert version.published_at is None
