"""What appeals move beside tiers, period caps and shared claims: it leaves the month of who had it, and no other
month counts it."""

from commissions.models import RunningTotal, Share
from commissions.splitting import Term
from orders.models import OrderLine
from tests.commissions.appealing import all_holds, appeal, purse, refund, rows, settle_now, uphold
from tests.commissions.tiered import TIERS, amounts, booked, by_both, published, total, trued_up

GUIDE = Term(1, "guide", tiers=TIERS)


def line_of(world, order):
    with world.inside(world.hehe):
        return OrderLine.objects.select_related("order").get(order=order)


def move(world, order, to, **given):
    return uphold(appeal(line_of(world, order), to), **given)


def trued(world):
    return [(row.total, row.entitled, row.booked) for row in trued_up(world)]


class TestTiers:
    def test_what_is_moved_leaves_the_month_and_counts_in_no_other(self, world, zhou):
        published(world, GUIDE)
        first, second = booked(world, "T-1"), booked(world, "T-2", hours=1)
        move(world, first, zhou)
        assert total(world) == (19_900, 793)
        third = booked(world, "T-3", hours=2)
        assert amounts(world, third) == [793], "again 101.00 at 3 %, 98.00 at 5 %"
        with world.inside(world.qinglan):
            assert not RunningTotal.objects.filter(payee=zhou.party).exists()
        assert amounts(world, second) == [793], "what was split stays"

    def test_the_true_up_replays_what_is_left_and_leaves_the_moved_one_alone(self, world, zhou):
        published(world, GUIDE)
        first, second = booked(world, "T-1"), booked(world, "T-2", hours=1)
        for order in (first, second):
            settle_now(world, order)
        move(world, first, zhou)
        assert trued(world) == [(19_900, 597, 793)]
        assert purse(world, world.lin) == {"due": 597}
        assert purse(world, zhou) == {"due": 597}
        all_holds(world)

    def test_a_part_of_a_share_takes_that_part_of_the_sale_along(self, world, zhou):
        published(world, GUIDE)
        order = booked(world, "T-1")
        move(world, order, zhou, amount=199)  # a third of 597
        assert total(world) == (13_266, 398)  # 199.00 less 333,334 ppm of it
        assert trued(world) == [(13_266, 398, 398)]

    def test_who_gives_away_all_that_a_refund_left_keeps_no_part_of_the_month(self, world, zhou):
        published(world, GUIDE)
        first, second = booked(world, "T-1"), booked(world, "T-2", hours=1)
        refund(world, 9_950)
        move(world, first, zhou)
        assert total(world) == (19_900, 793)
        assert trued(world) == [(19_900, 597, 793)]
        assert amounts(world, second) == [793]

    def test_a_refund_after_it_lowers_only_what_was_kept(self, world, zhou):
        published(world, GUIDE)
        order = booked(world, "T-1")
        move(world, order, zhou, amount=199)
        refund(world, 9_950)
        assert total(world) == (6_633, 199)
        refund(world, 9_950, no="R-2")
        assert total(world) == (0, 0)
        all_holds(world)

    def test_of_two_rules_of_a_role_one_moves_and_the_other_keeps_its_due(self, world, zhou):
        published(world, GUIDE, Term(2, "guide", fixed=300))
        order = booked(world, "T-1")
        assert amounts(world, order) == [597, 300]
        with world.inside(world.hehe):
            tiered, fixed = Share.party.filter(split__order=order, role="guide").order_by("number")
        move(world, order, zhou, out_of=tiered)
        assert total(world) == (19_900, 300)
        assert trued(world) == [(19_900, 0, 0)], "the tiers gave her nothing that is still hers"
        assert fixed.amount == 300

    def test_after_the_true_up_nothing_is_reopened(self, world, zhou):
        published(world, GUIDE)
        order = booked(world, "T-1")
        settle_now(world, order)
        row = appeal(line_of(world, order), zhou)
        assert trued(world) == [(19_900, 597, 597)]
        uphold(row)
        assert total(world) == (19_900, 597)
        assert trued(world) == [(19_900, 597, 597)]
        assert purse(world, world.lin) == {} and purse(world, zhou) == {"due": 597}
        all_holds(world)


class TestPeriodCaps:
    CAPPED = Term(1, "guide", ppm=50_000, period_cap=1_500)

    def test_there_is_room_again_for_later_sales_and_nothing_cut_is_reopened(self, world, zhou):
        published(world, self.CAPPED)
        first, second = booked(world, "T-1"), booked(world, "T-2", hours=1)
        assert amounts(world, second) == [505]
        move(world, first, zhou)
        assert total(world) == (19_900, 505)
        assert amounts(world, booked(world, "T-3", hours=2)) == [995]
        assert amounts(world, second) == [505]

    def test_what_somebody_was_given_takes_no_room_of_theirs(self, world, zhou):
        published(world, self.CAPPED)
        move(world, booked(world, "T-1"), zhou)
        own = booked(world, "T-2", hours=1, touches={"serving": "G102"})
        assert amounts(world, own) == [995]


class TestSharedClaims:
    def test_a_part_may_move_to_who_has_the_other_and_all_of_it_comes_back(self, world, zhou):
        published(world, Term(1, "guide", ppm=50_000))
        order = booked(world, "T-1", touches=by_both(lin=3, zhou=1))
        move(world, order, zhou, amount=200)
        assert [row for row in rows(world) if row[0] in ("G101", "G102")] == [
            ("G101", 746, 0, 200, 546),
            ("G102", 249, 0, 0, 249),
            ("G102", 200, 0, 0, 200),
        ]
        refund(world, 19_900)
        assert {row[4] for row in rows(world)} == {0}
        all_holds(world)

    def test_each_keeps_a_month_of_the_own_part(self, world, zhou):
        published(world, GUIDE)
        order = booked(world, "T-1", touches=by_both())
        before = total(world, zhou.party)
        move(world, order, zhou)
        assert total(world) == (0, 0)
        assert total(world, zhou.party) == before
