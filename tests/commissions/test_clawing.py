"""What a refund takes back: a function of the total, from what each share still holds, and from nobody's past."""

import pytest
from django.db import IntegrityError, connection, transaction

from commissions import accruals, clawback, plans, settlement
from commissions.models import Clawback, Collection, Share, Split
from events.models import Event
from ledger import balances, proof
from ledger.accounts import OWN_FEE, held, named
from ledger.transfers import Entry, Story, post
from orders.facts import RefundLineFacts, RefundTenderFacts, TenderFacts
from orders.models import RefundLine
from stores.models import Contract
from tests.people import LONG_AGO, NOON, ONBOARDING, make_contract, make_store, renewed
from tests.plans import CENTRAL
from tests.selling import line, money_back, sold

SERVED = {"serving": "G101"}


@pytest.fixture
def world(plans_published):
    return plans_published


def sell(world, *lines, settle=True, **given):
    order = sold(world.jingan, *(lines or (line(world.shirt),)), touches=SERVED, **given)
    accruals.book(order)
    if settle:
        with world.inside(world.hehe):
            settlement.settle_t0(orders=[order.id], at=NOON)
    return order


def take_back(world, amount, *, number=1, no="R-1", order_no="T-1", **given):
    back = RefundLineFacts(number=number, amount=amount, **given)
    refund, _is_new = money_back(world.hehe, back, no=no, order_no=order_no)
    clawback.claw(refund)
    return refund


def clawed(world):
    with world.inside(world.hehe):
        return list(Share.party.order_by("split_id", "number").values_list("clawed", flat=True))


def purse(world, book=None):
    book = book or world.qinglan
    with world.inside(book):
        return balances.of_party(book, world.lin.party)


def books_hold(world):
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds


def test_half_back_takes_half_of_each_share(world):
    sell(world)
    take_back(world, 9950)
    # Of 497.5 and 7462.5 the larger share gives the odd fen.
    assert clawed(world) == [1990, 497, 7463]
    assert purse(world) == {"due": 498}
    books_hold(world)


@pytest.mark.parametrize(
    ("agreed", "cap"), [({}, 995), ({"fee_cap_ppm": 0}, 0), ({"fee_cap_ppm": 6_001}, 119)]
)
def test_a_fee_of_the_whole_payment_is_the_principals_up_to_what_it_agreed(world, agreed, cap):
    """The collector told it: 5 % where nothing else was agreed, a fen begun is whole; a refund leaves it."""
    renewed(world.qinglan_at_jingan, fee_bearer="principal", **agreed)
    sell(world, tenders=(TenderFacts(place="acquirer", amount=19900, fee=19900),))
    with world.inside(world.qinglan):
        (told,) = Collection.objects.values_list("fee", "fee_charged")
    assert told == (19900, cap)
    books_hold(world)
    take_back(world, 19900)
    with world.inside(world.qinglan):
        assert balances.of_party(world.qinglan, world.hehe.party).get("due", 0) == cap
    with world.inside(world.hehe):
        assert balances.of_party(world.hehe, world.qinglan.party).get("due", 0) == -cap
        (own,) = balances.of_book(world.hehe, codes=[OWN_FEE.code])
        assert own.amount == cap - 19900
    books_hold(world)


def charged(world):
    with world.inside(world.qinglan):
        return list(Collection.objects.order_by("split__line__number").values_list("fee", "fee_charged"))


def test_the_limit_of_a_fee_is_of_all_lines_under_one_contract_so_that_small_ones_owe_theirs(world):
    renewed(world.qinglan_at_jingan, fee_bearer="principal")
    lines = [line(world.shirt, list_price=19) for _number in range(5)]
    accruals.book(
        sold(world.jingan, *lines, tenders=(TenderFacts(place="acquirer", amount=95, fee=3),), paid_at=NOON)
    )
    assert charged(world) == [(1, 1), (1, 1), (1, 1), (0, 0), (0, 0)]
    books_hold(world)


def test_a_fee_above_the_limit_is_cut_by_the_lines_fees(world):
    renewed(world.qinglan_at_jingan, fee_bearer="principal")
    lines = [line(world.shirt, list_price=price) for price in (7_000, 2_000, 1_000)]
    tender = TenderFacts(place="acquirer", amount=10_000, fee=1_001)
    accruals.book(sold(world.jingan, *lines, tenders=(tender,), paid_at=NOON))
    assert charged(world) == [(701, 350), (200, 100), (100, 50)]
    books_hold(world)


def test_an_open_line_gives_back_from_pending(world):
    sell(world, settle=False)
    take_back(world, 19900)
    assert clawed(world) == [3980, 995, 14925]
    assert purse(world) == {}
    books_hold(world)
    with world.inside(world.hehe):
        order_id = Share.party.first().split.order_id
        settlement.settle_t0(orders=[order_id], at=NOON)
    assert purse(world) == {}


def test_the_same_refund_again_takes_nothing(world):
    sell(world)
    refund = take_back(world, 5000)
    before, events = clawed(world), Event.objects.count()
    assert clawback.claw(refund) == []
    assert (clawed(world), Event.objects.count()) == (before, events)
    with world.inside(world.hehe):
        assert Clawback.party.count() == 1


