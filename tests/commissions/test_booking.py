"""A sale is split under each line's own contract, in its principal's book, once."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from commissions import accruals, clawback, plans, settlement
from commissions.models import Contribution, Share, Split
from commissions.splitting import Term
from events.models import Event
from ledger import balances, proof
from ledger.models import Transfer
from members.models import Binding
from orders.facts import RefundLineFacts
from tests.people import NOON, ONBOARDING, renewed
from tests.selling import FANG, campaign_of, coupon_for, joined, line, money_back, sold

SERVED = {"serving": "G101"}


def shares(world, order):
    with world.inside(order.merchant):
        rows = Share.party.filter(split__order=order).order_by("split__line__number", "number")
        return [(row.split.line.number, row.role, row.amount) for row in rows.select_related("split__line")]


def books_hold(world):
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            trial = proof.trial_balance(merchant)
        assert (trial.total, trial.clearing, trial.breaks) == (0, 0, [])


@pytest.fixture
def two_brands(plans_published):
    """One receipt at Hehe's: a shirt of Qinglan (central) and a tea of Mubai (direct), served by Lin, paid cash."""
    world = plans_published
    return sold(world.jingan, line(world.shirt), line(world.tea), touches=SERVED)


def test_two_brands_on_one_receipt_are_each_split_under_their_own_contract(plans_published, two_brands):
    world = plans_published
    splits = accruals.book(two_brands)
    assert [(s.merchant, s.mode, s.paid, s.base) for s in splits] == [
        (world.qinglan, "central", 19900, 19900),
        (world.hehe, "direct", 12800, 12800),
    ]
    assert shares(world, two_brands) == [
        (1, "store", 3980),
        (1, "guide", 995),
        (1, "residual", 14925),
        (2, "brand", 7680),
        (2, "guide", 384),
        (2, "residual", 4736),
    ]
    books_hold(world)
    with world.inside(world.qinglan):
        assert balances.of_party(world.qinglan, world.hehe.party) == {"pending": 3980 - 19900}
        assert balances.of_party(world.qinglan, world.lin.party) == {"pending": 995}
    with world.inside(world.hehe):
        assert balances.of_party(world.hehe, world.lin.party) == {"pending": 384}


def test_each_merchant_sees_of_a_split_receipt_what_is_its_own(plans_published, two_brands):
    world = plans_published
    accruals.book(two_brands)
    with world.inside(world.hehe):
        assert Split.party.count() == 2 and Split.objects.count() == 1
        assert Share.payable.filter(guide=world.lin).count() == 2
    with world.inside(world.qinglan):
        assert [s.line.number for s in Split.about.select_related("line")] == [1]
        assert Split.objects.count() == 1
    with world.inside(world.mubai):
        assert [s.line.number for s in Split.about.select_related("line")] == [2]
        assert Split.objects.count() == 0 and Share.payable.count() == 1
    with world.inside(world.stranger):
        for manager in (Split.objects, Split.party, Split.about, Share.payable, Share.about):
            assert not manager.exists()


def test_booking_again_changes_nothing(plans_published, two_brands):
    world = plans_published
    first = accruals.book(two_brands)
    events = Event.objects.count()
    assert accruals.book(two_brands) == first
    assert Event.objects.count() == events
    books_hold(world)


def test_own_goods_are_all_the_sellers(plans_published):
    world = plans_published
    order = sold(world.jingan, line(world.tote), touches=SERVED)
    (split,) = accruals.book(order)
    assert (split.merchant, split.contract, split.version) == (world.hehe, None, None)
    assert shares(world, order) == [(1, "residual", 4900)]


def test_without_a_published_plan_all_stays_with_the_principal_and_says_so(world):
    order = sold(world.jingan, line(world.shirt), touches=SERVED)
    accruals.book(order)
    with world.inside(world.hehe):
        (share,) = Share.party.all()
    assert (share.payee, share.amount) == (world.qinglan.party, 19900)
    assert share.why["because"] == "no_plan"
    books_hold(world)


