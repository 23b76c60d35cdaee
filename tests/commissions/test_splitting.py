"""To the fen, whatever the numbers: claims, and what refunds take back."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.checking import check
from commissions.splitting import Claimant, Term, divide, give_back, slices
from merchants.errors import DomainError
from merchants.money import allot, take_back

EVERY_CASE = json.loads((Path(__file__).parent / "fixtures" / "allotment_cases.json").read_text())["cases"]
CASES = [case for case in EVERY_CASE if case["kind"] == "ratio"]

# Cases of another subject: what a line may cost at least is priced (coupons), before anything is split.
NOT_OURS = {"A073": "floor prices", "A076": "floor prices", "A079": "floor prices"}

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


roles = st.sampled_from(["guide", "store", "manager"])
caps = st.none() | st.integers(1, 10**6)
claims = st.one_of(
    st.integers(1, 700_000).map(lambda ppm: {"ppm": ppm}),
    st.tuples(st.integers(1, 10**7), st.booleans()).map(lambda c: {"fixed": c[0], "per_unit": c[1]}),
    st.dictionaries(st.integers(0, 10**7), st.integers(0, 700_000), min_size=1, max_size=4).map(
        lambda tiers: {"tiers": tuple(sorted(tiers.items()))}
    ),
)


@st.composite
def rulebooks(draw):
    """Terms of every kind, and who stands for them: the same people for all terms of a role."""
    people = {
        role: [
            Claimant(
                payee, part, Fraction(draw(st.integers(0, 10**13)), 1_000_000), draw(st.integers(0, 10**6))
            )
            for payee, part in enumerate(
                allot(1_000_000, draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
            )
        ]
        for role in ("guide", "store", "manager")
    }
    terms = [
        Term(number, draw(roles), line_cap=draw(caps), period_cap=draw(caps), **draw(claims))
        for number in range(1, draw(st.integers(0, 6)) + 1)
    ]
    absent = draw(st.sets(st.sampled_from([*people])))
    stakes = {term.number: [] if term.role in absent else people[term.role] for term in terms}
    return [*terms, Term(99, "residual")], stakes | {99: [Claimant(7)]}


@given(fen, fen, st.integers(1, 9), rulebooks())
def test_every_fen_has_an_owner_and_every_cap_holds_whatever_the_rules(base, basis, quantity, book):
    terms, stakes = book
    cuts = divide(base=base, basis=basis, terms=terms, quantity=quantity, claimants=stakes)
    assert sum(cut.amount for cut in cuts) == base == sum(cut.claim for cut in cuts)
    assert all(cut.amount >= 0 and cut.claim >= 0 and abs(cut.amount - cut.claim) < 1 for cut in cuts)
    assert cuts[-1].term.kind == "residual"
    for term in terms[:-1]:
        own = [cut for cut in cuts if cut.term == term]
        assert [cut.claimant for cut in own] == stakes[term.number]
        if term.line_cap is not None:
            assert sum(cut.claim for cut in own) <= term.line_cap
        if term.period_cap is not None:
            for cut in own:
                got = sum(c.claim for c in cuts if (c.term.role, c.claimant) == (term.role, cut.claimant))
                before = sum(
                    c.claim
                    for c in cuts
                    if (c.term.role, c.claimant) == (term.role, cut.claimant) and c.term.number < term.number
                )
                assert cut.claim <= max(term.period_cap - cut.claimant.booked - before, 0) <= term.period_cap
                assert got >= cut.claim


@given(fen, fen, rulebooks(), st.randoms())
def test_in_whatever_order_sharing_guides_come_each_gets_the_same(base, basis, book, chance):
    terms, stakes = book
    shuffled = {number: chance.sample(sharing, len(sharing)) for number, sharing in stakes.items()}
    given = {"base": base, "basis": basis}
    chance.shuffle(terms)
    one = divide(**given, terms=sorted(terms, key=lambda t: t.number), claimants=stakes)
    assert divide(**given, terms=terms, claimants=shuffled) == one


@given(rulebooks(), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_tiers_are_the_same_in_one_piece_as_in_two(book, so_far, one, two):
    def claimed(at, amount):
        passed = slices(term.tiers, so_far=Fraction(at), amount=Fraction(amount))
        assert sum(piece.amount for piece in passed) <= amount
        return sum(piece.claim for piece in passed)

    for term in book[0]:
        if term.tiers:
            assert claimed(so_far, one) + claimed(so_far + one, two) == claimed(so_far, one + two)


def test_sharing_claims_are_cut_alike_by_the_line_and_by_what_is_left():
    pair = [Claimant(1, 750_000), Claimant(2, 250_000)]
    terms = [Term(1, "guide", 500_000, line_cap=400), Term(99, "residual")]
    cuts = divide(base=1000, basis=1000, terms=terms, claimants={1: pair, 99: [Claimant(9)]})
    assert [(cut.amount, cut.cut_by) for cut in cuts] == [
        (300, ("line_cap",)),
        (100, ("line_cap",)),
        (600, ()),
    ]
    terms = [Term(1, "store", 900_000), Term(2, "guide", fixed=500), Term(99, "residual")]
    people = {1: [Claimant(5)], 2: pair, 99: [Claimant(9)]}
    cuts = divide(base=1000, basis=1000, terms=terms, claimants=people)
    assert [(cut.amount, cut.cut_by) for cut in cuts] == [
        (900, ()),
        (75, ("base",)),
        (25, ("base",)),
        (0, ()),
    ]


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
        )
        held = base - sum(now.shares)
        assert held - (sum(borne) - sum(now.contributions)) == paid - refunded
        if before:
            assert all(a <= b for a, b in zip(before.shares, now.shares, strict=True))
            assert all(a <= b for a, b in zip(before.contributions, now.contributions, strict=True))
        before = now
    assert (before.shares, before.contributions) == (shares, borne)


def test_a_gift_gives_its_contribution_back_by_pieces():
    one_of_three = give_back(refunded=0, quantity=1, paid=0, sold=3, contributions=[1000], shares=[700, 300])
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['source']}")
def test_other_systems_cases_hold_the_invariants_both_ways(case):
    """Whatever rule answered them: nobody is a fen away from the exact part, and all of it can be taken back."""
    total, weights = abs(case["total"]), case["weights"]
    parts = allot(total, weights)
    assert all(
        abs(part - Fraction(total * w, sum(weights) or 1)) < 1 for part, w in zip(parts, weights, strict=True)
    )
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)
    before = [0] * len(parts)
    for back in sorted({0, 1, total // 3, total // 2, total}):
        if back <= total:
            now = take_back(back, parts)
            assert sum(now) == back
            assert all(b <= n <= p for b, n, p in zip(before, now, parts, strict=True))
            before = now
    assert before == parts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_only_a_case_that_no_largest_remainder_answers_is_answered_otherwise(case):
    agrees = case["rule_free"] or "largest_remainder" in case["algorithms_that_agree"]
    assert agrees == (case["id"] not in OTHER_RULES)


def test_amounts_in_order_up_to_a_cap_each_and_then_the_rest():
    case = next(case for case in EVERY_CASE if case["kind"] == "ordered_caps")
    terms = [Term(1, "a", fixed=10), Term(2, "b", fixed=20), Term(3, "rest")]
    assert [cut.amount for cut in divide(base=15, basis=15, terms=terms)] == case["expected"]


@pytest.mark.parametrize(
    ("name", "ppm", "is_refused"),
    # A019: a portion of 0 % is a portion elsewhere; a rule that gives nothing is a slip here.
    [("A019", 0, True), ("A022", 500_000, False), ("A025", 1_001_000, True), ("A028", 1_500_000, True)],
)
def test_a_portion_is_more_than_nothing_and_no_more_than_all(name, ppm, is_refused):
    case = next(case for case in EVERY_CASE if case["id"] == name)
    assert (case["expected"] is is_refused) == (name == "A019")
    if is_refused:
        with pytest.raises(DomainError, match="rules_invalid"):
            check([Term(1, "guide", ppm), Term(99, "residual")], ceiling_ppm=1_000_000)
    else:
        check([Term(1, "guide", ppm), Term(99, "residual")], ceiling_ppm=1_000_000)


def test_every_case_is_played_or_named():
    played = {case["id"] for case in CASES} | {"A016", "A019", "A022", "A025", "A028"}
    assert {case["id"] for case in EVERY_CASE} == played | set(NOT_OURS)
