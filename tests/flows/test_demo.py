"""The demo: the same story for the same date, played through the product, and true to the fen."""

import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_scopes import scope

from commissions import batches
from commissions.accruals import WORKER
from commissions.models import SettlementBatch, Split
from flows.demo import cast, performing
from flows.demo.acts import GiveBack, Join, Sale, Send
from flows.demo.logins import api_key_of
from flows.demo.script import SHANGHAI, write
from flows.demo.staging import Stage
from ledger.proof import trial_balance
from members.models import Member
from merchants.models import ApiKey, Merchant
from merchants.onboarding import key_hash
from orders.models import Order

AS_OF = date(2026, 11, 22)
MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_the_same_date_and_scale_tell_the_same_story():
    assert write(as_of=AS_OF, scale="small", until=MIDNIGHT) == write(
        as_of=AS_OF, scale="small", until=MIDNIGHT
    )
    other = write(as_of=date(2026, 11, 21), scale="small", until=MIDNIGHT)
    assert other.acts != write(as_of=AS_OF, scale="small", until=MIDNIGHT).acts


def test_three_months_of_trade_at_full_scale():
    script = write(as_of=AS_OF, scale="full", until=MIDNIGHT)
    kinds = [type(act) for act in script.acts]
    assert kinds.count(Sale) == 1500 and len(script.stores) == 320
    assert kinds.count(Join) > 350 and kinds.count(Send) > 150 and kinds.count(GiveBack) > 20
    assert (script.acts[-1].at - script.acts[0].at).days >= 88
    assert len({store.name for store in script.stores}) == len(script.stores)
    assert script.acts == sorted(script.acts, key=lambda act: act.at)


def test_nothing_happens_in_the_future():
    noon = datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert all(act.at <= noon for act in write(as_of=AS_OF, scale="full", until=noon).acts)


def test_members_act_only_after_they_joined_and_at_one_store():
    """What lets stores be shared among processes."""
    joined = {}
    for act in write(as_of=AS_OF, scale="full", until=MIDNIGHT).acts:
        if isinstance(act, Join):
            joined[act.member] = act.store
        elif getattr(act, "member", None) is not None:
            assert joined[act.member] == act.store


def play(*, until=MIDNIGHT):
    """The small script, its books closed by `until`."""
    script = write(as_of=AS_OF, scale="small", until=MIDNIGHT)
    stage = Stage(script, tick=lambda what: None)
    stage.set_up()
    performing.perform(stage, until=until, tick=lambda what: None)
    return script


@pytest.fixture
def small(db):
    return play()


def test_the_demos_day_is_moved_on_and_its_lines_become_payable(db, monkeypatch):
    play(until=MIDNIGHT - timedelta(days=7))
    monkeypatch.setattr(timezone, "now", lambda: MIDNIGHT - timedelta(hours=1))
    qinglan = Merchant.objects.get(name=cast.MERCHANTS[0].name)
    batches.ask_for_approval(qinglan, True, by=WORKER)
    for _again in range(2):
        assert f"{qinglan.name}: 2026-11-22 waits for approval, " in advanced()
    with scope(merchant=qinglan):
        batches.approve(batches.under_way(), by=WORKER)
    line = advanced().splitlines()[0]
    assert line.startswith(f"{qinglan.name}: 2026-11-22 posted, ")
    assert line.endswith(" payable")
    for merchant in Merchant.objects.all():
        with scope(merchant=merchant):
            assert trial_balance(merchant).holds
            assert not Split.objects.filter(merchant=merchant, settlement="T1").open().exists()
    assert advanced(2).count("nothing to close") == len(cast.MERCHANTS)


def advanced(days=1) -> str:
    told = io.StringIO()
    call_command("demo", advance=days, stdout=told)
    return told.getvalue()


def test_what_was_played_stands_and_balances(small):
    sales = [act for act in small.acts if isinstance(act, Sale)]
    orders = 0
    for merchant in Merchant.objects.all():
        with scope(merchant=merchant):
            balance = trial_balance(merchant)
            assert balance.holds, merchant
            orders += Order.objects.count()
            for split in Split.objects.prefetch_related("shares", "contributions"):
                given = sum(share.amount for share in split.shares.all())
                assert given - sum(c.amount for c in split.contributions.all()) == split.paid
    assert orders == len(sales)
    with scope(merchant=Merchant.objects.get(name=cast.MERCHANTS[0].name)):
        assert Member.objects.exists()


def test_every_day_that_is_over_is_closed(small):
    qinglan = Merchant.objects.get(name=cast.MERCHANTS[0].name)
    with scope(merchant=qinglan):
        assert not Split.objects.open().filter(business_date__lt=AS_OF).exists()
        days = SettlementBatch.objects.order_by("id").values_list("business_date", "posted_at", "state")
    assert days
    assert all(state == "posted" and at.astimezone(SHANGHAI).date() > day for day, at, state in days)


def test_the_base_data_opens_the_doors_it_names(small):
    out = io.StringIO()
    call_command("demo", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert {merchant["key"] for merchant in told["merchants"]} == {"qinglan", "mubai", "hehe", "jincheng"}
    assert {login["role"] for login in told["logins"]} >= {
        "owner",
        "finance",
        "store_manager",
        "guide",
        "auditor",
    }
    for merchant in told["merchants"]:
        with scope(merchant=Merchant.objects.get(ref=merchant["id"])):
            assert bytes(ApiKey.objects.get().hash) == key_hash(merchant["api_key"])
    assert api_key_of("qinglan") != api_key_of("mubai")


def test_made_once_it_is_not_made_again(small):
    out = io.StringIO()
    call_command("demo", "--scale", "small", stdout=out)
    assert "already" in out.getvalue() and Merchant.objects.count() == 4
