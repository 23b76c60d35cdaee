"""Appeals beside payouts that are made, batches that are under way, and people who have left."""

from datetime import timedelta

import pytest

from commissions import accruals, appeals, batches
from commissions.models import Appeal, Settlement, Share
from commissions.payouts import answers, paying, receivables
from guides import hiring
from insights import settling
from merchants.errors import Conflict, DomainError, NotFound
from orders.models import OrderLine
from stores.models import Contract
from tests.commissions.appealing import all_holds, appeal, purse, refund, rows, sell, uphold
from tests.commissions.closing import carried, chens
from tests.people import NOON, ONBOARDING, make_guide, renewed
from tests.selling import joined, line, sold

BY = {"by": ONBOARDING, "at": NOON}
DAY = timedelta(days=1)


@pytest.fixture
def world(plans_published):
    return plans_published


def pay(world, guide, book=None, **given):
    return paying.pay(book=book or world.qinglan, payee=guide.party, rail="manual", **BY, **given)


def sent(payout):
    return answers.submit(payout, **BY)


class TestPayouts:
    def test_who_was_paid_owes_it_and_the_next_payout_recovers_it(self, world, zhou):
        sold_line = sell(world)
        answers.succeed(sent(pay(world, world.lin)), **BY)
        row = uphold(appeal(sold_line, zhou))
        assert purse(world, world.lin) == {"owed": -995}
        assert purse(world, zhou) == {"due": 995}
        item = receivables.open_items(world.qinglan, world.lin.party)[0]
        assert (item.source, item.source_id, item.left) == ("appeal", f"{row.ref}/1", 995)
        sell(world, no="T-2")
        payout = pay(world, world.lin)
        assert (payout.gross, payout.recovered, payout.net) == (995, 995, 0)
        assert purse(world, world.lin) == {}
        assert pay(world, zhou).net == 995
        all_holds(world)

    def test_a_payout_under_way_is_not_touched_and_what_comes_back_is_due_beside_what_is_owed(
        self, world, zhou
    ):
        sold_line = sell(world)
        payout = answers.lost(sent(pay(world, world.lin)), **BY)
        uphold(appeal(sold_line, zhou))
        assert purse(world, world.lin) == {"owed": -995}
        answers.fail(payout, **BY)
        assert purse(world, world.lin) == {"due": 995, "owed": -995}
        assert pay(world, world.lin).recovered == 995
        assert purse(world, world.lin) == {}
        all_holds(world)

    def test_who_owes_and_wins_gets_it_as_due_and_their_next_payout_recovers(self, world, zhou):
        sell(world, touches={"serving": "G102"})
        answers.succeed(sent(pay(world, zhou)), **BY)
        refund(world, 19_900)
        assert purse(world, zhou) == {"owed": -995}
        uphold(appeal(sell(world, no="T-2"), zhou))
        assert purse(world, zhou) == {"due": 995, "owed": -995}
        assert pay(world, zhou).recovered == 995
        all_holds(world)

    def test_paid_by_the_employer_it_is_owed_in_the_employers_book_alone(self, world, zhou):
        renewed(world.qinglan_at_jingan, guide_pay=Contract.GuidePay.EMPLOYER)
        sold_line = sell(world)
        answers.succeed(sent(pay(world, world.lin, world.hehe)), **BY)
        uphold(appeal(sold_line, zhou))
        assert purse(world, world.lin, world.hehe) == {"owed": -995}
        assert purse(world, zhou, world.hehe) == {"due": 995}
        all_holds(world)
        refund(world, 19_900)
        assert purse(world, world.lin, world.hehe) == {"owed": -995}
        assert purse(world, zhou, world.hehe) == {}
        all_holds(world)


class TestBatches:
    """Chen served at Xuhui, under Mubai's T+1 contract, and Qin says that she did."""

    @pytest.fixture
    def qin(self, world):
        with world.inside(world.qinglan):
            return make_guide(world.xuhui, code="G202", name="秦悦", phone="+8613900000202")

    def tea(self, world):
        order = sold(world.xuhui, line(world.tea), touches={"serving": "G201"})
        accruals.book(order)
        with world.inside(world.qinglan):
            return OrderLine.objects.select_related("order").get(order=order)

    def balance(self, world, guide):
        return purse(world, guide, world.mubai)

    def test_what_moves_while_a_batch_is_frozen_settles_to_whom_it_moved(self, world, qin):
        carried(world)
        row = appeal(self.tea(world), qin)
        batch = batches.open_batch(world.mubai, NOON.date())
        batches.freeze(batch, **BY)
        uphold(row)
        assert self.balance(world, qin) == {"pending": 640}
        batch = batches.advance(batch, at=NOON)
        assert (batch.state, batch.lines, batch.total) == ("posted", 1, 3_200)
        assert self.balance(world, qin) == {"due": 640} and chens(world) == {}
        with world.inside(world.mubai):
            assert settling.progress_of(batch.merchant, [batch])[0].paid_into == 3_200
        all_holds(world)

    def test_what_the_book_itself_gives_while_a_batch_waits_is_more_than_was_frozen(self, world, qin):
        carried(world)
        sold_line = self.tea(world)
        batch = batches.open_batch(world.mubai, NOON.date())
        batches.freeze(batch, **BY)
        with world.inside(world.mubai):
            rest = Share.objects.get(role="residual")
        uphold(appeal(sold_line, qin), out_of=rest, amount=100)
        batches.advance(batch, at=NOON)
        with world.inside(world.mubai):
            assert settling.progress_of(batch.merchant, [batch])[0].paid_into == 3_300
        assert self.balance(world, qin) == {"due": 100} and chens(world) == {"due": 640}

    @pytest.mark.parametrize("reserve", [0, 250_000])
    def test_after_it_was_posted_the_row_is_payable_at_once_and_the_batch_stays_as_it_was(
        self, world, qin, reserve
    ):
        carried(world, reserve_ppm=reserve)
        sold_line = self.tea(world)
        batch = batches.advance(batches.open_batch(world.mubai, NOON.date()), at=NOON)
        uphold(appeal(sold_line, qin))
        assert self.balance(world, qin) == {"due": 640} and chens(world) == {}
        with world.inside(world.mubai):
            assert settling.progress_of(batch.merchant, [batch])[0].paid_into == 3_200
            assert Settlement.objects.get(batch=None).total == 0
        again = batches.close(world.mubai, now=NOON + 2 * DAY)
        assert again is None
        all_holds(world)


