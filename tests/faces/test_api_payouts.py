"""A merchant's system reads what its merchant pays; nobody else's does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions import batches
from commissions.payouts import answers, paying
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from tests.commissions.closing import booked, carried
from tests.commissions.earning import EARNED, TO_QINGLAN, earn, pay_lin, sent
from tests.faces.merchant_system import MerchantSystem, code
from tests.people import NOON, ONBOARDING, make_guide
from tests.plans import publish_plans


@pytest.fixture
def world(world):
    publish_plans(world)
    earn(world)
    return world


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


def grow(world, numbers):
    for number in numbers:
        guide = make_guide(world.xuhui, code=f"G3{number:02}", name="某人", phone=f"+86137{number:08}")
        entry = Entry(world.qinglan.pk, "share", held("psp"), named("due", guide.party), 100)
        post([Story("test", guide.ref, NOON.date(), NOON, "CNY", (entry,))])
        paying.pay(book=world.qinglan, payee=guide.party, rail="manual", by=ONBOARDING)


def test_a_payout_is_read_with_what_became_of_it(world, qinglan):
    payout = answers.succeed(sent(pay_lin(world)), by=ONBOARDING, at=NOON)
    (row,) = qinglan.get("/payouts").json()["data"]
    assert row == qinglan.get(f"/payouts/{payout.ref}").json()
    kept = ("id", "state", "payee", "payee_kind", "sender", "gross", "recovered", "tax", "net", "tax_month")
    assert {name: row[name] for name in kept} == {
        "id": payout.ref,
        "state": "succeeded",
        "payee": world.lin.ref,
        "payee_kind": "guide",
        "sender": world.qinglan.ref,
        "gross": EARNED,
        "recovered": 0,
        "tax": 0,
        "net": EARNED,
        "tax_month": "2026-11-01",
    }
    assert row["number"] == payout.number and row["paid_at"] and row["given_back_at"] is None


def test_the_payee_reads_what_it_was_sent_and_says_that_it_did_not_arrive(world, qinglan):
    hehe = MerchantSystem(world.hehe)
    payout = sent(
        paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", by=ONBOARDING, at=NOON)
    )
    answers.succeed(payout, by=ONBOARDING, at=NOON)
    [row] = qinglan.get("/received-payouts").json()["data"]
    assert row == qinglan.get(f"/received-payouts/{payout.ref}").json()
    assert (row["payer"], row["net"], row["may_contest"]) == (world.hehe.ref, TO_QINGLAN, True)
    here = f"/received-payouts/{payout.ref}"
    assert hehe.post(f"{here}/objection", {}).status_code == 404
    assert (
        MerchantSystem(world.qinglan, scopes=["payouts:read"]).post(f"{here}/objection", {}).status_code
        == 403
    )
    told = qinglan.post(f"{here}/objection", {"reason": "账上没有"}).json()
    assert (told["state"], told["objection"], told["may_contest"]) == ("contested", "账上没有", False)
    assert hehe.get(f"/payouts/{payout.ref}").json()["state"] == "contested"
    assert qinglan.post(f"{here}/arrival", {}).json()["state"] == "succeeded"
    again = qinglan.post(f"{here}/objection", {})
    assert (again.status_code, code(again)) == (409, "payout.not_contestable")


def test_payouts_are_filtered_by_state(world, qinglan):
    pay_lin(world)
    assert len(qinglan.get("/payouts", state="created").json()["data"]) == 1
    assert qinglan.get("/payouts", state="succeeded").json()["data"] == []
    assert qinglan.get("/payouts", state="lost").status_code == 422


def test_a_key_needs_the_scope_and_a_stranger_finds_nothing(world):
    payout = pay_lin(world)
    reader = MerchantSystem(world.qinglan, scopes=["ledger:read"])
    assert reader.get("/payouts").status_code == 403
    for other in (world.stranger, world.hehe):
        system = MerchantSystem(other)
        assert system.get("/payouts").json()["data"] == []
        assert system.get(f"/payouts/{payout.ref}").status_code == 404


def test_statements_do_not_grow_and_pages_follow_each_other(world, qinglan):
    grow(world, range(1, 3))
    qinglan.get("/payouts")
    with CaptureQueriesContext(connection) as few:
        assert len(qinglan.get("/payouts").json()["data"]) == 2
    grow(world, range(3, 9))
    with CaptureQueriesContext(connection) as many:
        whole = qinglan.get("/payouts").json()["data"]
    assert len(many) == len(few) <= 10
    first = qinglan.get("/payouts", limit=5).json()
    second = qinglan.get("/payouts", limit=5, after=first["next"]).json()
    assert first["data"] + second["data"] == whole and second["next"] is None


def test_a_settlement_run_tells_how_far_it_has_come_payee_by_payee(world):
    carried(world)
    booked(world, "T-9", at=NOON)
    batch = batches.close(world.mubai, now=NOON + timedelta(days=1))
    mubai = MerchantSystem(world.mubai)
    (row,) = mubai.get("/settlements").json()["data"]
    assert (row["id"], row["state"], row["in_wallets"], row["set_off"]) == (batch.ref, "posted", 640, 2560)
    answers.submit(
        paying.pay(book=world.mubai, payee=world.chen.party, rail="manual", by=ONBOARDING), by=ONBOARDING
    )
    one = mubai.get(f"/settlements/{batch.ref}").json()
    assert (one["state"], one["under_way"], one["left"]) == ("paying", 640, 0)
    assert [(part["payee"], part["amount"], part["set_off"]) for part in one["payees"]] == [
        (world.qinglan.ref, 2560, 2560),
        (world.chen.ref, 640, 0),
    ]
    assert MerchantSystem(world.hehe).get(f"/settlements/{batch.ref}").status_code == 404
