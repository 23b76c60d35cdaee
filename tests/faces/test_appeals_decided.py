"""Who decides an appeal hears of it, chooses from whom it is taken, sees who lost, and sets the deadlines."""

import pytest
from django.urls import reverse
from django.utils import timezone

from commissions import appeal_terms, appealed, appeals
from commissions.models import Appeal, Share
from commissions.payouts import answers, paying
from insights import statements
from insights.statements import Month
from ledger.statements import movements
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from notifications import inbox
from tests.faces.headquarters import words
from tests.people import LONG_AGO, ONBOARDING, make_guide, make_user
from tests.plans import publish_plans
from tests.selling import joined, line, sold
from tests.streaming import flow

UNREAD = '1<span class="sr"> unread</span>'


@pytest.fixture
def zhou(world, at_desk):
    publish_plans(world)
    with world.inside(world.hehe):
        return make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102")


@pytest.fixture
def gu(world, at_desk):
    return at_desk(world.gu)


def sell(world, sku=None, **given):
    order = sold(world.jingan, line(sku or world.shirt), **({"touches": {"serving": "G101"}} | given))
    flow()
    with world.inside(world.hehe):
        return order.lines.get()


def appealed_by(guide, sold_line, **given):
    return appeals.appeal(line=sold_line, guide=guide, reason="served", by=ONBOARDING, **given)


def decide(browser, row, **given):
    return browser.post(reverse("appeal_decision", args=[row.ref]), given)


def unread(world, merchant, user):
    flow()
    with world.inside(merchant):
        return [notice.kind for notice in inbox.newest(user) if notice.read_at is None]


def colleague(world, merchant, name, role, unit=None):
    user = make_user(name, email=f"{role}-{name}@hq.example")
    with world.inside(merchant):
        place = unit or root_of(merchant)
        appoint(user=user, merchant=merchant, role=role, org_unit=place, by=ONBOARDING, starts_at=LONG_AGO)
    return user


def test_an_appeal_is_news_to_who_may_decide_and_to_nobody_else(world, zhou):
    finance = colleague(world, world.qinglan, "林澜", Role.FINANCE)
    reader = colleague(world, world.qinglan, "审计", Role.AUDITOR)
    manager = colleague(world, world.hehe, "马骁", Role.STORE_MANAGER, world.jingan.org_unit)
    appealed_by(zhou, sell(world))
    assert unread(world, world.qinglan, world.gu) == ["appeal.raised"]
    assert unread(world, world.qinglan, finance) == ["appeal.raised"]
    assert unread(world, world.qinglan, reader) == []
    assert unread(world, world.hehe, world.he) == unread(world, world.hehe, manager) == []


def test_of_a_direct_line_it_is_news_to_the_store_that_decides(world, zhou):
    appealed_by(zhou, sell(world, world.tea))
    assert unread(world, world.hehe, world.he) == ["appeal.raised"]
    assert unread(world, world.mubai, world.wei) == []


def test_it_stands_in_the_navigation_until_the_appeals_are_looked_at(world, zhou, gu):
    appealed_by(zhou, sell(world))
    flow()
    assert UNREAD in words(gu.get("/hq/stores/"))
    assert UNREAD not in words(gu.get(reverse("appeals")))


def test_headquarters_takes_it_from_its_own_rest(world, zhou, gu):
    row = appealed_by(zhou, sell(world))
    with world.inside(world.qinglan):
        names = [(share.holder, share.number) for share in appealed.sources(row)]
    assert names == [("林小雨", 1), ("和合集合店", 0), ("青岚服饰", 2)]
    shown = words(gu.get(reverse("appeal", args=[row.ref])))
    chosen = ["林小雨 · Guide · ¥9.95", "和合集合店 · Store · ¥39.80", "青岚服饰 · Rest · ¥149.25"]
    assert [label for label in chosen if f">{label}</option>" not in shown] == []
    assert f"the whole of a guide&#x27;s share moves: {chosen[0]}." in shown
    assert decide(gu, row, outcome="uphold", share="2", amount="5.00").status_code == 302
    with world.inside(world.qinglan):
        assert Share.objects.get(guide=world.lin).held == 995
        assert Share.objects.get(guide=zhou).amount == 500


