"""A rule of attribution that can never decide is said to be one, and only such a rule."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.attribution import attribute
from commissions.attribution_checks import check, overtaken
from commissions.attribution_rules import DEFAULT
from tests.commissions.test_attribution import JINGAN, ONE, XUHUI, policies, rule


@given(st.lists(ONE, max_size=8), policies())
def test_a_rule_that_is_said_never_to_decide_never_does(candidates, policy):
    never = overtaken(policy.rules)
    for store, channel in product((JINGAN, XUHUI), ("pos", "live")):
        decided = attribute(candidates, store=store, channel=channel, policy=policy).rule
        assert decided is None or decided.number not in never


@pytest.mark.parametrize(
    ("rules", "never"),
    [
        (DEFAULT.rules, {}),
        ([rule(1, "serving"), rule(2, "serving", channels=("pos",))], {2: (1,)}),
        ([rule(1, "serving", channels=("pos",)), rule(2, "serving")], {}),
        ([rule(1, "serving"), rule(2, ("bound", 6), ("serving", 4))], {2: (1,)}),
        ([rule(1, ("bound", 6), ("serving", 4)), rule(2, "serving")], {}),
        ([rule(1, "bound"), rule(2, "bound", protected=True, bound_at="same")], {2: (1,)}),
        ([rule(1, "bound", protected=True), rule(2, "bound")], {}),
        ([rule(1, "sharing", days=14), rule(2, "sharing", days=14)], {2: (1,)}),
        ([rule(1, "sharing", days=14), rule(2, "sharing", days=15), rule(3, "sharing")], {}),
        (
            [rule(1, "bound", bound_at="same"), rule(2, "bound", bound_at="other"), rule(3, "bound")],
            {3: (1, 2)},
        ),
        ([rule(1, "serving", bound_at="same"), rule(2, "serving", bound_at="other"), rule(3, "serving")], {}),
        (
            [
                rule(1, "serving", channels=("pos", "workbench", "cloud_store")),
                rule(2, "serving", channels=("marketplace", "live", "api")),
                rule(3, "serving", "bound"),
            ],
            {3: (1, 2)},
        ),
    ],
)
def test_a_rule_never_decides_where_an_earlier_one_always_matches(rules, never):
    check(rules)
    assert overtaken(rules) == never