def test_without_a_guide_the_claim_falls_to_the_rest_and_says_so(plans_published):
    world = plans_published
    order = sold(world.jingan, line(world.shirt))
    accruals.book(order)
    assert shares(world, order) == [(1, "store", 3980), (1, "residual", 15920)]
    with world.inside(world.hehe):
        why = Share.party.get(role="residual").why
    by_default = {"policy": None, "policy_number": None, "policy_rule": None}
    nobody = {"rule": 2, "role": "guide", "because": "nobody", "losers": []}
    assert why["unclaimed"] == [nobody | by_default]


def test_the_own_guide_inside_protection_comes_before_who_served(plans_published):
    world = plans_published
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    with world.inside(world.hehe):
        assert Binding.objects.filter(guide=world.lin).exists()
    order = sold(world.jingan, line(world.shirt), phone=FANG)
    accruals.book(order)
    with world.inside(world.hehe):
        share = Share.payable.get(guide=world.lin)
    assert (share.why["touch"], share.why["because"]) == ("bound", "bound_and_protected")
    assert share.claim == Fraction(995)


def test_a_brands_coupon_at_a_store_that_collects_is_owed_by_the_brand(plans_published):
    world = plans_published
    member = joined(world.mubai_brand, world.jingan).member
    campaign = campaign_of(world.mubai, world.mubai_brand, threshold=10000, bearers=[("brand", 1_000_000)])
    _coupon, code = coupon_for(campaign, member)
    order = sold(world.jingan, line(world.tea), touches=SERVED, coupons=(code,))
    (split,) = accruals.book(order)
    assert (split.paid, split.contribution, split.base, split.basis) == (9800, 3000, 12800, 9800)
    assert shares(world, order) == [(1, "brand", 5880), (1, "guide", 294), (1, "residual", 6626)]
    with world.inside(world.mubai):
        assert Contribution.borne.get().amount == 3000
    books_hold(world)


def test_everybody_concerned_hears_of_it_in_their_own_words(plans_published, two_brands):
    world = plans_published
    accruals.book(two_brands)
    heard = {
        (event.merchant_id, event.subject): event for event in Event.objects.filter(kind="commission.booked")
    }
    lin, mubai = world.lin.ref, world.mubai.ref
    assert heard[world.hehe.pk, lin].payload["amount"] == 995 + 384
    assert heard[world.hehe.pk, lin].concerns == [lin, world.lin.user.ref, world.jingan.ref]
    assert heard[world.qinglan.pk, lin].payload["amount"] == 995
    assert heard[world.mubai.pk, mubai].payload == {
        "payee": mubai,
        "amount": 7680,
        "currency": "CNY",
        "orders": [two_brands.ref],
        "lines": [{"order": two_brands.ref, "line": 2, "role": "brand", "amount": 7680}],
    }
    assert {subject for merchant, subject in heard if merchant == world.mubai.pk} == {mubai}


def test_t0_lines_settle_once_and_t1_lines_wait(plans_published, two_brands):
    world = plans_published
    accruals.book(two_brands)
    with world.inside(world.hehe):
        settled = settlement.settle_t0(orders=[two_brands.id])
        assert [(s.lines, s.total) for s in settled] == [(1, 3980 + 995), (1, 7680 + 384)]
        assert settlement.settle_t0(orders=[two_brands.id]) == []
        assert balances.of_party(world.hehe, world.lin.party) == {"due": 384}
    books_hold(world)


def test_parts_that_do_not_add_up_never_reach_the_disk(plans_published, two_brands, monkeypatch):
    real = accruals.assessing.assess

    def one_fen_more(orders, **given):
        sheets = real(orders, **given)
        sheets[0].shares[0].amount += 1
        return sheets

    monkeypatch.setattr(accruals.assessing, "assess", one_fen_more)
    with pytest.raises(IntegrityError, match="of base 19900"), transaction.atomic():
        accruals.book(two_brands)


