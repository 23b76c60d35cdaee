"""Two hands on a merchant's attribution policies at the same instant."""

import time
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError
from django.utils import timezone

from commissions import attribution_policies as policies
from commissions.attribution_rules import DEFAULT
from tests.commissions.attributing import drafted, rule
from tests.people import ONBOARDING
from tests.races.together import codes, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db, world):
    return world


@pytest.fixture
def slowly(monkeypatch):
    """Each hand waits a moment with what it looked up before it writes."""
    real = policies.as_kept

    def keeping(rules):
        time.sleep(0.3)
        return real(rules)

    monkeypatch.setattr(policies, "as_kept", keeping)


def drafting(world):
    return lambda: drafted(world.qinglan, *DEFAULT.rules)


def test_without_turns_two_drafts_take_one_number(world, slowly, monkeypatch):
    monkeypatch.setattr(policies, "_hold", lambda merchant: None)
    assert [type(one) for one in together(*[drafting(world)] * 2)].count(IntegrityError) == 1


def test_two_drafts_at_once_have_a_number_each(world, slowly):
    assert sorted(one.number for one in together(*[drafting(world)] * 2)) == [1, 2]


def test_of_two_that_are_published_for_one_instant_one_holds(world):
    starts = timezone.now() + timedelta(days=1)
    rivals = [drafted(world.qinglan, rule(1, touch)) for touch in ("serving", "bound")]
    hands = [partial(policies.publish, policy, starts_at=starts, by=ONBOARDING) for policy in rivals]
    assert codes(together(*hands)) == ["attribution.overlaps"]
    assert len(policies.published_by(world.qinglan)) == len(policies.drafts_of(world.qinglan)) == 1
