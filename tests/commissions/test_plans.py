"""What a brand publishes stands; the narrowest version holds; nothing over the ceiling gets out."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from commissions import plans
from commissions.models import PlanVersion, Rule
from commissions.splitting import Term
from merchants.errors import DomainError
from tests.people import LATER, LONG_AGO, NOON, ONBOARDING
from tests.plans import CENTRAL

REST = Term(99, "residual", None)


def publish(world, rules=CENTRAL, **changed):
    given = {"mode": "central", "effective_from": NOON, "at": NOON, "by": ONBOARDING}
    return plans.publish(brand=world.qinglan_brand, rules=rules, **(given | changed))


def holding(world, at, contract=None):
    contract = contract or world.qinglan_at_jingan
    return plans.narrowest(plans.versions_of(world.qinglan_brand), contract=contract, at=at)


def test_ratios_over_a_hundred_percent_are_refused_with_the_sum(world):
    with pytest.raises(DomainError) as refusal:
        publish(world, [Term(1, "store", 700_000), Term(2, "guide", 400_000), REST])
    assert refusal.value.code == "plan.over_ceiling"
    assert refusal.value.extra == {"total_ppm": 1_100_000, "ceiling_ppm": 1_000_000, "rule": 2}
    assert "110" in str(refusal.value.message)


def test_ratios_over_the_plans_own_ceiling_are_refused(world):
    with pytest.raises(DomainError, match="over_ceiling"):
        publish(world, ceiling_ppm=249_999)
    assert publish(world, ceiling_ppm=250_000).published_at


@pytest.mark.parametrize(
    "rules",
    [
        [Term(1, "store", 5)],
        [REST, Term(98, "residual", None)],
        [Term(1, "store", 5), Term(1, "guide", 5), REST],
        [Term(1, "store", 0), REST],
        [Term(1, "store", None), REST],
        [Term(1, "uncle", 5), REST],
        [Term(99, "residual", 5)],
        [],
    ],
)
def test_rules_that_say_nothing_clear_are_refused(world, rules):
    with pytest.raises(DomainError, match="rules_invalid"):
        publish(world, rules)


def test_the_narrowest_scope_holds(world):
    brand = publish(world)
    channel = publish(world, scope=world.hehe)
    contract = publish(world, scope=world.qinglan_at_jingan)
    assert holding(world, NOON) == contract
    assert holding(world, NOON, world.qinglan_at_xuhui) == brand
    with world.inside(world.qinglan):
        PlanVersion.objects.filter(pk=contract.pk).update(effective_until=LATER)
    assert holding(world, LATER) == channel


def test_a_version_holds_from_its_first_instant_to_the_next_ones(world):
    first = publish(world, effective_from=LONG_AGO, at=LONG_AGO)
    second = publish(world, effective_from=LATER)
    assert (first.number, second.number) == (1, 2)
    assert holding(world, LATER - timedelta(milliseconds=1)) == first
    assert holding(world, LATER) == second
    assert holding(world, LONG_AGO - timedelta(seconds=1)) is None


def test_a_backdated_version_is_refused(world):
    publish(world, effective_from=LONG_AGO, at=LONG_AGO)
    with pytest.raises(DomainError, match=r"plan\.overlaps"):
        publish(world, effective_from=NOON - timedelta(seconds=1))
    publish(world, effective_from=LATER)
    with pytest.raises(DomainError, match=r"plan\.overlaps"):
        publish(world, effective_from=LATER)


def test_a_narrower_version_does_not_reach_back_over_a_wider_one(world):
    brand = publish(world, effective_from=LONG_AGO, at=LONG_AGO)
    for scope in (world.hehe, world.qinglan_at_jingan):
        with pytest.raises(DomainError, match=r"plan\.overlaps"):
            publish(world, scope=scope, effective_from=NOON - timedelta(seconds=1))
    assert holding(world, NOON) == brand
    narrow = publish(world, scope=world.qinglan_at_jingan)
    assert holding(world, NOON - timedelta(seconds=1)) == brand
    assert holding(world, NOON) == narrow


def test_a_wider_version_does_not_reach_back_over_one_that_ended(world):
    publish(world, scope=world.hehe, effective_from=LONG_AGO, effective_until=LATER, at=LONG_AGO)
    day = timedelta(days=1)
    with pytest.raises(DomainError, match=r"plan\.overlaps"):
        publish(world, effective_from=LATER - timedelta(seconds=1), at=LATER + day)
    assert publish(world, effective_from=LATER, at=LATER + day)


def test_the_first_version_of_a_plan_may_reach_back(world):
    first = publish(world, effective_from=LONG_AGO, at=NOON)
    assert holding(world, LONG_AGO) == first


def test_a_contract_of_the_other_mode_is_refused(world):
    with pytest.raises(DomainError, match="wrong_mode"):
        publish(world, mode="direct", scope=world.qinglan_at_jingan)


def test_a_published_version_stands_whoever_writes(world):
    version = publish(world)
    with world.inside(world.qinglan):
        rules = Rule.objects.filter(version=version)
        for change in (
            lambda: PlanVersion.objects.filter(pk=version.pk).update(basis="full"),
            lambda: PlanVersion.objects.filter(pk=version.pk)._raw_delete("default"),
            lambda: rules.filter(role="guide").update(ppm=60_000),
            lambda: rules.filter(role="guide").delete(),
            lambda: rules.create(merchant=world.qinglan, version=version, number=5, role="brand", ppm=1),
        ):
            with pytest.raises(IntegrityError, match="is published"), transaction.atomic():
                change()


def test_the_database_publishes_nothing_over_the_ceiling_either(world):
    published = publish(world)
    with world.inside(world.qinglan):
        draft = PlanVersion.objects.create(
            merchant=world.qinglan, plan=published.plan, number=9, effective_from=LATER, rules_sha256=b""
        )
        Rule.objects.create(merchant=world.qinglan, version=draft, number=1, role="store", ppm=900_000)
        draft.published_at = NOON
        with pytest.raises(IntegrityError, match="0 residuals"), transaction.atomic():
            draft.save()
        Rule.objects.create(merchant=world.qinglan, version=draft, number=2, role="guide", ppm=200_000)
        Rule.objects.create(merchant=world.qinglan, version=draft, number=3, role="residual")
        with pytest.raises(IntegrityError, match="1100000 ppm"), transaction.atomic():
            draft.save()


def test_a_brands_plans_are_its_own(world):
    publish(world)
    with world.inside(world.hehe):
        assert not PlanVersion.objects.exists()
