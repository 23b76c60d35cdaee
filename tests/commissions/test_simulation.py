"""A draft is tried on sales that are split: what it would have made of them, and not a row is touched."""

from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions import accruals, appeals, clawback, plans
from commissions.simulation import simulate
from commissions.splitting import Term
from orders.facts import RefundLineFacts
from orders.models import OrderLine
from tests.people import LONG_AGO, NOON, ONBOARDING, make_guide
from tests.plans import CENTRAL, DIRECT, publish_plans
from tests.selling import line, money_back, sold

REST = Term(99, "residual", None)
NOVEMBER = {"first": date(2026, 11, 1), "last": date(2026, 11, 30)}
SHIRT = 19900


@pytest.fixture
def traded(world):
    """Three shirts on three days before NOON, served by Lin; of the last one 50.00 came back."""
    publish_plans(world)
    for days in (3, 2, 1):
        order = sold(
            world.jingan,
            line(world.shirt),
            no=f"T-{days}",
            touches={"serving": "G101"},
            paid_at=NOON - timedelta(days=days),
        )
        accruals.book(order)
    refund, _new = money_back(world.hehe, RefundLineFacts(number=1, amount=5000), order_no="T-1")
    clawback.claw(refund)
    return world


def drafted(world, rules, **changed):
    given = {"brand": world.qinglan_brand, "mode": "central", "effective_from": NOON, "by": ONBOARDING}
    return plans.draft(rules=rules, **(given | changed))


def told(version, **period):
    found = simulate(version, **(NOVEMBER | period))
    assert found.before == found.after
    return found, {change.name: (change.before, change.after) for change in found.changes}


