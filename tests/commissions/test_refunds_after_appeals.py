"""Refunds after an upheld appeal run over what each row held then, and sum to the line exactly."""

import pytest

from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.errors import DomainError
from tests.commissions.appealing import all_holds, appeal, purse, refund, rows, sell, uphold
from tests.people import NOON


@pytest.fixture
def world(plans_published):
    return plans_published


class TestRefunds:
    def test_after_the_decision_run_over_what_each_held_then(self, world, zhou):
        sold_line = sell(world)
        refund(world, 9950)
        before = rows(world)
        uphold(appeal(sold_line, zhou))
        assert [row[2] for row in rows(world)[:3]] == [row[2] for row in before]
        refund(world, 4975, no="R-2")
        assert [row[4] for row in rows(world)] == [995, 0, 3731, 249]
        all_holds(world)
        refund(world, 4975, no="R-3")
        assert [row[4] for row in rows(world)] == [0, 0, 0, 0]
        assert purse(world, zhou) == purse(world, world.lin) == {}
        all_holds(world)

    def test_many_small_ones_come_out_as_one_large_one(self, world, zhou):
        for no in ("T-1", "T-2"):
            uphold(appeal(sell(world, no=no), zhou), amount=333)
        for n in range(30):
            refund(world, 7, no=f"R-{n}")
        refund(world, 210, no="R-whole", order_no="T-2")
        found = rows(world)
        assert found[:4] == found[4:]
        all_holds(world)

    def test_two_decisions_on_one_line_and_all_of_it_back(self, world, zhou):
        sold_line = sell(world)
        uphold(appeal(sold_line, zhou), amount=500)
        refund(world, 3333)
        uphold(appeal(sold_line, world.lin, "amount"), amount=100)
        refund(world, 19900 - 3333, no="R-2")
        assert {row[4] for row in rows(world)} == {0}
        assert purse(world, zhou) == purse(world, world.lin) == {}
        all_holds(world)

    def test_an_empty_purse_owes(self, world, zhou):
        uphold(appeal(sell(world), zhou))
        paid_out = Entry(world.qinglan.pk, "payout_paid", named("due", zhou.party), held("bank"), 995)
        post([Story("test", "y1", NOON.date(), NOON, "CNY", (paid_out,))])
        refund(world, 19900)
        assert purse(world, zhou) == {"owed": -995}
        all_holds(world)

    def test_of_all_of_it_leave_nothing_to_move(self, world, zhou):
        row = appeal(sell(world), zhou)
        refund(world, 19900)
        with pytest.raises(DomainError) as refusal:
            uphold(row)
        assert refusal.value.code == "appeal.more_than_held"
