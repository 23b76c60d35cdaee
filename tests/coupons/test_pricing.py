"""What coupons take off, to the fen: tables from the papers, and properties."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.pricing import Benefit, PriceLine, costs, price
from merchants.errors import DomainError


def benefit(
    key="c", *, threshold=0, off=3000, brand=None, bearers=(("brand", 1_000_000),), campaign=""
) -> Benefit:
    return Benefit(key, campaign or key, key, threshold, off, brand, tuple(bearers))


def test_the_nasty_receipt_of_the_papers_brand_coupon_then_store_coupon():
    """Worked example E05: 29,990 of A and 19,985 of B; 30.00 on A's line, then 20.00 on the whole receipt."""
    priced = price(
        [PriceLine(1, 29990, brand=1), PriceLine(2, 19985, brand=2)],
        [
            benefit(
                "brand30",
                off=3000,
                brand=1,
                bearers=[("brand", 600_000), ("store", 300_000), ("platform", 100_000)],
            ),
            benefit("store20", off=2000, bearers=[("store", 600_000), ("brand", 400_000)]),
        ],
    )
    first, second = priced.discounts
    assert [(part.line, part.amount, part.costs) for part in first.parts] == [
        (1, 3000, (("brand", 1800), ("store", 900), ("platform", 300)))
    ]
    assert [(part.line, part.amount) for part in second.parts] == [(1, 1149), (2, 851)]
    assert second.parts[0].costs == (("store", 689), ("brand", 460))
    assert priced.nets == {1: 25841, 2: 19134}
    assert (priced.off(1), priced.total) == (4149, 44975)


def test_the_second_coupon_sees_what_the_first_left():
    priced = price([PriceLine(1, 20000)], [benefit("a", off=3000), benefit("b", threshold=17000, off=1000)])
    assert priced.discounts[1].eligible == 17000
    with pytest.raises(DomainError) as caught:
        price([PriceLine(1, 20000)], [benefit("a", off=3000), benefit("b", threshold=17001, off=1000)])
    assert caught.value.code == "coupon.below_threshold"
    assert caught.value.extra == {"threshold": 17001, "eligible": 17000}


def test_a_coupon_of_a_brand_that_is_not_on_the_receipt_says_so():
    with pytest.raises(DomainError) as caught:
        price([PriceLine(1, 20000, brand=2)], [benefit(brand=1)])
    assert caught.value.code == "coupon.no_lines"


def test_one_campaign_counts_once_on_a_receipt():
    with pytest.raises(DomainError) as caught:
        price([PriceLine(1, 90000)], [benefit("a", campaign="x"), benefit("b", campaign="x")])
    assert (caught.value.code, caught.value.field) == ("coupon.campaign_twice", "coupons[1]")


def test_a_free_line_gets_no_part():
    priced = price([PriceLine(1, 0), PriceLine(2, 5000)], [benefit(off=1000)])
    assert [part.line for part in priced.discounts[0].parts] == [2]


LINES = st.lists(
    st.tuples(st.integers(0, 500_000), st.sampled_from([None, 1, 2, 3])), min_size=1, max_size=12
)


def parts_of_a_million(cuts: list[int]) -> list[int]:
    edges = [0, *sorted(cuts), 1_000_000]
    return [end - start for start, end in pairwise(edges)]


BEARERS = st.lists(st.integers(1, 999_999), max_size=3).map(parts_of_a_million)
BENEFITS = st.lists(
    st.tuples(st.integers(1, 90_000), st.sampled_from([None, 1, 2]), BEARERS), min_size=1, max_size=4
)


def applied(lines, benefits):
    """As many of the benefits as the lines allow."""
    rows = [PriceLine(number, amount, brand) for number, (amount, brand) in enumerate(lines, start=1)]
    wanted = []
    for place, (off, brand, parts) in enumerate(benefits):
        bearers = list(zip(("brand", "store", "channel", "platform"), parts, strict=False))
        offer = benefit(str(place), off=off, threshold=off, brand=brand, bearers=bearers)
        try:
            price(rows, [*wanted, offer])
        except DomainError:
            continue
        wanted.append(offer)
    return rows, price(rows, wanted)


@given(LINES, BENEFITS)
def test_what_is_paid_and_what_is_taken_off_make_the_list_price(lines, benefits):
    rows, priced = applied(lines, benefits)
    for row in rows:
        assert priced.nets[row.number] + priced.off(row.number) == row.amount
        assert 0 <= priced.nets[row.number] <= row.amount


@given(LINES, BENEFITS)
def test_every_coupon_gives_all_it_promises_on_its_own_lines_only(lines, benefits):
    rows, priced = applied(lines, benefits)
    brands = {row.number: row.brand for row in rows}
    for discount in priced.discounts:
        assert discount.amount == discount.benefit.amount_off
        assert all(discount.benefit.brand in (None, brands[part.line]) for part in discount.parts)