def test_many_small_refunds_take_what_one_large_one_takes(world):
    sell(world, no="T-1")
    sell(world, no="T-2")
    for n in range(40):
        take_back(world, 25, no=f"R-{n}")
    take_back(world, 1000, no="R-whole", order_no="T-2")
    small, large = clawed(world)[:3], clawed(world)[3:]
    assert small == large and sum(small) == 1000
    books_hold(world)


def test_an_empty_purse_owes_and_never_falls_below_zero(world):
    sell(world)
    pay_out(world, 900)
    take_back(world, 19900)
    assert purse(world) == {"owed": -900}
    books_hold(world)


def pay_out(world, amount):
    """Lin has been paid; the payout itself is another verb's."""
    entry = Entry(world.qinglan.pk, "payout_paid", named("due", world.lin.party), held("bank"), amount)
    post([Story("test", "y1", NOON.date(), NOON, "CNY", (entry,))])


def test_a_refund_seen_before_its_sale_was_booked_books_the_whole_first(world):
    order = sold(world.jingan, line(world.shirt), touches=SERVED)
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=100))
    clawback.claw(refund)
    with world.inside(world.hehe):
        assert sum(Share.party.filter(split__order=order).values_list("amount", flat=True)) == 19900
    assert sum(clawed(world)) == 100
    books_hold(world)


def test_money_goes_back_where_it_came_from(world):
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    tenders = (
        TenderFacts(place="psp", amount=15000, collector=world.qinglan.ref),
        TenderFacts(place="cash", amount=4900),
    )
    sell(world, tenders=tenders)
    take_back(world, 1990)
    with world.inside(world.hehe):
        assert list(Collection.party.order_by("number").values_list("returned", flat=True)) == [1500, 490]
    with world.inside(world.qinglan):
        standing = {str(b.account): b.amount for b in balances.of_book(world.qinglan)}
    assert standing["held:psp"] == -13500
    books_hold(world)


@pytest.mark.parametrize("settle", [False, True], ids=["before it settled", "after"])
def test_a_refund_that_names_its_payment_leaves_the_other_alone(world, settle):
    """The store gives back what it took itself; the brand's wallet still holds all it got, and owes as before."""
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    tenders = (
        TenderFacts(place="psp", amount=15000, collector=world.qinglan.ref),
        TenderFacts(place="cash", amount=4900),
    )
    sell(world, tenders=tenders, settle=settle)
    take_back(world, 1990, tenders=(RefundTenderFacts(number=2, amount=1990),))
    take_back(world, 995, no="R-2")
    with world.inside(world.hehe):
        assert list(Collection.party.order_by("number").values_list("returned", flat=True)) == [
            750,
            245 + 1990,
        ]
    with world.inside(world.qinglan):
        standing = {str(b.account): b.amount for b in balances.of_book(world.qinglan)}
    assert standing["held:psp"] == -(15000 - 750)
    assert sum(clawed(world)) == 1990 + 995
    books_hold(world)


def test_a_guide_paid_by_the_employer_gives_back_in_the_employers_book(world):
    store = hehes_second_store(world, guide_pay=Contract.GuidePay.EMPLOYER, reserve_ppm=100_000)
    order = sold(store, line(world.shirt), touches=SERVED)
    accruals.book(order)
    assert purse(world) == {}
    assert purse(world, world.hehe) == {"pending": 995}
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id], at=NOON)
    assert purse(world, world.hehe) == {"due": 896, "reserve": 99}
    books_hold(world)
    entry = Entry(world.hehe.pk, "payout_paid", named("due", world.lin.party), held("bank"), 800)
    post([Story("test", "y1", NOON.date(), NOON, "CNY", (entry,))])
    take_back(world, 19900)
    assert purse(world, world.hehe) == {"owed": -800}
    with world.inside(world.qinglan):
        assert "owed" not in balances.of_party(world.qinglan, world.hehe.party)
    books_hold(world)


def hehes_second_store(world, **terms):
    with world.inside(world.hehe):
        store = make_store(world.hehe, code="PD01", name="和合浦东店", kind="collection", lng=121.5, lat=31.2)
    contract = make_contract(world.qinglan_brand, store, mode="central", **terms)
    plans.publish(
        brand=world.qinglan_brand,
        mode="central",
        scope=contract,
        rules=CENTRAL,
        effective_from=LONG_AGO,
        at=LONG_AGO,
        by=ONBOARDING,
    )
    return store


def test_the_guide_hears_what_was_taken_back(world):
    sell(world)
    refund = take_back(world, 1990)
    event = Event.objects.get(kind="commission.clawed", subject=world.lin.ref, merchant_id=world.hehe.pk)
    assert event.payload["amount"] == 99
    assert event.at == refund.refunded_at
    assert world.lin.user.ref in event.concerns


def test_the_database_refuses_a_clawback_that_no_share_gave(world):
    """Nor does a share give what no clawback says: Σ held stays paid − refunded."""
    sell(world)
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=9950))
    with world.inside(world.hehe):
        split = Split.party.get()
        line_back = RefundLine.objects.get(refund=refund)
    told = {"refund_line": line_back, "refunded": 9950, "quantity": 0, "taken": 9950}
    with pytest.raises(IntegrityError), transaction.atomic():
        Clawback.objects.create(merchant=split.merchant, counterparty=split.counterparty, split=split, **told)
        connection.check_constraints()
    with world.inside(world.hehe), pytest.raises(IntegrityError), transaction.atomic():
        Share.party.filter(number=1).update(clawed=1)
    clawback.claw(refund)
    books_hold(world)