def test_a_split_without_shares_is_refused_at_commit(plans_published, two_brands):
    world = plans_published
    sheets = []
    with world.inside(world.hehe):
        sheets = accruals.assessing.assess([two_brands], seller=world.hehe)
    with pytest.raises(IntegrityError, match="split"), transaction.atomic():
        sheets[0].split.save()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_was_split_is_frozen(plans_published, two_brands):
    world = plans_published
    accruals.book(two_brands)
    with world.inside(world.hehe):
        share = Share.party.filter(role="guide").first()
        mine = Share.party.filter(pk=share.pk)
        for change in (
            lambda: mine.update(amount=1),
            lambda: mine.update(payee=world.chen.party),
            lambda: mine.update(clawed=5),  # of no refund
            lambda: mine.delete(),
            lambda: Split.party.update(paid=0, base=0),
            lambda: Share.objects.bulk_create([_again(share)]),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()
    refund, _new = money_back(world.hehe, RefundLineFacts(number=1, amount=19900, quantity=1))
    clawback.claw(refund)
    with world.inside(world.hehe), pytest.raises(IntegrityError, match="grow"), transaction.atomic():
        mine.update(clawed=F("clawed") - 1)


def _again(share):
    share.pk, share.number = None, 50
    return share


def test_a_sale_of_a_hundred_orders_takes_as_many_queries_as_one(
    plans_published, django_assert_max_num_queries
):
    world = plans_published
    orders = [
        sold(world.jingan, line(world.shirt), line(world.tea), no=f"B-{n}", touches=SERVED) for n in range(20)
    ]
    with world.inside(world.hehe), django_assert_max_num_queries(40):
        accruals.book_all([order.id for order in orders], seller=world.hehe)
    with world.inside(world.hehe), django_assert_max_num_queries(25):
        settlement.settle_t0(orders=[order.id for order in orders], at=NOON)
    with world.inside(world.hehe):
        assert Transfer.objects.filter(source="sale").exists()
    books_hold(world)


def test_a_plan_changes_at_an_instant_and_the_paying_counts_not_the_arrival(plans_published):
    world = plans_published
    change = NOON + timedelta(hours=2)
    raised = [Term(1, "guide", 100_000), Term(99, "residual", None)]
    plans.publish(
        brand=world.qinglan_brand, mode="central", rules=raised, effective_from=change, at=NOON, by=ONBOARDING
    )
    before = sold(
        world.jingan, line(world.shirt), no="T-1", touches=SERVED, paid_at=change - timedelta(milliseconds=1)
    )
    after = sold(world.jingan, line(world.shirt), no="T-2", touches=SERVED, paid_at=change)
    for order in (after, before):
        accruals.book(order)
    assert shares(world, before) == [(1, "store", 3980), (1, "guide", 995), (1, "residual", 14925)]
    assert shares(world, after) == [(1, "guide", 1990), (1, "residual", 17910)]


def test_in_a_brands_own_store_only_the_guide_is_owed(plans_published):
    world = plans_published
    order = sold(world.xuhui, line(world.shirt), touches={"serving": "G201"})
    accruals.book(order)
    with world.inside(world.qinglan):
        standing = {b.account.code: b.amount for b in balances.of_book(world.qinglan) if b.amount}
    assert standing == {"held:cash": -19900, "own:share": 3980, "own:residual": 14925, "pending": 995}
    books_hold(world)


def test_a_line_given_away_moves_nothing_and_stands(plans_published):
    world = plans_published
    order = sold(world.jingan, line(world.shirt, paid=0), touches=SERVED)
    accruals.book(order)
    assert {amount for _line, _role, amount in shares(world, order)} == {0}
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id], at=NOON)
        assert not Split.party.open().exists() and not Transfer.objects.exists()


def test_a_next_day_line_waits_for_its_day(world):
    renewed(world.qinglan_at_jingan, settlement="T1")
    order = sold(world.jingan, line(world.shirt))
    accruals.book(order)
    with world.inside(world.hehe):
        assert settlement.settle_t0(orders=[order.id]) == []
        assert Split.party.open().count() == 1
