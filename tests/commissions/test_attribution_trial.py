"""A policy is tried on sales that are split: what a new split would give, and not a row is touched."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import translation

from commissions import accruals, clawback
from commissions.attribution_rules import DEFAULT
from commissions.attribution_trial import try_out
from commissions.explain import shares_of
from commissions.splitting import Term
from orders.facts import RefundLineFacts
from tests.commissions.attributing import drafted, published, rule
from tests.commissions.test_simulation import NOVEMBER, rows
from tests.commissions.tiered import TIERS, second_guide
from tests.commissions.tiered import published as plan
from tests.people import NOON
from tests.plans import publish_plans
from tests.selling import joined, line, money_back, sold

HALVES = (rule(1, ("bound", 1), ("serving", 1), protected=True), rule(2, "serving"))


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def trade(world) -> list:
    """Fang is Lin's. Zhou sells her a shirt, of which 50.00 come back, and one with tea, which is another's; then a
    stranger one. Nobody serves the last."""
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    zhou = second_guide(world)
    orders = []
    for hours, (phone, touches, *goods) in enumerate(
        [
            ("13800010001", {"serving": zhou.code}, world.shirt),
            ("13800010001", {"serving": zhou.code}, world.shirt, world.tea),
            ("", {"serving": zhou.code}, world.shirt),
            ("", {}, world.shirt),
        ]
    ):
        order = sold(
            world.jingan,
            *[line(sku) for sku in goods],
            no=f"T-{hours}",
            phone=phone,
            touches=touches,
            paid_at=NOON + timedelta(minutes=hours),
        )
        accruals.book(order)
        if not hours:
            refund, _new = money_back(world.hehe, RefundLineFacts(number=1, amount=5000), order_no="T-0")
            clawback.claw(refund)
        orders.append(order)
    return orders


def by_guide(world, orders) -> dict[str, int]:
    """What is held of Qinglan's lines by role guide, as it stands in the books."""
    found: dict[str, int] = {}
    for order in orders:
        for told in shares_of(order, merchant=world.qinglan):
            for share in told.shares:
                if share.role == "guide":
                    found[share.name] = found.get(share.name, 0) + share.held
    return found


def told(tried) -> dict[str, tuple[int, int, int, int]]:
    return {one.name: (one.lines_before, one.lines_after, one.before, one.after) for one in tried.guides}


def test_which_lines_change_guide_and_what_each_guide_has_before_and_after(world):
    publish_plans(world)
    trade(world)
    policy, before = drafted(world.qinglan, *HALVES), rows()
    found = try_out(policy, **NOVEMBER)
    assert rows() == before
    assert (found.lines, len(found.changed)) == (4, 2)
    first = (995 - 250, 373, 372)  # of 149.00: Lin's, then a half each, the odd fen to the greater
    assert told(found) == {
        "林小雨": (2, 2, first[0] + 995, first[1] + 498),
        "周子安": (1, 3, 995, first[2] + 497 + 995),
        "": (1, 1, 0, 0),
    }
    assert found.before == found.after
    one = found.changed[0]
    assert (one.order_no, one.line, [held.name for held in one.before]) == ("T-0", 1, ["林小雨"])
    assert {held.name: held.amount for held in one.after} == {"林小雨": first[1], "周子安": first[2]}
    assert one.before[0].reason == "Own guide of this member, inside the protection period: 5%."
    assert "Rule 1 of attribution policy 1. Shared with colleagues: 50% of it." in one.after[0].reason


def test_what_held_changes_nothing(world):
    publish_plans(world)
    trade(world)
    found = try_out(drafted(world.qinglan, *DEFAULT.rules), **NOVEMBER)
    assert found.lines == 4 and found.changed == []
    assert all(one.difference == 0 and one.lines_before == one.lines_after for one in found.guides)
    assert try_out(drafted(world.qinglan, *HALVES), **NOVEMBER, most=2).is_cut
    assert try_out(drafted(world.mubai, *HALVES), **NOVEMBER).lines == 1


@pytest.mark.parametrize(
    ("term", "rules"),
    [
        (Term(1, "guide", tiers=TIERS), HALVES),
        (Term(1, "guide", tiers=TIERS), (rule(1, "serving"),)),
        (Term(1, "guide", 50_000), (rule(1, "sharing"),)),
    ],
)
def test_the_figures_are_those_of_a_new_split(world, term, rules):
    """Tried first; then all of it is undone, and the same sales are split where the policy has always held."""
    plan(world, term)
    undone = transaction.savepoint()
    orders = trade(world)
    tried = try_out(drafted(world.qinglan, *rules), **NOVEMBER)
    guides = [one for one in tried.guides if one.ref]
    assert {one.name: one.before for one in guides if one.lines_before} == by_guide(world, orders)
    transaction.savepoint_rollback(undone)
    published(world.qinglan, *rules)
    orders = trade(world)
    assert {one.name: one.after for one in guides if one.lines_after} == by_guide(world, orders)