def rows() -> dict[str, str]:
    """Every table's rows, as one fingerprint each."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t")
            found[table] = cursor.fetchone()
    return found


def test_a_simulation_writes_nothing_and_what_was_split_stands(traded):
    version = drafted(traded, [Term(1, "guide", tiers=((0, 30_000), (20_000, 80_000))), REST])
    before = rows()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found, _by_name = told(version)
    assert found.lines == 3 and rows() == before
    assert not [q["sql"] for q in asked if not q["sql"].lstrip().upper().startswith(("SELECT", "WITH"))]


def test_the_rules_that_held_change_nothing(traded):
    found, by_name = told(drafted(traded, CENTRAL))
    assert found.lines == 3 and all(change.difference == 0 for change in found.changes)
    assert by_name[traded.lin.name] == (995 * 2 + 745, 995 * 2 + 745)


def test_of_a_mixed_receipt_only_the_brands_lines_are_simulated(traded):
    both = sold(traded.jingan, line(traded.shirt), line(traded.tea), no="T-9", touches={"serving": "G101"})
    accruals.book(both)
    found, by_name = told(drafted(traded, CENTRAL))
    assert found.lines == 4
    assert all(before == after for before, after in by_name.values())


def test_a_dearer_guide_is_paid_by_the_rest_refunds_netted(traded):
    _found, by_name = told(drafted(traded, [Term(1, "store", 200_000), Term(2, "guide", 100_000), REST]))
    assert by_name[traded.lin.name] == (2735, 2 * 1990 + 1490)
    total = 2 * SHIRT + SHIRT - 5000
    store = total // 5
    assert by_name["和合集合店"] == (store, store)
    assert by_name["青岚服饰"] == (total - store - 2735, total - store - 5470)


def test_tiers_are_replayed_in_the_order_of_payment(traded):
    """Of 199.00 + 199.00 + 149.00: 3 % up to 300.00, then 10 %: the second shirt passes through both."""
    version = drafted(traded, [Term(1, "guide", tiers=((0, 30_000), (30_000, 100_000))), REST])
    found, by_name = told(version)
    second = (10_100 * 3 + 9_800 * 10) // 100
    assert by_name[traded.lin.name][1] == 597 + second + 1990 - 500  # of the third, a quarter came back
    days = {"first": date(2026, 11, 18), "last": date(2026, 11, 18)}
    found, by_name = told(version, **days)
    assert found.lines == 1 and by_name[traded.lin.name][1] == second, "the month leads in, uncounted"


def test_a_monthly_cap_ends_the_guides_share(traded):
    _found, by_name = told(drafted(traded, [Term(1, "guide", 50_000, period_cap=1_500), REST]))
    assert by_name[traded.lin.name] == (2735, 1500)


def test_only_contracts_the_draft_would_hold_for_are_divided_anew(traded):
    plans.publish(
        brand=traded.qinglan_brand,
        mode="central",
        scope=traded.qinglan_at_jingan,
        rules=CENTRAL,
        effective_from=NOON + timedelta(days=1),
        at=NOON,
        by=ONBOARDING,
    )
    rules = [Term(1, "guide", 100_000), REST]
    assert told(drafted(traded, rules))[0].lines == 3, "the narrower one began later"
    assert told(drafted(traded, rules, scope=traded.qinglan_at_xuhui))[0].lines == 0
    assert told(drafted(traded, rules, scope=traded.hehe))[0].lines == 3
    assert told(drafted(traded, rules), first=date(2026, 10, 1), last=date(2026, 10, 31))[0].lines == 0


def test_a_narrower_version_keeps_its_sales(world):
    plans.publish(
        brand=world.qinglan_brand,
        mode="central",
        scope=world.qinglan_at_jingan,
        rules=CENTRAL,
        effective_from=LONG_AGO,
        at=LONG_AGO,
        by=ONBOARDING,
    )
    accruals.book(sold(world.jingan, line(world.shirt), touches={"serving": "G101"}))
    rules = [Term(1, "guide", 100_000), REST]
    assert told(drafted(world, rules))[0].lines == 0
    assert told(drafted(world, rules, scope=world.qinglan_at_jingan))[0].lines == 1


def test_a_brand_simulates_what_stands_in_its_sellers_books(world):
    """Mubai's sales are Hehe's own book; what came back there is netted as well."""
    publish_plans(world)
    accruals.book(sold(world.jingan, line(world.tea), touches={"serving": "G101"}))
    refund, _new = money_back(world.hehe, RefundLineFacts(number=1, amount=2800))
    clawback.claw(refund)
    version = drafted(world, DIRECT, brand=world.mubai_brand, mode="direct")
    found, by_name = told(version)
    assert found.lines == 1 and by_name["木白茶业"] == (6000, 6000)
    tiers = [Term(1, "brand", 500_000), Term(2, "guide", tiers=((0, 50_000),)), REST]
    _found, by_name = told(drafted(world, tiers, brand=world.mubai_brand, mode="direct"))
    assert by_name["木白茶业"] == (6000, 5000) and by_name[world.lin.name] == (300, 500)


def test_too_many_lines_are_cut_and_said_to_be(traded):
    found = simulate(drafted(traded, CENTRAL), **NOVEMBER, most=2)
    assert found.lines == 2 and found.is_cut
    assert not simulate(drafted(traded, CENTRAL), **NOVEMBER, most=3).is_cut


def test_what_an_appeal_moved_is_on_neither_side(traded):
    """Lin's share of the last sale, of which 50.00 came back, goes to Zhou; a draft knows nothing of that."""
    world = traded
    before = told(drafted(world, CENTRAL))[1]
    with world.inside(world.hehe):
        zhou = make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102")
        sold_line = OrderLine.objects.select_related("order").get(order__external_no="T-1")
    row = appeals.appeal(line=sold_line, guide=zhou, reason="served", by=ONBOARDING, at=NOON)
    appeals.decide(appeal=row, uphold=True, by=ONBOARDING, at=NOON)
    refund, _new = money_back(world.hehe, RefundLineFacts(number=1, amount=4000), order_no="T-1", no="R-2")
    clawback.claw(refund)
    after = told(drafted(world, CENTRAL))[1]
    assert "周远" not in after and set(after) == set(before)
    assert all(was == would for was, would in after.values())