class TestPeople:
    def test_an_appeal_of_who_left_is_answered_and_paid(self, world, zhou):
        row = appeal(sell(world), zhou)
        hiring.leave(guide=zhou, at=NOON, by=ONBOARDING)
        hiring.leave(guide=world.lin, at=NOON, by=ONBOARDING)
        uphold(row)
        assert purse(world, zhou) == {"due": 995} and purse(world, world.lin) == {}
        assert pay(world, zhou).net == 995

    def test_who_lost_the_claim_at_the_split_appeals_the_winners_share(self, world, zhou):
        joined(world.qinglan_brand, world.jingan, guide=world.lin, phone="+8613800000077")
        order = sold(world.jingan, line(world.shirt), touches={"serving": "G102"}, phone="+8613800000077")
        accruals.book(order)
        with world.inside(world.hehe):
            winner = Share.party.get(split__order=order, guide__isnull=False)
            sold_line = OrderLine.objects.select_related("order").get(order=order)
        assert winner.guide == world.lin
        assert [loser["guide"] for loser in winner.why["losers"]] == [zhou.ref]
        row = appeal(sold_line, zhou)
        assert row.share == winner
        uphold(row)
        assert purse(world, zhou) == {"pending": 995}

    def test_nobody_answers_their_own(self, world, zhou):
        row = appeal(sell(world), zhou)
        for outcome in (True, False):
            with pytest.raises(DomainError) as refusal:
                appeals.decide(appeal=row, uphold=outcome, by=ONBOARDING.user(zhou.user.ref), at=NOON)
            assert refusal.value.code == "appeal.own"
        with world.inside(world.qinglan):
            assert Appeal.objects.get().is_open


class TestTwoOnOneLine:
    @pytest.fixture
    def sun(self, world):
        with world.inside(world.hehe):
            return make_guide(world.jingan, code="G103", name="孙敏", phone="+8613900000103")

    def test_the_second_may_take_from_what_the_first_was_given(self, world, zhou, sun):
        sold_line = sell(world)
        first, second = appeal(sold_line, zhou), appeal(sold_line, sun)
        uphold(first)
        with pytest.raises(DomainError) as refusal:
            uphold(second)
        assert refusal.value.code == "appeal.more_than_held"
        with world.inside(world.qinglan):
            added = Share.objects.get(guide=zhou)
        uphold(second, out_of=added, amount=400)
        assert rows(world)[1:] == [
            ("G101", 995, 0, 995, 0),
            ("residual", 14925, 0, 0, 14925),
            ("G102", 995, 0, 400, 595),
            ("G103", 400, 0, 0, 400),
        ]
        refund(world, 9_950)
        all_holds(world)
        refund(world, 9_950, no="R-2")
        assert {row[4] for row in rows(world)} == {0}
        assert purse(world, zhou) == purse(world, sun) == purse(world, world.lin) == {}
        all_holds(world)

    def test_a_share_of_another_line_is_not_to_be_found(self, world, zhou):
        row = appeal(sell(world), zhou)
        sell(world, no="T-2")
        with world.inside(world.qinglan):
            other = Share.objects.filter(guide=world.lin).order_by("-id").first()
        with pytest.raises(NotFound):
            uphold(row, out_of=other)


def test_a_withdrawn_one_is_not_decided_any_more(world, zhou):
    row = appeal(sell(world), zhou)
    appeals.withdraw(appeal=row, guide=zhou, **BY)
    for outcome in (True, False):
        with pytest.raises(Conflict):
            appeals.decide(appeal=row, uphold=outcome, **BY)
    with pytest.raises(Conflict):
        appeals.withdraw(appeal=row, guide=zhou, **BY)
    assert len(rows(world)) == 3


def test_settled_at_once_counts_no_share_twice(world, zhou):
    sold_line = sell(world)
    with world.inside(world.qinglan):
        before = settling.at_once(world.qinglan, since=NOON.date())
    uphold(appeal(sold_line, zhou))
    with world.inside(world.qinglan):
        assert settling.at_once(world.qinglan, since=NOON.date()) == before
