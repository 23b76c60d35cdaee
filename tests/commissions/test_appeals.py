"""An appeal moves what a share holds to another guide, in a row of its own; what was split is never edited."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from commissions import appeal_terms, appealed, appeals, reserves
from commissions.models import Appeal, Share
from events.models import Event
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.errors import Conflict, DomainError, NotFound
from stores.models import Contract
from tests.commissions.appealing import (
    BY_GU,
    SERVED,
    all_holds,
    appeal,
    line_of,
    purse,
    refund,
    rows,
    sell,
    settle_now,
    uphold,
)
from tests.people import NOON, renewed
from tests.selling import line, sold


@pytest.fixture
def world(plans_published):
    return plans_published


class TestUpheld:
    @pytest.mark.parametrize("settle", [False, True])
    def test_all_of_the_share_moves_to_who_appealed_in_a_row_of_its_own(self, world, zhou, settle):
        row = appeal(sell(world, settle=settle), zhou, note="我接待的")
        row = uphold(row, words="监控可见")
        assert rows(world) == [
            ("store", 3980, 0, 0, 3980),
            ("G101", 995, 0, 995, 0),
            ("residual", 14925, 0, 0, 14925),
            ("G102", 995, 0, 0, 995),
        ]
        account = "due" if settle else "pending"
        assert purse(world, zhou) == {account: 995} and purse(world, world.lin) == {}
        assert (row.state, row.amount, row.words) == ("upheld", 995, "监控可见")
        all_holds(world)

    def test_an_open_line_settles_to_the_new_row(self, world, zhou):
        sold_line = sell(world, settle=False)
        uphold(appeal(sold_line, zhou), amount=400)
        settle_now(world, sold_line.order)
        assert purse(world, zhou) == {"due": 400} and purse(world, world.lin) == {"due": 595}
        all_holds(world)

    def test_a_settled_share_gives_from_its_reserve_then_the_purse_and_then_owes(self, world, zhou):
        renewed(world.qinglan_at_jingan, reserve_ppm=200_000)
        sold_line = sell(world)
        paid_out = Entry(world.qinglan.pk, "payout_paid", named("due", world.lin.party), held("bank"), 700)
        post([Story("test", "y1", NOON.date(), NOON, "CNY", (paid_out,))])
        assert purse(world, world.lin) == {"reserve": 199, "due": 96}
        uphold(appeal(sold_line, zhou))
        assert purse(world, world.lin) == {"owed": -700}
        assert purse(world, zhou) == {"due": 995}
        all_holds(world)
        reserves.release_due(world.qinglan, on=NOON.date() + timedelta(days=30), at=NOON)
        assert purse(world, world.lin) == {"owed": -700}
        all_holds(world)

    def test_guides_whom_the_employer_pays_settle_it_in_the_employers_book(self, world, zhou):
        renewed(world.qinglan_at_jingan, guide_pay=Contract.GuidePay.EMPLOYER)
        sold_line = sell(world)
        uphold(appeal(sold_line, zhou))
        assert purse(world, zhou, world.hehe) == {"due": 995}
        assert purse(world, world.lin, world.hehe) == {} and purse(world, zhou) == {}
        all_holds(world)

    def test_what_nobody_got_comes_from_the_rest_and_its_amount_is_said(self, world, zhou):
        row = appeal(sell(world, touches={}), zhou)
        with pytest.raises(DomainError) as refusal:
            uphold(row)
        assert refusal.value.code == "appeal.amount_needed"
        uphold(row, amount=995)
        assert rows(world)[-2:] == [("residual", 15920, 0, 995, 14925), ("G102", 995, 0, 0, 995)]
        assert purse(world, zhou) == {"due": 995}
        all_holds(world)

    def test_who_got_too_little_appeals_the_amount_of_the_own_share(self, world):
        row = appeal(sell(world), world.lin, "amount")
        uphold(row, amount=5)
        assert purse(world, world.lin) == {"due": 1000}
        all_holds(world)

    def test_headquarters_may_give_it_to_somebody_else(self, world, zhou):
        row = appeal(sell(world, touches={}), zhou)
        uphold(row, amount=100, to=world.lin)
        assert purse(world, world.lin) == {"due": 100}

    def test_no_more_than_is_held_and_not_to_whom_it_is_taken_from(self, world, zhou):
        row = appeal(sell(world), zhou)
        for given, code in (
            ({"amount": 996}, "appeal.more_than_held"),
            ({"amount": 0}, "appeal.more_than_held"),
            ({"to": world.lin}, "appeal.same_guide"),
            ({"to": world.chen}, "appeal.foreign_guide"),
        ):
            with pytest.raises(DomainError) as refusal:
                uphold(row, **given)
            assert refusal.value.code == code
        assert len(rows(world)) == 3

    def test_another_merchants_share_is_nobody_elses_to_give(self, world, zhou):
        """The brand's of a direct line, the channel's of a central one: agreed by contract, and not told of this."""
        for sold_line, foreign in (
            (sell(world, sku=world.tea), world.mubai),
            (sell(world, no="T-2"), world.hehe),
        ):
            row = appeal(sold_line, zhou)
            with world.inside(row.merchant):
                shares = Share.objects.select_related("split", "payee_merchant").filter(split=row.split)
                offered = {share.payee_merchant for share in appealed.sources(row) if not share.guide}
                theirs = next(share for share in shares if share.payee_merchant == foreign)
            assert offered == {row.merchant}
            with pytest.raises(DomainError) as refusal:
                uphold(row, amount=1, out_of=theirs)
            assert (refusal.value.code, refusal.value.field) == ("appeal.foreign_share", "out_of")
        all_holds(world)

    def test_what_was_given_back_wholly_leaves_nothing_to_appeal(self, world, zhou):
        sold_line = sell(world)
        refund(world, sold_line.paid)
        with pytest.raises(DomainError) as refusal:
            appeal(line_of(world, sold_line.order), zhou)
        assert refusal.value.code == "appeal.given_back"

    def test_a_direct_line_moves_in_the_stores_own_book(self, world, zhou):
        row = appeal(sell(world, sku=world.tea), zhou)
        assert row.merchant == world.hehe
        uphold(row)
        assert purse(world, zhou, world.hehe) == {"due": 384}
        all_holds(world)


class TestWhoAndWhen:
    def test_a_stranger_finds_no_line(self, world):
        with pytest.raises(NotFound):
            appeal(sell(world), world.chen)

    def test_until_the_deadline_of_the_stores_days(self, world, zhou):
        sold_line = sell(world)
        with pytest.raises(DomainError) as refusal:
            appeal(sold_line, zhou, at=NOON + timedelta(days=8))
        assert refusal.value.code == "appeal.too_late"
        appeal(sold_line, zhou, at=NOON + timedelta(days=7))

    def test_the_policy_of_the_day_of_the_sale_counts(self, world, zhou):
        policy = {"book": world.qinglan, "answer_days": 3, "by": BY_GU, "at": NOON}
        appeal_terms.set_policy(starts_on=NOON.date(), days=1, **policy)
        appeal_terms.set_policy(starts_on=NOON.date() + timedelta(days=1), days=30, **policy)
        sold_line = sell(world)
        with pytest.raises(DomainError):
            appeal(sold_line, zhou, at=NOON + timedelta(days=2))
        row = appeal(sold_line, zhou, at=NOON + timedelta(days=1))
        assert row.answer_by == NOON.date() + timedelta(days=4)
        with pytest.raises(DomainError) as refusal:
            appeal_terms.set_policy(starts_on=NOON.date() - timedelta(days=1), days=9, **policy)
        assert refusal.value.code == "appeal_policy.too_late"

    def test_before_it_is_split_there_is_nothing_to_appeal(self, world, zhou):
        order = sold(world.jingan, line(world.shirt), touches=SERVED)
        with pytest.raises(DomainError) as refusal:
            appeal(line_of(world, order), zhou)
        assert refusal.value.code == "appeal.not_split"

    def test_one_open_a_line_and_guide(self, world, zhou):
        sold_line = sell(world)
        row = appeal(sold_line, zhou)
        with pytest.raises(Conflict) as refusal:
            appeal(sold_line, zhou, "bound")
        assert refusal.value.code == "appeal.under_way"
        with pytest.raises(NotFound):
            appeals.withdraw(appeal=row, guide=world.lin, by=BY_GU)
        appeals.withdraw(appeal=row, guide=zhou, by=BY_GU, at=NOON)
        appeal(sold_line, zhou, "bound")

    @pytest.mark.parametrize("uphold_first", [True, False])
    def test_it_is_decided_once(self, world, zhou, uphold_first):
        row = appeal(sell(world), zhou)
        appeals.decide(appeal=row, uphold=uphold_first, words="看过了", by=BY_GU, at=NOON)
        for again in (True, False):
            with pytest.raises(Conflict) as refusal:
                appeals.decide(appeal=row, uphold=again, by=BY_GU, at=NOON)
            assert refusal.value.code == "appeal.decided"
        assert len(rows(world)) == (4 if uphold_first else 3)

    def test_it_expires_when_nobody_answered_in_time(self, world, zhou):
        row = appeal(sell(world), zhou)
        assert appeals.expire(world.qinglan, on=row.answer_by) == 0
        assert appeals.expire(world.qinglan, on=row.answer_by + timedelta(days=1)) == 1
        with world.inside(world.qinglan):
            assert Appeal.objects.get().state == "expired"


class TestTold:
    def test_both_merchants_and_all_guides_concerned_and_no_word_of_what_people_wrote(self, world, zhou):
        uphold(appeal(sell(world), zhou, note="我接待的"), words="监控可见")
        told = Event.objects.filter(kind="appeal.answered")
        assert {event.merchant_id for event in told} == {world.qinglan.pk, world.hehe.pk}
        for event in told:
            assert {zhou.user.ref, world.lin.user.ref} <= set(event.concerns)
            assert event.payload["amount"] == 995 and event.payload["state"] == "upheld"
        for event in Event.objects.filter(kind__startswith="appeal."):
            assert "监控可见" not in str(event.payload) and "我接待的" not in str(event.payload)

    def test_the_new_row_says_why(self, world, zhou):
        uphold(appeal(sell(world), zhou))
        with world.inside(world.hehe):
            why = Share.party.get(guide=zhou).why
        assert why["because"] == "appeal" and why["from"]["payee"] == world.lin.ref


def as_somebody(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commissions_share SET moved_out = 1 WHERE number = 1",
        "UPDATE commissions_share SET moved_out = amount + 1 WHERE number = 1",
        "UPDATE commissions_share SET clawed_before = 1 WHERE number = 1",
        "UPDATE commissions_share SET moved_ppm = 1000001 WHERE number = 1",
        "UPDATE commissions_share SET moved_ppm = 0",
        "UPDATE commissions_share SET clawed = clawed + 1 WHERE number = 0",
        "UPDATE commissions_share SET moved_out = 0",
        "UPDATE commissions_appeal SET state = 'open'",
        "UPDATE commissions_appeal SET state = 'rejected'",
        "UPDATE commissions_appeal SET amount = 1",
        "UPDATE commissions_appeal SET words = 'x'",
        "UPDATE commissions_appeal SET note = 'x'",
        "DELETE FROM commissions_appeal",
    ],
)
def test_the_database_holds_what_moved_and_what_was_decided(world, zhou, statement):
    uphold(appeal(sell(world), zhou), amount=500)
    with pytest.raises(IntegrityError):
        as_somebody(statement)