@given(LINES, BENEFITS)
def test_the_cost_of_a_line_is_proved_from_that_line_alone(lines, benefits):
    _rows, priced = applied(lines, benefits)
    for discount in priced.discounts:
        for part in discount.parts:
            assert part.costs == costs(part.amount, discount.benefit.bearers)
            assert sum(fen for _role, fen in part.costs) == part.amount


def exchange(key="x", *, pieces=1, brand=None, sku=None, bearers=(("brand", 1_000_000),), campaign=""):
    return Benefit(key, campaign or key, key, 0, 0, brand, tuple(bearers), pieces, sku)


def test_an_exchange_coupon_pays_the_dearest_piece_wholly_and_its_bearers_bear_it():
    lines = [PriceLine(1, 9000, quantity=3), PriceLine(2, 4000), PriceLine(3, 5000, quantity=2)]
    priced = price(lines, [exchange(bearers=[("brand", 700_000), ("store", 300_000)])])
    assert [(part.line, part.amount, part.costs) for part in priced.discounts[0].parts] == [
        (2, 4000, (("brand", 2800), ("store", 1200)))
    ]
    assert priced.nets == {1: 9000, 2: 0, 3: 5000}


def test_several_pieces_go_off_in_turn_and_each_costs_its_part_of_what_the_line_still_costs():
    lines = [PriceLine(1, 10001, quantity=3), PriceLine(2, 4000)]
    priced = price(lines, [benefit("first", off=3), exchange(pieces=3)])
    assert priced.nets == {1: 3333, 2: 0}, "of 9,999 in three two pieces, and the whole of 3,999"
    assert [(part.line, part.amount) for part in priced.discounts[1].parts] == [(1, 6666), (2, 3999)]


def test_no_piece_is_exchanged_twice():
    line = PriceLine(1, 10000, quantity=2)
    priced = price([line], [exchange("a", campaign="x"), exchange("b", campaign="x")])
    assert (priced.total, [one.amount for one in priced.discounts]) == (0, [5000, 5000])
    with pytest.raises(DomainError) as caught:
        price([line], [exchange("a"), exchange("b"), exchange("c")])
    assert (caught.value.code, caught.value.field) == ("coupon.too_few_pieces", "coupons[2]")


@pytest.mark.parametrize(
    ("told", "quantity", "catalogue", "off"),
    [
        (5900, 1, 5900, [5900]),
        (10_000_000, 1, 5900, [5900]),  # the rest is the shopper's
        (5000, 1, 5900, [5000]),
        (20_000, 2, 5900, [5900]),
        (20_000, 2, 5900, [5900, 5900]),
        (10_001, 3, 3333, [3333]),  # the part is 3,334
        (10_000, 2, 6000, [5000, 5000]),
    ],
)
def test_a_piece_is_never_exchanged_for_more_than_its_catalogue_price(told, quantity, catalogue, off):
    line = PriceLine(1, told, quantity=quantity, catalogue=catalogue)
    priced = price([line], [exchange(str(place), campaign="x") for place in range(len(off))])
    assert [one.amount for one in priced.discounts] == off
    assert priced.total == told - sum(off)
    assert all(dict(part.costs) == {"brand": part.amount} for one in priced.discounts for part in one.parts)


def test_the_dearest_piece_is_the_one_that_most_goes_off_for():
    lines = [PriceLine(1, 90_000, catalogue=100), PriceLine(2, 4000, catalogue=5000)]
    assert price(lines, [exchange()]).nets == {1: 90_000, 2: 0}
    assert price(lines, [exchange(pieces=2)]).nets == {1: 89_900, 2: 0}


def test_a_piece_that_is_exchanged_or_costs_nothing_is_no_piece_though_something_is_left_to_pay():
    for line, found in [
        (PriceLine(1, 9000, catalogue=100), 0),
        (PriceLine(1, 9000, quantity=2, catalogue=100), 1),
    ]:
        with pytest.raises(DomainError) as caught:
            price([line], [exchange("a"), exchange("b", pieces=2)])
        assert caught.value.extra == {"pieces": 2, "found": found}
    with pytest.raises(DomainError) as caught:
        price([PriceLine(1, 9000, catalogue=0)], [exchange()])
    assert caught.value.code == "coupon.too_few_pieces"


@pytest.mark.parametrize("wanted", [exchange(brand=2), exchange(sku=8), exchange(pieces=3)])
def test_an_exchange_coupon_without_its_goods_on_the_receipt_says_how_many_there_are(wanted):
    with pytest.raises(DomainError) as caught:
        price([PriceLine(1, 10000, brand=1, quantity=2, sku=7)], [wanted])
    assert caught.value.code == "coupon.too_few_pieces"
    assert caught.value.extra == {"pieces": wanted.pieces, "found": 2 if wanted.pieces == 3 else 0}