@pytest.mark.parametrize("share", ["9", "x", "-1"])
def test_a_share_that_is_not_there_is_no_choice(world, zhou, gu, share):
    row = appealed_by(zhou, sell(world))
    answer = decide(gu, row, outcome="uphold", share=share, amount="5.00")
    assert answer.status_code == 422 and len(answer.context["form"].errors["share"]) == 1


def test_without_a_word_for_or_against_nothing_is_decided(world, zhou, gu):
    row = appealed_by(zhou, sell(world))
    for outcome in ({}, {"outcome": "maybe"}):
        assert decide(gu, row, **outcome).status_code == 422
    with world.inside(world.qinglan):
        assert Appeal.objects.get().is_open


def test_who_stood_for_the_share_and_lost_is_named(world, zhou, gu):
    joined(world.qinglan_brand, world.jingan, guide=world.lin, phone="+8613800000077")
    row = appealed_by(zhou, sell(world, touches={"serving": "G102"}, phone="+8613800000077"))
    shown = words(gu.get(reverse("appeal", args=[row.ref])))
    assert "周远 · The member&#x27;s own guide comes first while protected." in shown


def test_where_nobody_got_the_share_it_says_so(world, zhou, gu):
    row = appealed_by(zhou, sell(world, touches={}))
    shown = words(gu.get(reverse("appeal", args=[row.ref])))
    assert "No other guide holds any of this line: say the amount." in shown
    assert "Guide · Nobody stood for this share." in shown


def test_deadlines_hold_from_todays_sales_on(world, zhou, gu):
    shown = words(gu.get(reverse("appeals")))
    assert "until 7 days after" in shown and "within 14 days expires" in shown
    answer = gu.post(reverse("appeal_deadlines"), {"days": "3", "answer_days": "1"}, follow=True)
    shown = words(answer)
    assert "until 3 days after" in shown and "within 1 day expires" in shown
    row = appealed_by(zhou, sell(world, paid_at=timezone.now()))
    with world.inside(world.qinglan):
        assert (row.answer_by - row.split.business_date).days == 1
        assert (appeal_terms.last_day(row.split) - row.split.business_date).days == 3


@pytest.mark.parametrize("given", [{"days": "400"}, {"days": "1e2"}, {"answer_days": "0"}, {"days": ""}])
def test_deadlines_that_cannot_be_are_said_at_the_form(world, gu, given):
    answer = gu.post(reverse("appeal_deadlines"), {"days": "3", "answer_days": "5"} | given)
    assert answer.status_code == 422 and set(answer.context["form"].errors) == set(given)


def test_a_statement_names_the_sale_whose_share_moved(world, zhou, gu):
    row = appealed_by(zhou, sell(world))
    decide(gu, row, outcome="uphold", amount="9.95")
    book = world.qinglan
    with world.inside(book):
        row.refresh_from_db()
        month = Month(row.decided_at.date().replace(day=1))
        moves = movements(book, zhou.party, first=month.first, last=month.last)
        told = statements.in_words(moves)
    assert [(one.word, one.about, one.amount) for one in told] == [
        ("Shares moved after appeals", "T-1, line 1", 995)
    ]


def test_who_had_been_paid_reads_on_the_phone_for_which_sale_it_is_owed(world, zhou, gu, lin):
    row = appealed_by(zhou, sell(world))
    payout = paying.pay(book=world.qinglan, payee=world.lin.party, rail="manual", by=ONBOARDING)
    answers.succeed(answers.submit(payout, by=ONBOARDING), by=ONBOARDING)
    decide(gu, row, outcome="uphold", amount="9.95")
    shown = words(lin.get("/w/earnings/", headers={"Accept-Language": "en"}))
    assert "You owe back ¥9.95" in shown and "Appeal about sale T-1" in shown
    assert "Refund of sale" not in shown
