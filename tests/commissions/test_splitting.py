"""To the fen, whatever the numbers: claims, and what refunds take back."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.splitting import Term, divide, give_back
from merchants.money import allot

CASES = json.loads((Path(__file__).parent / "fixtures" / "allotment_cases.json").read_text())["cases"]

# Cases that another rule answers otherwise: our answer, by largest remainder.
OTHER_RULES = {
    "A001": [12, 1, 2],  # numscript gives the odd units to whoever is in front
    "A064": [-161, -53, -86],  # Sylius too, and of negative amounts; we divide what there is, and mirror
    "A070": [-109, -218, -546, -327],
}

fen = st.integers(0, 10**8)
ratios = st.lists(st.integers(1, 400_000), max_size=5).map(
    lambda ppms: [Term(number, f"role{number}", ppm) for number, ppm in enumerate(ppms, start=1)]
)


@given(fen, fen, ratios, st.integers(0, 5))
def test_every_fen_has_an_owner(paid, contribution, terms, place):
    residual = Term(99, "residual", None)
    base = paid + contribution
    cuts = divide(base=base, basis=paid, terms=[*terms[:place], residual, *terms[place:]])
    assert sum(cut.amount for cut in cuts) == base == sum(cut.claim for cut in cuts)
    assert all(cut.amount >= 0 and abs(cut.amount - cut.claim) < 1 for cut in cuts)
    assert [cut.term.number for cut in cuts] == sorted(cut.term.number for cut in cuts)


@given(fen, fen, ratios)
def test_a_claim_is_its_ratio_until_nothing_is_left(base, basis, terms):
    cuts = divide(base=base, basis=basis, terms=[*terms, Term(99, "residual", None)])
    left = Fraction(base)
    for cut in cuts[:-1]:
        assert cut.claim == min(Fraction(basis * cut.term.ppm, 1_000_000), left)
        left -= cut.claim
    assert cuts[-1].claim == left >= 0


def test_a_tie_goes_to_the_larger_claim_then_to_the_rule_in_front():
    halves = [Term(1, "guide", 100_000), Term(2, "brand", 300_000), Term(99, "residual", None)]
    assert [cut.amount for cut in divide(base=5, basis=5, terms=halves)] == [0, 2, 3]
    equal = [Term(1, "guide", 250_000), Term(2, "brand", 250_000), Term(99, "residual", None)]
    assert [cut.amount for cut in divide(base=2, basis=2, terms=equal)] == [1, 0, 1]


@pytest.mark.parametrize("terms", [[], [Term(1, "guide", 5)], [Term(1, "a", None), Term(2, "b", None)]])
def test_exactly_one_takes_the_rest(terms):
    with pytest.raises(ValueError, match="residual"):
        divide(base=1, basis=1, terms=terms)


@given(st.integers(1, 50_000), st.lists(st.integers(1, 5000), max_size=3), ratios, st.data())
def test_refunds_never_take_a_share_back_twice_and_a_full_one_takes_all(paid, borne, terms, data):
    base = paid + sum(borne)
    cuts = divide(base=base, basis=paid, terms=[*terms, Term(99, "residual", None)])
    shares = [cut.amount for cut in cuts]
    steps = sorted({paid, *data.draw(st.lists(st.integers(0, paid), max_size=8))})
    before = None
    for refunded in steps:
        now = give_back(
            refunded=refunded,
            quantity=0,
            paid=paid,
            sold=1,
            contributions=borne,
            shares=shares,
            tenders=[paid],
        )
        held = base - sum(now.shares)
        assert held - (sum(borne) - sum(now.contributions)) == paid - refunded
        assert now.tenders == [refunded]
        if before:
            assert all(a <= b for a, b in zip(before.shares, now.shares, strict=True))
            assert all(a <= b for a, b in zip(before.contributions, now.contributions, strict=True))
        before = now
    assert (before.shares, before.contributions) == (shares, borne)


def test_a_gift_gives_its_contribution_back_by_pieces():
    one_of_three = give_back(
        refunded=0, quantity=1, paid=0, sold=3, contributions=[1000], shares=[700, 300], tenders=[]
    )
    assert one_of_three.contributions == [333]
    assert sum(one_of_three.shares) == 333


def test_two_thousand_five_hundred_refunds_of_one_fen_take_each_share_its_part():
    so_far = give_back(
        refunded=2500,
        quantity=0,
        paid=10_000,
        sold=1,
        contributions=[],
        shares=[5800, 3400, 700, 100],
        tenders=[10_000],
    )
    assert so_far.shares == [1450, 850, 175, 25]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['source']}")
def test_other_systems_cases_come_out_by_our_rule(case):
    total = case["total"]
    parts = allot(abs(total), case["weights"])
    ours = [part if total >= 0 else -part for part in parts]
    assert sum(ours) == total
    assert ours == OTHER_RULES.get(case["id"], case["expected"])
    assert (ours != case["expected"]) == (case["id"] in OTHER_RULES)
