"""Whose sale it was, by the default rules of the field."""

import pytest

from commissions import attribution as a
from commissions.attribution import Candidate, attribute, for_role

JINGAN, XUHUI = 1, 2
LIN, CHEN, ZHAO = 11, 12, 13

serving = Candidate("serving", LIN, JINGAN)
bound = Candidate("bound", CHEN, JINGAN, protected=True)
bound_late = Candidate("bound", CHEN, JINGAN)
bound_away = Candidate("bound", CHEN, XUHUI, protected=True)
sharing = Candidate("sharing", ZHAO, JINGAN)


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


def test_a_role_may_name_its_touch():
    everyone = [serving, bound]
    assert for_role("serving", everyone, store=JINGAN).winner == serving
    assert for_role("bound", everyone, store=JINGAN).winner == bound
    assert for_role("bound", [serving, bound_late], store=JINGAN).winner is None
    assert for_role("bound", [serving], store=JINGAN).winner is None
