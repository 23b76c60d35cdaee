"""A draft splits nothing and may change; published it stands, and it was never more than could be published."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import override

from commissions import plans
from commissions.models import PlanVersion
from commissions.rule_rows import terms_of
from commissions.splitting import Term
from events.models import Event
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


# --- recalled before it begins ---

FAR = timezone.now() + timedelta(days=400)  # the database looks at its own clock
FARTHER = FAR + timedelta(days=30)


def published(world, begins, **changed):
    return plans.publish_draft(drafted(world, effective_from=begins, **changed), by=ONBOARDING)


def ends(world, *versions):
    with world.inside(world.qinglan):
        return [PlanVersion.objects.get(pk=version.pk).effective_until for version in versions]


def test_a_version_that_has_not_begun_is_a_draft_again_and_whom_it_ended_goes_on(world):
    first, second = published(world, NOON), published(world, FAR)
    assert ends(world, first) == [FAR]
    plans.recall(second, by=ONBOARDING)
    assert ends(world, first) == [None]
    assert plans.versions_of(world.qinglan_brand) == [first]
    assert plans.drafts_of(world.qinglan_brand) == [second]
    plans.publish_draft(second, by=ONBOARDING)
    assert ends(world, first) == [FAR]
    kinds = list(Event.objects.filter(subject=second.ref).order_by("id").values_list("kind", flat=True))
    assert kinds == ["plan.drafted", "plan.published", "plan.recalled", "plan.published"]


def test_recalled_from_between_two_it_leaves_no_gap_and_no_overlap(world):
    first, second, third = published(world, NOON), published(world, FAR), published(world, FARTHER)
    assert ends(world, first, second) == [FAR, FARTHER]
    plans.recall(second, by=ONBOARDING)
    assert ends(world, first, second, third) == [FARTHER, None, None]
    plans.recall(third, by=ONBOARDING)
    assert ends(world, first) == [None]


def test_an_end_of_its_own_is_not_moved_by_what_began_there(world):
    first = published(world, NOON, effective_until=FAR)
    second = published(world, FAR)
    plans.recall(second, by=ONBOARDING)
    assert ends(world, first) == [FAR]


def test_what_has_begun_or_was_recalled_before_is_not_recalled(world):
    first = published(world, NOON)
    with pytest.raises(Conflict, match="plan.begun"):
        plans.recall(first, by=ONBOARDING)
    coming = published(world, FAR)
    with pytest.raises(Conflict, match="plan.begun"):  # a till's clock may be ten minutes ahead
        plans.recall(coming, by=ONBOARDING, at=FAR - timedelta(minutes=10))
    assert ends(world, first) == [FAR]
    plans.recall(coming, by=ONBOARDING)
    with pytest.raises(Conflict, match="plan.stands"):
        plans.recall(coming, by=ONBOARDING)


@pytest.mark.parametrize(
    "changed",
    [
        {"effective_until": FAR - timedelta(days=1)},
        {"effective_until": None, "number": 9},
        {"published_at": None},
    ],
)
def test_the_database_lets_only_an_end_that_has_not_come_move_away(world, changed):
    first = published(world, NOON)
    published(world, FAR)
    with world.inside(world.qinglan), pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.filter(pk=first.pk).update(**changed)
