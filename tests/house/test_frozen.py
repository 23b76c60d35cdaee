"""What was sold, given back, used up or agreed stands: the application's role cannot rewrite it, nor its owner.

Each row is tried column by column, so a column added later is frozen unless it is named here.
"""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from psycopg2 import sql

from commissions import batches
from commissions.models import BatchDue
from commissions.reconciliation import working
from coupons.models import Coupon, Redemption
from events import reading
from ledger import periods, proving
from ledger.accounts import held
from ledger.transfers import Entry, Story, post
from orders.facts import RefundLineFacts, TenderFacts
from orders.models import OrderLine, ParkedRefund
from stores import contracts
from stores.models import Contract
from tests.house import rows
from tests.people import NOON, make_contract
from tests.selling import TILL, campaign_of, coupon_for, joined, line, money_back, sold

MAY_CHANGE = {
    "commissions_batchdue": set(),
    "commissions_billline": set(),
    "commissions_break": {"state"},
    "commissions_breakstep": set(),
    "commissions_payoutpart": set(),
    "commissions_railbill": set(),
    "commissions_settlementbatch": {
        "state",
        "cursor",
        "approved_at",
        "approved_by",
        "locked_total",
        "posted_at",
        "due_total",
    },
    "coupons_allocation": set(),
    "coupons_campaign": {"state"},
    "coupons_coupon": {"state", "code_sealed"},
    "coupons_redemption": {"rolled_back_at"},
    "events_reader": {"seq"},
    "ledger_block": set(),
    "ledger_closedperiod": set(),
    "ledger_proofrun": set(),
    "ledger_snapshot": {"debits", "credits", "cursor"},
    "members_programme": {"name", "outstanding"},
    "members_topup": set(),
    "merchants_merchant": {"name", "time_zone", "cut_off"},
    "merchants_party": set(),
    "orders_order": {"refunded_total"},
    "orders_orderline": {"refunded", "refunded_quantity"},
    "orders_parkedrefund": {"applied_at", "refused_code", "put_away_at"},
    "orders_refund": set(),
    "orders_refundline": set(),
    "orders_tender": set(),
    "orders_touch": set(),
    "stores_contract": {"ends_at"},
}
COUNTERS = {"coupons_quota"}  # how many are left: no evidence of anything
ANOTHER_VALUE = {
    "bigint": "coalesce({0}, 0) + 1",
    "integer": "{0} + 1",
    "numeric": "{0} + 1",
    "smallint": "{0} + 1",
    "boolean": "NOT {0}",
    "bytea": "'other'",
    "character varying": "CASE {0} WHEN '' THEN 'x' ELSE '' END",
    "date": "{0} + 1",
    "jsonb": """'{{"other": 1}}'""",
    "time without time zone": "{0} + interval '1 hour'",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 second'",
}


@pytest.fixture
def evidence(world):
    """Fang bought with a coupon, served by Lin, and gave something back; one refund came before its sale. The bank
    moved something that Hehe has explained; Hehe pays Lin, and its day is frozen."""
    rows.topped_up(world)
    fang = joined(world.qinglan_brand, world.jingan)
    _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), fang.member)
    money_back(world.hehe, RefundLineFacts(number=1, amount=100, quantity=0), no="R-0")
    cash = (TenderFacts(place="cash", amount=86900),)
    goods = {"coupons": (code,), "tenders": cash, "touches": {"serving": "G101"}}
    sold(world.jingan, line(world.coat, 1), phone="13800010001", **goods)
    money_back(world.hehe, RefundLineFacts(number=1, amount=5000, quantity=1))
    reading.catch_up(reading.Lane("somebody"), kinds=["order.paid"], handle=lambda merchant, events: None)
    execute("UPDATE events_reader SET seq = 7")
    with world.inside(world.hehe):
        working.explain(rows.found_break(world), note="rent", by=TILL)
        rows.payout(world)
        batch = rows.batch(world)
        batches.freeze(batch, by=TILL, at=NOON)
        due = {"payee": world.lin.party, "amount": 1, "up_to": 1}
        BatchDue.objects.create(merchant=world.hehe, batch=batch, **due)
    arrival = Entry(world.hehe.pk, "arrival", held("bank"), held("cash"), 5)
    post([Story("test", "arrival", NOON.date(), NOON, "CNY", (arrival,))])
    periods.close(world.hehe, through=NOON.date())
    proving.prove(world.hehe)
    return world


