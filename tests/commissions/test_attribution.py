"""Whose sale it was: the default rules of the field, and what a policy may say instead."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions import attribution as a
from commissions.attribution import Candidate, attribute, for_role
from commissions.attribution_checks import MOST_RULES, check
from commissions.attribution_rules import DEFAULT, AttributionRule, Policy, as_kept, as_read
from commissions.reasons import lost as lost_in_words
from commissions.reasons import reason
from merchants.errors import DomainError
from merchants.money import PPM

JINGAN, XUHUI = 1, 2
LIN, CHEN, ZHAO = 11, 12, 13
INSTANT = timedelta(microseconds=1)
FORTNIGHT = timedelta(days=14)

serving = Candidate("serving", LIN, JINGAN)
bound = Candidate("bound", CHEN, JINGAN, protected=True)
bound_late = Candidate("bound", CHEN, JINGAN)
bound_away = Candidate("bound", CHEN, XUHUI, protected=True)
sharing = Candidate("sharing", ZHAO, JINGAN)
recruiting = Candidate("recruiting", ZHAO, JINGAN, age=timedelta(days=30))


def shared(ago: timedelta, guide: int = ZHAO, weight: int = 1) -> Candidate:
    return Candidate("sharing", guide, JINGAN, age=ago, weight=weight)


def rule(number: int, *takes: str | tuple[str, int], **more) -> AttributionRule:
    return AttributionRule(number, tuple((t, 1) if isinstance(t, str) else t for t in takes), **more)


def award(candidates, *rules: AttributionRule, channel: str = "pos"):
    """The same in whatever order they come."""
    found, backwards = (
        attribute(order, store=JINGAN, channel=channel, policy=Policy(rules, "atp_1", 1))
        for order in (candidates, candidates[::-1])
    )
    assert found == backwards
    return found


def parts(found) -> dict[int, int]:
    return {winner.candidate.guide: winner.part for winner in found.winners}


def lost(found) -> list[tuple[int, str]]:
    return [(loss.candidate.guide, loss.because) for loss in found.losers]


@pytest.mark.parametrize(
    ("candidates", "winner", "because", "losers"),
    [
        ([serving], LIN, a.SERVED, []),
        ([serving, bound], CHEN, a.BOUND_AND_PROTECTED, [(LIN, a.BOUND_GUIDE_FIRST)]),
        ([bound], CHEN, a.BOUND_AND_PROTECTED, []),
        ([serving, bound_late], LIN, a.SERVED_AFTER_PROTECTION, [(CHEN, a.PROTECTION_OVER)]),
        ([serving, bound_away], LIN, a.SERVED_AWAY_FROM_HOME, [(CHEN, a.OTHER_STORE)]),
        ([bound_away], None, a.NOBODY, [(CHEN, a.OTHER_STORE)]),
        ([bound_late], None, a.NOBODY, [(CHEN, a.PROTECTION_OVER)]),
        ([serving, sharing], LIN, a.SERVED, [(ZHAO, a.NO_RULE)]),
        ([], None, a.NOBODY, []),
        # One guide in two parts has not lost to herself.
        ([serving, Candidate("bound", LIN, JINGAN)], LIN, a.SERVED, []),
        ([serving, Candidate("bound", LIN, JINGAN, protected=True)], LIN, a.BOUND_AND_PROTECTED, []),
    ],
)
def test_the_default_rules(candidates, winner, because, losers):
    for order in (candidates, candidates[::-1]):
        award = attribute(order, store=JINGAN)
        assert (award.winner.guide if award.winner else None) == winner
        assert award.because == because
        assert [(loss.candidate.guide, loss.because) for loss in award.losers] == losers


def as_it_was(candidates: list[Candidate]):
    """The defaults as they were before there were policies: (winners, because, losers)."""
    bounds = [c for c in candidates if c.touch == "bound"]
    serves = sorted((c for c in candidates if c.touch == "serving"), key=lambda c: c.guide)
    others = {(c.touch, c.guide, a.NO_RULE) for c in candidates if c.touch not in ("bound", "serving")}
    if bounds and bounds[0].store == JINGAN and bounds[0].protected:
        won, because = bounds, a.BOUND_AND_PROTECTED
        lost = {("serving", c.guide, a.BOUND_GUIDE_FIRST) for c in serves}
    else:
        away = bool(bounds) and bounds[0].store != JINGAN
        won, because = serves, a.SERVED if serves else a.NOBODY
        lost = {("bound", c.guide, a.OTHER_STORE if away else a.PROTECTION_OVER) for c in bounds}
        if bounds and serves and bounds[0].guide not in {c.guide for c in serves}:
            because = a.SERVED_AWAY_FROM_HOME if away else a.SERVED_AFTER_PROTECTION
    guides = {c.guide for c in won}
    return [c.guide for c in won], because, {one for one in lost | others if one[1] not in guides}


def test_the_default_list_says_what_was_always_so():
    """Every own guide, with everybody who served and whoever had another part, in every channel but the cloud store."""
    bounds = [
        [],
        *([Candidate("bound", *who)] for who in product((LIN, CHEN), (JINGAN, XUHUI), (True, False))),
    ]
    serves = [[], [serving], [serving, Candidate("serving", ZHAO, XUHUI, weight=3)]]
    others = [[], [sharing], [recruiting, Candidate("accepting", LIN, JINGAN)]]
    for channel, *groups in product(("", "pos", "live"), bounds, serves, others):
        candidates = [one for group in groups for one in group]
        found = attribute(candidates, store=JINGAN, channel=channel)
        told = {(loss.candidate.touch, loss.candidate.guide, loss.because) for loss in found.losers}
        assert ([w.candidate.guide for w in found.winners], found.because, told) == as_it_was(candidates)
        assert found.policy == DEFAULT and (found.rule is None) == (not found.winners)


@pytest.mark.parametrize(
    ("ago", "channel", "winner", "because"),
    [
        (timedelta(), "cloud_store", ZHAO, a.SHARED),
        (FORTNIGHT - INSTANT, "cloud_store", ZHAO, a.SHARED),
        (FORTNIGHT, "cloud_store", CHEN, a.BOUND_AND_PROTECTED),
        (FORTNIGHT + INSTANT, "cloud_store", CHEN, a.BOUND_AND_PROTECTED),
        (timedelta(), "pos", CHEN, a.BOUND_AND_PROTECTED),
        (-INSTANT, "cloud_store", ZHAO, a.SHARED),  # a till's clock ahead of the link's
    ],
)
def test_by_default_a_shared_link_wins_for_the_cloud_store_for_fourteen_days(ago, channel, winner, because):
    found = attribute([serving, bound, shared(ago)], store=JINGAN, channel=channel)
    assert (found.winner.guide, found.because) == (winner, because)
    if winner == ZHAO:
        assert lost(found) == [(CHEN, a.LINK_FIRST), (LIN, a.LINK_FIRST)] and found.rule.number == 1
    else:
        assert (ZHAO, a.NO_RULE if channel == "pos" else a.TOO_LONG_AGO) in lost(found)


@pytest.mark.parametrize(
    ("candidates", "rules", "winners", "because", "losers"),
    [
        # The own guide without a protection, wherever bound.
        ([serving, bound_late], [rule(1, "bound")], {CHEN: PPM}, a.OWN_GUIDE, [(LIN, a.NO_RULE)]),
        (
            [serving, bound_away],
            [rule(1, "bound", protected=True), rule(2, "serving")],
            {CHEN: PPM},
            a.BOUND_AND_PROTECTED,
            [(LIN, a.BOUND_GUIDE_FIRST)],
        ),
        # Only who was bound at another store; here, or not at all, the next rule.
        (
            [serving, bound_away],
            [rule(1, "bound", bound_at="other")],
            {CHEN: PPM},
            a.BOUND_AND_PROTECTED,
            None,
        ),
        (
            [serving, bound],
            [rule(1, "bound", bound_at="other"), rule(2, "serving")],
            {LIN: PPM},
            a.SERVED,
            [(CHEN, a.SAME_STORE)],
        ),
        # What the own guide's store asks holds for whom the rule gives to, too.
        (
            [serving, bound_away],
            [rule(1, "serving", bound_at="same")],
            {},
            a.NOBODY,
            [(CHEN, a.NO_RULE), (LIN, a.RULE_NOT_MET)],
        ),
        ([serving], [rule(1, "serving", bound_at="other")], {}, a.NOBODY, [(LIN, a.RULE_NOT_MET)]),
        ([serving, bound_away], [rule(1, "serving", bound_at="other")], {LIN: PPM}, a.SERVED, None),
        # The first that matches wins.
        (
            [serving, recruiting],
            [rule(1, "recruiting", days=90), rule(2, "serving")],
            {ZHAO: PPM},
            a.RECRUITED,
            [(LIN, a.EARLIER_RULE)],
        ),
        (
            [serving, recruiting],
            [rule(1, "recruiting", days=30), rule(2, "serving")],
            {LIN: PPM},
            a.SERVED,
            [(ZHAO, a.TOO_LONG_AGO)],
        ),
        # Several touches share, if all are there.
        (
            [serving, bound],
            [rule(1, ("bound", 60), ("serving", 40), protected=True)],
            {LIN: 400_000, CHEN: 600_000},
            a.SERVED,
            [],
        ),
        (
            [serving, bound_late],
            [rule(1, ("bound", 60), ("serving", 40), protected=True), rule(2, "serving")],
            {LIN: PPM},
            a.SERVED_AFTER_PROTECTION,
            [(CHEN, a.PROTECTION_OVER)],
        ),
        (
            [bound],
            [rule(1, ("bound", 60), ("serving", 40))],
            {},
            a.NOBODY,
            [(CHEN, a.RULE_NOT_MET)],
        ),
        # Guides of one touch share its part by their own weights, to the millionth.
        (
            [bound, Candidate("serving", LIN, JINGAN, weight=2), Candidate("serving", ZHAO, JINGAN)],
            [rule(1, ("bound", 1), ("serving", 2))],
            {LIN: 444_445, CHEN: 333_333, ZHAO: 222_222},
            a.SERVED,
            [],
        ),
        # A tie goes to the first guide.
        (
            [serving, bound, sharing],
            [rule(1, "bound", "serving", "sharing")],
            {LIN: 333_334, CHEN: 333_333, ZHAO: 333_333},
            a.SERVED,
            [],
        ),
        # Who has two touches of a rule has both parts, in one share, told by the greater.
        (
            [serving, Candidate("bound", LIN, JINGAN, protected=True), sharing],
            [rule(1, ("bound", 30), ("serving", 50), ("sharing", 20))],
            {LIN: 800_000, ZHAO: 200_000},
            a.SERVED,
            [],
        ),
        # Of two who shared, only who did lately.
        (
            [shared(FORTNIGHT), shared(timedelta(days=1), CHEN)],
            [rule(1, "sharing", days=14)],
            {CHEN: PPM},
            a.SHARED,
            [(ZHAO, a.TOO_LONG_AGO)],
        ),
    ],
)
def test_what_a_policy_may_say(candidates, rules, winners, because, losers):
    check(rules)
    found = award(candidates, *rules)
    assert parts(found) == winners and found.because == because
    assert losers is None or lost(found) == losers
    assert found.policy.ref == "atp_1"


def test_a_rule_holds_in_its_sales_channels():
    rules = [rule(1, "sharing", channels=("live", "cloud_store")), rule(2, "serving", channels=("pos",))]
    by = {channel: award([serving, sharing], *rules, channel=channel) for channel in ("live", "pos", "api")}
    assert {channel: found.rule and found.rule.number for channel, found in by.items()} == {
        "live": 1,
        "pos": 2,
        "api": None,
    }
    assert lost(by["api"]) == [(LIN, a.NO_RULE), (ZHAO, a.NO_RULE)]


ONE = st.builds(
    Candidate,
    st.sampled_from(["bound", "serving", "sharing", "recruiting", "accepting"]),
    st.integers(1, 5),
    st.sampled_from([JINGAN, XUHUI]),
    protected=st.booleans(),
    weight=st.integers(1, 100),
    age=st.timedeltas(timedelta(), timedelta(days=60)),
)


@st.composite
def policies(draw):
    touches = st.lists(
        st.tuples(st.sampled_from(["bound", "serving", "sharing", "recruiting"]), st.integers(1, 1000)),
        min_size=1,
        unique_by=lambda part: part[0],
    )
    rules = [
        rule(
            number,
            *draw(touches),
            bound_at=draw(st.sampled_from(["same", "other", "any"])),
            days=draw(st.none() | st.integers(1, 60)),
            channels=draw(st.sampled_from([(), ("pos",), ("live",)])),
        )
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    return Policy(tuple(rules), "atp_1", 1)


@given(st.lists(ONE, max_size=8), policies(), st.randoms(use_true_random=False))
def test_the_parts_are_the_whole_and_everybody_won_or_lost(candidates, policy, chance):
    candidates = [c for n, c in enumerate(candidates) if c.touch != "bound" or n == 0]  # one binding at most
    found = attribute(candidates, store=JINGAN, channel="pos", policy=policy)
    guides = [winner.candidate.guide for winner in found.winners]
    assert guides == sorted(set(guides)) and all(winner.part > 0 for winner in found.winners)
    assert sum(winner.part for winner in found.winners) == (PPM if guides else 0)
    assert {c.guide for c in candidates} == {*guides, *(loss.candidate.guide for loss in found.losers)}
    assert not set(guides) & {loss.candidate.guide for loss in found.losers}
    assert as_read(as_kept(policy.rules)) == policy.rules


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule(2, "serving")],
        [rule(1, "serving"), rule(1, "bound")],
        [rule(1)],
        [rule(1, "singing")],
        [rule(1, ("serving", 0))],
        [rule(1, ("serving", 1001))],
        [rule(1, "serving", "serving")],
        [rule(1, "serving", protected=True)],
        [rule(1, "serving", days=3)],
        [rule(1, "sharing", days=0)],
        [rule(1, "sharing", days=3661)],
        [rule(1, "serving", channels=("moon",))],
        [rule(1, "serving", channels=("pos", "pos"))],
        [rule(1, "serving", bound_at="home")],
        [rule(n, "serving") for n in range(1, MOST_RULES + 2)],
    ],
)
def test_a_rule_that_says_no_one_clear_thing_is_refused(rules):
    with pytest.raises(DomainError, match=r"attribution\.rules_invalid"):
        check(rules)
    check(DEFAULT.rules)


def test_a_role_may_name_its_touch():
    everyone = [serving, bound]
    assert for_role("serving", everyone, store=JINGAN).winner == serving
    assert for_role("bound", everyone, store=JINGAN).winner == bound
    assert for_role("bound", [serving, bound_late], store=JINGAN).winner is None
    assert for_role("bound", [serving], store=JINGAN).winner is None


def test_a_policy_governs_the_guide_s_role_and_no_other():
    policy = Policy((rule(1, "sharing"),), "atp_1", 1)
    everyone = [serving, bound, sharing]
    by_role = {
        role: for_role(role, everyone, store=JINGAN, policy=policy) for role in ("guide", "serving", "bound")
    }
    assert {role: found.winner for role, found in by_role.items()} == {
        "guide": sharing,
        "serving": serving,
        "bound": bound,
    }
    assert by_role["serving"].policy is None


def test_every_reason_is_told_in_words():
    """Who lost is told by `lost`, who won by `reason`; each code by one of them."""
    codes = {value for name, value in vars(a).items() if name.isupper() and isinstance(value, str)}
    codes -= {a.MANAGER, a.BOUND, a.SERVING, a.SHARING}
    won = {*a.BY_TOUCH.values(), a.OWN_GUIDE, a.MANAGED, a.SERVED_AFTER_PROTECTION, a.SERVED_AWAY_FROM_HOME}
    claim = {"ppm": 50_000, "role": "guide"}
    assert all("5%" in reason({"because": code} | claim) for code in won)
    assert all(lost_in_words(code) for code in codes - won)
