"""A month of tiers comes to the same, however its sales and refunds came."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from commissions.replaying import Given, Line, entitled, half_up
from commissions.splitting import Claimant, Term, divide

TIERED = Term(1, "guide", tiers=((0, 30_000), (100_000, 50_000), (300_000, 80_000)))
REST = Term(99, "residual")
month = st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 200_000)), min_size=1, max_size=8)


def line(net, held=0, term=TIERED, part=1_000_000, **changed):
    return Line(net, part, (Given(term, part, held, **changed),))


def slices_of(total):
    return (
        Fraction(min(total, 100_000) * 3, 100)
        + Fraction(max(min(total, 300_000) - 100_000, 0) * 5, 100)
        + Fraction(max(total - 300_000, 0) * 8, 100)
    )


@given(month, st.randoms())
def test_any_order_of_sales_and_refunds_gives_the_same_month(sales, chance):
    """Booked in one order or another, with refunds in between: booked net and true-up always come to the month."""
    total = sum(max(paid - back, 0) for paid, back in sales)
    for _ in range(2):
        chance.shuffle(sales)
        so_far, held = Fraction(0), []
        for paid, back in sales:
            guide, _rest = divide(
                base=paid,
                basis=paid,
                terms=[TIERED, REST],
                claimants={1: [Claimant(1, so_far=so_far)], 99: [Claimant(2)]},
            )
            back = min(back, paid)
            held.append(guide.amount - (guide.amount * back // paid if paid else 0))
            so_far += paid - back
        lines = [line(max(paid - back, 0), kept) for (paid, back), kept in zip(sales, held, strict=True)]
        assert entitled(lines) == slices_of(total)


def test_half_a_fen_goes_up():
    assert [half_up(Fraction(n, 2)) for n in (0, 1, 2, 3, -1, -3)] == [0, 1, 1, 2, 0, -1]


def test_each_line_by_its_own_versions_tiers_on_one_total():
    steep = Term(1, "guide", tiers=((0, 10_000), (100_000, 100_000)))
    assert entitled([line(100_000), line(50_000, term=steep)]) == 3_000 + 5_000
    assert entitled([line(50_000, term=steep), line(100_000)]) == 500 + 1_500 + 2_500


def test_the_caps_hold_for_the_month_and_what_was_capped_stays_so():
    capped = Term(1, "guide", tiers=((0, 100_000),), line_cap=4_000, period_cap=5_000)
    assert entitled([line(100_000, term=capped)]) == 4_000
    assert entitled([line(100_000, term=capped), line(100_000, term=capped)]) == 5_000
    assert entitled([line(0, term=capped), line(100_000, 1_000, term=capped, capped=True)]) == 1_000


def test_a_shared_line_counts_by_its_part():
    assert entitled([line(100_000, part=500_000), line(100_000)]) == 1_500 + 1_500 + 2_500


def test_other_rules_of_the_role_fill_the_cap_and_are_not_worked_again():
    capped = Term(1, "guide", tiers=((0, 100_000),), period_cap=5_000)
    assert entitled([Line(100_000, 1_000_000, (Given(capped, 1_000_000, 0),), beside=4_500)]) == 500
