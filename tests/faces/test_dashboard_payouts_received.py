"""What others say they paid is seen and contested; and the payer's pages say what to do next."""

import csv

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from commissions.payouts import answers, contesting, paying
from insights import statements
from insights.statements import Month
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from notifications.models import Notification
from tests.commissions.earning import EARNED, TO_QINGLAN, books_hold, earn, pay_lin, sent, stands
from tests.faces.headquarters import words
from tests.people import NOON, ONBOARDING
from tests.plans import publish_plans
from tests.streaming import flow


@pytest.fixture
def world(world):
    publish_plans(world)
    earn(world)
    return world


@pytest.fixture
def gu(at_desk, world):
    return at_desk(world.gu)


def test_a_merchant_sees_what_others_say_they_paid_it_and_objects(at_desk, world):
    desk = at_desk(world.gu)
    payout = sent(
        paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", by=ONBOARDING, at=NOON)
    )
    answers.succeed(payout, by=ONBOARDING, at=NOON)
    flow()
    news = {"user": world.gu, "kind": "payout.succeeded", "read_at": None}
    with world.inside(world.qinglan):
        assert Notification.objects.filter(**news).exists()
    page = words(desk.get("/hq/payouts/received/"))
    assert payout.number in page and world.hehe.name in page and "¥159.20" in page
    with world.inside(world.qinglan):
        assert not Notification.objects.filter(**news).exists()
    here = f"/hq/payouts/received/{payout.ref}/"
    assert "contest-payout" in words(desk.get(here))
    page = words(desk.post(f"{here}objection/", {"reason": "账上没有"}, follow=True))
    assert "the claim stands again" in page and "账上没有" in page and "contest-payout" not in page
    assert stands(world, world.qinglan, world.hehe.party) == {"due": -TO_QINGLAN}
    flow()
    with world.inside(world.hehe):
        assert Notification.objects.filter(kind="payout.contested", user=world.he).exists()
    payer = at_desk(world.he)
    page = words(payer.get("/hq/payouts/"))
    assert "says it did not arrive" in page
    page = words(payer.get(f"/hq/payouts/{payout.ref}/"))
    assert "账上没有" in page and "A colleague" not in page, "it was said by the other side"
    payer.post(f"/hq/payouts/{payout.ref}/mark/", {"mark": "paid"})
    assert stands(world, world.qinglan, world.hehe.party) == {"due": -TO_QINGLAN}, "not by the payer's word"
    assert payer.get(here).status_code == payer.post(f"{here}arrival/").status_code == 404
    page = words(desk.post(f"{here}arrival/", follow=True))
    assert "It counts as paid" in page
    assert stands(world, world.qinglan, world.hehe.party) == {}
    books_hold(world)


def test_what_is_contested_stands_on_its_way_beside_the_payers_zero_and_has_its_number_on_both_statements(
    at_desk, world
):
    payout = sent(
        paying.pay(book=world.hehe, payee=world.qinglan.party, rail="manual", by=ONBOARDING, at=NOON)
    )
    contesting.contest(
        answers.succeed(payout, by=ONBOARDING, at=NOON), merchant=world.qinglan, by=ONBOARDING, at=NOON
    )
    month, way = f"?month={NOON:%Y-%m}", "On its way, not counted above"
    payer, ours = at_desk(world.he), f"/hq/statements/{world.qinglan.party.ref}/"
    shown = payer.get(ours)  # the month in which it is contested
    assert shown.context["told"].closing == 0
    assert way in words(shown) and "¥159.20" in words(shown) and "Balance so far" in words(shown)
    assert list(csv.reader(payer.get(ours + "?format=csv").content.decode().splitlines()))[-1][1:] == [
        way,
        "",
        "159.20",
    ]
    told = [(line.word, line.about) for line in payer.get(ours + month).context["rows"]]
    assert told[0] == ("Payout made", payout.number), "the last booked first"
    (row,) = payer.get("/hq/statements/").context["rows"]
    assert (row.closing, row.on_its_way) == (0, TO_QINGLAN)
    with world.inside(world.hehe):
        (row,) = statements.rows(world.hehe, Month(NOON.date().replace(day=1)).next)
    assert (row.opening, row.credits, row.debits, row.on_its_way) == (0, 0, 0, TO_QINGLAN)
    payee, theirs = at_desk(world.gu), f"/hq/statements/{world.hehe.party.ref}/"
    shown = payee.get(theirs)
    assert shown.context["told"].closing == -TO_QINGLAN and way not in words(shown)
    coming = "On its way to you, still counted above"
    assert coming in words(shown) and coming not in words(payee.get(theirs + "?month=2026-10"))
    assert f'"{coming}",,-159.20' in payee.get(theirs + "?format=csv").content.decode()
    told = [(line.word, line.about) for line in payee.get(theirs + month).context["rows"]]
    assert ("Payment received", payout.number) in told


def test_a_payout_that_failed_says_what_to_do_now(gu, world):
    payout = answers.fail(sent(pay_lin(world)), reason="户名不符", by=ONBOARDING)
    page = words(gu.get(f"/hq/payouts/{payout.ref}/"))
    assert f"/hq/payouts/?tick={world.lin.party.ref}#payable" in page
    assert f"/hq/payouts/payees/{world.lin.party.ref}/account/" in page
    assert "data-payee checked" in words(gu.get(f"/hq/payouts/?tick={world.lin.party.ref}"))


def test_the_page_for_results_says_which_words_it_understands(gu):
    page = words(gu.get("/hq/payouts/results/"))
    assert "交易成功" in page and "退汇" in page
    other = SimpleUploadedFile("orders.csv", b"foo,bar\n1,2")
    answer = gu.post("/hq/payouts/results/", {"file": other})
    assert answer.status_code == 422 and "This is not a file of results." in words(answer)


def test_payees_are_found_by_name_and_page_and_stay_ticked_when_refused(gu, world, monkeypatch):
    monkeypatch.setattr("dashboard.views.payouts.SHOWN", 1)
    entry = Entry(world.qinglan.pk, "share", held("psp"), named("due", world.chen.party), 5000)
    post([Story("test", "chen", NOON.date(), NOON, "CNY", (entry,))])
    shown = [gu.get(f"/hq/payouts/?payees={place}").context["payables"] for place in (1, 2, 99, "x")]
    assert [[row.due for row in rows] for rows in shown] == [[5000], [EARNED], [EARNED], [5000]]
    page = gu.get("/hq/payouts/?q=一诺")
    assert [row.name for row in page.context["payables"]] == ["陈一诺"]
    assert "Nobody of this name" in words(gu.get("/hq/payouts/?q=nobody"))
    given = {"payee": [world.chen.party.ref], "rail": "bank", "q": "一诺", "payees": "1"}
    page = words(gu.post(reverse("payouts_pay"), given, follow=True))
    assert "No bank account of this payee is kept." in page
    assert f'value="{world.chen.party.ref}" data-payee checked' in page and 'value="一诺"' in page
