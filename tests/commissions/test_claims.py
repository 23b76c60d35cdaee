"""What rules claim, line by line: fixed fees, conditions, caps, and guides who share."""

import pytest
from django.db import transaction
from django.utils import translation

from commissions import accruals, clawback, running
from commissions.explain import shares_of
from commissions.models import RunningTotal, Share, Split
from commissions.preview import PreviewLine, estimate
from commissions.splitting import Term
from events.models import Event
from guides import hiring
from guides.models import Assignment
from merchants.errors import DomainError
from merchants.models import Appointment
from merchants.onboarding import appoint
from merchants.roles import Role
from orders.facts import RefundLineFacts
from tests.commissions.tiered import (
    SERVED,
    TIERS,
    amounts,
    booked,
    by_both,
    published,
    second_guide,
    total,
)
from tests.people import LATER, LONG_AGO, NOON, ONBOARDING, make_user
from tests.selling import line, money_back, sold


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def reasons(order, world, role="guide"):
    rows = [share for line in shares_of(order, merchant=world.hehe) for share in line.shares]
    return [share.reason for share in rows if share.role == role]


def why(world, order, role="guide"):
    with world.inside(world.hehe):
        return Share.party.filter(split__order=order, role=role).order_by("number").first().why


@pytest.mark.parametrize(("per_unit", "expected"), [(False, 300), (True, 900)])
def test_a_fixed_fee_is_for_the_line_or_for_each_piece(world, per_unit, expected):
    published(world, Term(1, "guide", fixed=300, per_unit=per_unit))
    order = sold(world.jingan, line(world.shirt, 3), touches=SERVED)
    accruals.book(order)
    assert amounts(world, order) == [expected]
    fee = "¥3.00 a piece" if per_unit else "¥3.00"
    assert reasons(order, world) == [f"Served this sale: {fee}."]


def test_a_fixed_fee_larger_than_the_line_is_cut_to_what_is_left(world):
    published(world, Term(1, "store", 200_000), Term(2, "guide", fixed=2_000))
    order = booked(world, "T-1", paid=1_000)
    assert amounts(world, order) == [800]
    assert amounts(world, order, "residual") == [0]
    assert reasons(order, world) == ["Served this sale: ¥20.00. Cut to what was left of the sale."]


def test_a_rule_claims_where_all_its_conditions_hold_beside_the_others(world):
    with world.inside(world.qinglan):
        world.shirt.product.category = "linen"
        world.shirt.product.save()
    published(
        world,
        Term(1, "guide", 10_000),
        Term(2, "guide", 20_000, category="linen"),
        Term(3, "guide", 30_000, category="linen", channel="live"),
        Term(4, "guide", 40_000, sku=world.coat.pk),
    )
    both = sold(world.jingan, line(world.shirt), line(world.coat), touches=SERVED)
    accruals.book(both)
    assert amounts(world, both) == [199, 398, 899, 3596]
    live = sold(world.jingan, line(world.shirt), no="T-2", channel="live", touches=SERVED)
    accruals.book(live)
    assert amounts(world, live) == [199, 398, 597]


def test_the_level_that_counts_is_the_guides_when_it_was_paid(world):
    published(world, Term(1, "guide", 30_000, level=1), Term(2, "guide", 50_000, level=2))
    with world.inside(world.hehe):
        hiring.move(guide=world.lin, store=world.jingan, at=LATER, level=2, by=ONBOARDING)
    assert amounts(world, booked(world, "T-1")) == [597]
    assert amounts(world, booked(world, "T-2", hours=2)) == [995]
    with world.inside(world.hehe):
        assert Assignment.objects.filter(guide=world.lin).count() == 2


def test_a_line_cap_holds_for_all_who_share_together(world):
    published(world, Term(1, "guide", 100_000, line_cap=1_001))
    zhou, order = second_guide(world), booked(world, "T-1", touches=by_both())
    assert amounts(world, order) == [501, 500]
    assert (
        reasons(order, world)
        == ["Served this sale: 10%. Shared with colleagues: 50% of it. Cut to ¥10.01, the most for one line."]
        * 2
    )
    told = why(world, order)
    assert (told["shared_with"], told["part"], told["cut_by"]) == ([zhou.ref], 500_000, ["line_cap"])


def test_a_cap_of_the_month_is_net_of_what_was_taken_back_and_never_opened_again(world):
    published(world, Term(1, "guide", 100_000, period_cap=3_000))
    first, second = booked(world, "T-1"), booked(world, "T-2", hours=1)
    assert (amounts(world, first), amounts(world, second)) == ([1990], [1010])
    assert reasons(second, world) == ["Served this sale: 10%. Cut to what was left of ¥30.00 a month."]
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=19_900))
    clawback.claw(refund)
    assert amounts(world, second) == [1010]
    assert amounts(world, booked(world, "T-3", hours=2)) == [1990]
    assert amounts(world, booked(world, "T-4", hours=3)) == [0]