def execute(statement: str) -> int:
    """Past every scope and manager, as somebody who reached the application's connection would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def refused(statement: str, *words: str) -> bool:
    """Whether the statement is refused with these words, or for want of the right to say it; nothing else is."""
    try:
        assert execute(statement), "no row to try it on"
    except DatabaseError as error:
        reason = error.__cause__
        assert reason.pgcode == "42501" or reason.pgcode == "23514" and all(w in str(error) for w in words)
        return True
    return False


def columns(table: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " ORDER BY ordinal_position",
            [table],
        )
        return cursor.fetchall()


@pytest.mark.parametrize("table", MAY_CHANGE)
def test_no_row_is_deleted_and_no_column_changes_but_those_named(evidence, table):
    assert refused(f"DELETE FROM {table}", table)
    changes = {name: f'"{name}" = {ANOTHER_VALUE[kind].format(name)}' for name, kind in columns(table)}
    let_through = {
        name
        for name, change in changes.items()
        if name not in MAY_CHANGE[table] and not refused(f"UPDATE {table} SET {change}", f"{table}.{name}")
    }
    assert not let_through


def test_every_table_of_sales_and_coupons_is_frozen():
    rooms = ("orders", "coupons")
    tables = {model._meta.db_table for room in rooms for model in apps.get_app_config(room).get_models()}
    assert tables - COUNTERS <= set(MAY_CHANGE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders_orderline SET refunded = refunded - 1",
        "UPDATE orders_orderline SET refunded_quantity = 0",
        "UPDATE orders_order SET refunded_total = 0",
        "UPDATE events_reader SET seq = 0",
        "UPDATE ledger_snapshot SET debits = debits - 1",
        "UPDATE ledger_snapshot SET cursor = 0",
        "UPDATE coupons_coupon SET state = 'issued'",
        "UPDATE coupons_coupon SET state = 'expired'",
        "UPDATE commissions_break SET state = 'found'",
        "UPDATE orders_parkedrefund SET applied_at = NULL",
        "UPDATE orders_parkedrefund SET refused_code = 'refund.not_kept'",
    ],
)
def test_what_may_change_does_not_go_back(evidence, statement):
    assert refused(statement, statement.split()[1], statement.split()[3])


def test_its_owner_cannot_either(transactional_db, evidence, owner):
    for table in MAY_CHANGE:
        for change in ("DELETE FROM {}", "UPDATE {} SET {} = NULL"):
            parts = [sql.Identifier(table), sql.Identifier(columns(table)[0][0])][: change.count("{}")]
            with pytest.raises(Exception, match=f"{table}.* is (frozen|append-only)"):
                owner.cursor().execute(sql.SQL(change).format(*parts))


class TestACoupon:
    def test_withdrawn_stays_withdrawn(self, world):
        fang = joined(world.qinglan_brand, world.jingan)
        coupon_for(campaign_of(world.qinglan, world.qinglan_brand), fang.member)
        execute("UPDATE coupons_coupon SET state = 'voided'")
        for state in Coupon.State.values:
            if state != Coupon.State.VOIDED:
                change = f"UPDATE coupons_coupon SET state = '{state}'"
                assert refused(change, f'"voided" does not become "{state}"')

    def test_is_given_back_once(self, evidence):
        with evidence.inside(evidence.qinglan):
            assert Redemption.objects.update(rolled_back_at=NOON) == 1
        for when in ("now()", "NULL"):
            assert refused(f"UPDATE coupons_redemption SET rolled_back_at = {when}", "rolled_back_at")


class TestAContract:
    def test_once_accepted_may_only_end_and_only_earlier(self, world):
        contracts.terminate(contract=world.mubai_at_jingan, at=NOON + timedelta(days=2), by=TILL)
        contracts.terminate(contract=world.mubai_at_jingan, at=NOON, by=TILL)
        only = f"WHERE id = {world.mubai_at_jingan.id}"
        for end in ("ends_at + interval '1 second'", "NULL"):
            assert refused(f"UPDATE stores_contract SET ends_at = {end} {only}", "ends_at", "earlier")

    def test_changes_as_a_draft_until_it_is_accepted(self, world):
        draft = make_contract(world.mubai_brand, world.xuhui, mode="central", accepted_at=None)
        dropped = make_contract(world.qinglan_brand, world.xuhui, mode="central", accepted_at=None)
        with world.inside(world.mubai):
            drafts = Contract.objects.filter(pk=draft.pk)
            drafts.update(mode="direct", store_bears_ppm=1, starts_at=NOON)
            drafts.update(accepted_at=NOON)
        with world.inside(world.qinglan):
            dropped.delete()
        assert refused(f"UPDATE stores_contract SET accepted_at = NULL WHERE id = {draft.id}", "accepted_at")


def test_a_refund_that_waits_is_applied_or_refused_once(world):
    money_back(world.hehe, RefundLineFacts(number=9, amount=100, quantity=0))
    sold(world.jingan, line(world.tote))
    with world.inside(world.hehe):
        assert ParkedRefund.objects.get().refused_code == "refund.not_on_order"
        assert OrderLine.objects.get().refunded == 0
    assert refused("UPDATE orders_parkedrefund SET applied_at = now(), refused_code = ''", "written once")
    assert execute("UPDATE orders_parkedrefund SET put_away_at = now()") == 1
    for when in ("NULL", "now() + interval '1 second'"):
        assert refused(f"UPDATE orders_parkedrefund SET put_away_at = {when}", "put_away_at", "earlier")
