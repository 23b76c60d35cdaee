"""Zhou says on his phone that he served; Qinglan's headquarters reads who got what and why, and decides."""

import pytest
from django.urls import reverse

from commissions import appeals
from commissions.models import Appeal
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from tests.people import LONG_AGO, ONBOARDING, make_guide, make_user
from tests.plans import publish_plans
from tests.selling import line, sold
from tests.streaming import flow


@pytest.fixture
def sale(world, now):
    publish_plans(world)
    order = sold(world.jingan, line(world.shirt), touches={"serving": "G101"})
    flow()
    return order


@pytest.fixture
def zhou(world, at_desk):
    with world.inside(world.hehe):
        return make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102")


@pytest.fixture
def phone(zhou, at_desk):
    return at_desk(zhou.user)


@pytest.fixture
def gu(world, at_desk):
    return at_desk(world.gu)


@pytest.fixture
def appeal(world, sale, zhou):
    with world.inside(world.hehe):
        sold_line = sale.lines.get()
    return appeals.appeal(line=sold_line, guide=zhou, reason="served", note="我接待的", by=ONBOARDING)


def text(answer) -> str:
    return answer.content.decode()


def decide(browser, row, **given):
    return browser.post(reverse("appeal_decision", args=[row.ref]), {"words": "监控可见"} | given)


def test_one_tap_on_the_sale_appeals_and_one_takes_it_back(phone, world, sale):
    page = f"/w/sales/{sale.ref}/"
    assert "Appeal" in text(phone.get(page)) and "Until 2026-" in text(phone.get(page))
    shown = text(
        phone.post(f"{page}appeals/", {"line": "1", "reason": "served", "note": "我接待的"}, follow=True)
    )
    assert "Waits for an answer" in shown and "我接待的" in shown and "Withdraw it" in shown
    with world.inside(world.qinglan):
        row = Appeal.objects.get()
    assert row.guide.name == "周远"
    again = phone.post(f"{page}appeals/", {"line": "1", "reason": "served"}, follow=True)
    assert "waiting for an answer" in text(again)
    shown = text(phone.post(f"/w/appeals/{row.ref}/withdrawal/", follow=True))
    assert "Withdrawn" in shown


def test_a_line_that_is_not_there_cannot_be_appealed(phone, sale):
    for number in ("9", "x", ""):
        answer = phone.post(f"/w/sales/{sale.ref}/appeals/", {"line": number, "reason": "served"})
        assert answer.status_code == 404


def test_headquarters_sees_the_queue_and_moves_the_share(gu, phone, sale, appeal):
    queue = text(gu.get(reverse("appeals")))
    assert "Answered or closed" not in queue
    assert "周远" in queue and "林小雨" in queue and "¥9.95" in queue and "Waits for an answer" in queue
    shown = text(gu.get(reverse("appeal", args=[appeal.ref])))
    assert "我接待的" in shown and "Uphold: move it to 周远" in shown and 'value="9.95"' in shown
    decided = decide(gu, appeal, outcome="uphold", amount="9.95")
    assert decided.status_code == 302
    shown = text(gu.get(reverse("appeal", args=[appeal.ref])))
    assert "Upheld" in shown and "After an appeal: ¥9.95." in shown and "Uphold: move" not in shown
    to_decide, _, closed = text(gu.get(reverse("appeals"))).partition("Answered or closed")
    assert "Nothing waits for an answer." in to_decide and "周远" not in to_decide
    assert "周远" in closed and "Upheld" in closed and "¥9.95" in closed
    flow()
    mine = text(phone.get(f"/w/sales/{sale.ref}/"))
    assert "¥9.95 was moved." in mine and "监控可见" in mine and "After an appeal: ¥9.95." in mine
    told = text(phone.get("/w/messages/"))
    assert "An appeal was answered" in told and "¥9.95 is yours now" in told


def test_who_disputes_the_amount_of_their_own_share_has_it_named(world, gu, sale):
    with world.inside(world.hehe):
        appeals.appeal(line=sale.lines.get(), guide=world.lin, reason="amount", by=ONBOARDING)
    queue = text(gu.get(reverse("appeals")))
    row = queue.partition("<tbody>")[2].partition("</tbody>")[0]
    assert row.count("林小雨") == 2 and "¥9.95" in row and "青岚服饰" not in row
    with world.inside(world.qinglan):
        shown = text(gu.get(reverse("appeal", args=[Appeal.objects.get().ref])))
    assert "More would come from" in shown and "(optional)" not in shown.partition("Amount to move")[2][:60]


def test_who_lost_it_reads_so_in_the_earnings(gu, lin, sale, appeal):
    decide(gu, appeal, outcome="uphold", amount="9.95")
    flow()
    english = {"headers": {"Accept-Language": "en"}}
    assert "moved to a colleague after an appeal" in text(lin.get("/w/earnings/", **english))
    assert "¥9.95 went to a colleague" in text(lin.get("/w/messages/", **english))


def test_a_rejection_says_why_and_moves_nothing(gu, phone, sale, appeal):
    assert "Rejected" in text(gu.get(decide(gu, appeal, outcome="reject").url))
    flow()
    assert "监控可见" in text(phone.get(f"/w/sales/{sale.ref}/"))
    assert "the shares stay as they are" in text(phone.get("/w/messages/"))


@pytest.mark.parametrize(("amount", "said"), [("9.96", "¥9.95 is left"), ("many", "amount in yuan")])
def test_what_cannot_be_is_said_at_the_form(gu, appeal, amount, said):
    answer = decide(gu, appeal, outcome="uphold", amount=amount)
    assert answer.status_code == 422 and said in text(answer) and "监控可见" in text(answer)


def test_the_guides_own_merchant_follows_it_and_cannot_decide(world, at_desk, appeal):
    he = at_desk(world.he)
    assert "that others decide" in text(he.get(reverse("appeals")))
    shown = text(he.get(reverse("appeal", args=[appeal.ref])))
    assert "我接待的" in shown and "Uphold: move" not in shown
    assert decide(he, appeal, outcome="reject").status_code == 404


def test_a_stranger_finds_none_and_a_reader_decides_none(world, at_desk, appeal):
    assert at_desk(world.wei).get(reverse("appeal", args=[appeal.ref])).status_code == 404
    user = make_user("审计", email="audit@qinglan.example")
    with world.inside(world.qinglan):
        unit = root_of(world.qinglan)
        appoint(
            user=user,
            merchant=world.qinglan,
            role=Role.AUDITOR,
            org_unit=unit,
            by=ONBOARDING,
            starts_at=LONG_AGO,
        )
    reader = at_desk(user)
    assert "Uphold: move" not in text(reader.get(reverse("appeal", args=[appeal.ref])))
    assert decide(reader, appeal, outcome="reject").status_code == 403


def test_few_statements_however_many_appeals(world, gu, zhou, now, django_assert_max_num_queries):
    publish_plans(world)
    for number in range(6):
        order = sold(world.jingan, line(world.shirt), touches={"serving": "G101"}, no=f"T-{number}")
        flow()
        with world.inside(world.hehe):
            sold_line = order.lines.get()
        row = appeals.appeal(line=sold_line, guide=zhou, reason="served", by=ONBOARDING)
    for address in (reverse("appeals"), reverse("appeal", args=[row.ref])):
        gu.get(address)
        with django_assert_max_num_queries(16):
            assert gu.get(address).status_code == 200