def test_guides_who_share_a_sale_each_pass_their_own_tiers(world):
    published(world, Term(1, "guide", tiers=TIERS))
    booked(world, "T-1")  # Lin alone: 199.00
    zhou, order = second_guide(world), booked(world, "T-2", hours=1, touches=by_both())
    assert amounts(world, order) == [299, 298]  # 99.50 at 3 % each, a tie: the first of them
    assert total(world)[0] == 19_900 + 9_950
    assert total(world, zhou.party)[0] == 9_950


def test_guides_share_by_the_weights_that_the_till_tells(world):
    published(world, Term(1, "guide", 50_000))
    zhou = second_guide(world)
    order = booked(world, "T-1", touches=by_both(40, 60))
    assert amounts(world, order) == [398, 597]
    with world.inside(world.hehe):
        parts = {row.guide: row.part_ppm for row in Share.party.filter(role="guide").select_related("guide")}
    assert parts == {world.lin: 400_000, zhou: 600_000}
    paid = Event.objects.get(kind="order.paid", merchant_id=world.hehe.pk)
    assert paid.payload["guides"] == {"serving": zhou.ref}  # who has most of it
    assert {world.lin.ref, zhou.ref} <= set(paid.concerns)
    with pytest.raises(DomainError, match=r"touch\.weightless"):
        booked(world, "T-2", touches=by_both(0, 1))


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("sharing", "Shared what was bought: 5%."),
        ("recruiting", "Brought this member: 5%."),
        ("accepting", "Took this order on: 5%."),
    ],
)
def test_every_touch_may_earn(world, role, sentence):
    published(world, Term(1, role, 50_000))
    order = booked(world, "T-1", touches={role: "G101"})
    assert amounts(world, order, role) == [995]
    assert reasons(order, world, role) == [sentence]
    assert amounts(world, booked(world, "T-2", touches=SERVED), role) == []


def test_the_manager_of_that_day_earns_the_longest_first(world):
    published(world, Term(1, "manager", 10_000), Term(2, "guide", 50_000))
    zhou, clerk = second_guide(world), make_user("无导购身份", email="clerk@hehe.example")
    with world.inside(world.hehe):
        for user, since in ((clerk, LONG_AGO), (zhou.user, LONG_AGO), (world.lin.user, NOON)):
            appoint(
                user=user,
                merchant=world.hehe,
                role=Role.STORE_MANAGER,
                org_unit=world.jingan.org_unit,
                by=ONBOARDING,
                starts_at=since,
            )
    order = booked(world, "T-1", hours=2)
    assert amounts(world, order, "manager") == [199]
    told = why(world, order, "manager")
    assert told["losers"] == [{"touch": "manager", "guide": world.lin.ref, "because": "appointed_later"}]
    with world.inside(world.hehe):
        Appointment.objects.filter(user=zhou.user, role=Role.STORE_MANAGER).update(ends_at=NOON)
        assert Share.party.get(split__order=order, role="manager").guide == zhou
    later = booked(world, "T-2", hours=3)
    with world.inside(world.hehe):
        assert Share.party.get(split__order=later, role="manager").guide == world.lin


def test_a_store_nobody_manages_leaves_the_managers_part_to_the_rest(world):
    published(world, Term(1, "manager", 10_000))
    assert amounts(world, booked(world, "T-1"), "residual") == [19_900]


def test_an_estimate_knows_tiers_caps_and_the_lines_before_it(world):
    published(world, Term(1, "guide", tiers=TIERS, line_cap=700))
    booked(world, "T-1")
    lines = [PreviewLine(world.qinglan_brand, 19_900, world.shirt)] * 2
    expected = estimate(lines, store=world.jingan, guide=world.lin, member=None, at=NOON)
    order = sold(
        world.jingan, line(world.shirt), line(world.shirt), touches=SERVED, no="T-2", channel="workbench"
    )
    accruals.book(order)
    assert [part.amount for part in expected.lines] == amounts(world, order) == [700, 700]
    assert expected.lines[0].reasons == [
        "Served this sale: ¥101.00 at 3%, ¥98.00 at 5%. Cut to ¥7.00, the most for one line."
        " Worked out once more when the month is over."
    ]


def test_what_a_share_depends_on_is_in_the_hash(world):
    published(world, Term(1, "guide", tiers=TIERS))
    orders = [booked(world, f"T-{n}") for n in range(2)]
    with world.inside(world.hehe):
        hashes = {bytes(split.input_hash) for split in Split.party.filter(order__in=orders)}
    assert len(hashes) == 2


def test_a_months_total_holds_more_than_eight_bytes_of_millionths(world):
    """A hundred sales of the largest sum there is would fill them, and nobody of the plan be booked again."""
    published(world, Term(1, "guide", tiers=TIERS))
    booked(world, "T-1")
    with world.inside(world.qinglan):
        row = RunningTotal.objects.get(payee=world.lin.party)
    huge = 10**25
    with transaction.atomic():
        running.lower(running.opened([row.pk]), {row.pk: (-huge, 0)})
    second = booked(world, "T-2")
    assert total(world)[0] == huge // 1_000_000 + 2 * 19900
    assert amounts(world, second) == [995], "all of it in the last tier"
