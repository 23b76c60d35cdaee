"""A guide's phone: what Lin sees at Jing'an today, what she earns, and her messages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flows import settlement
from members.binding import bind
from members.models import Binding, FollowUp
from orders.facts import RefundLineFacts
from tests.faces.workbench_forms import HTMX, basket, form_of
from tests.plans import publish_plans
from tests.selling import FANG, MEI, TILL, joined, line, money_back, sold
from tests.streaming import flow


class TestToday:
    def test_it_greets_with_what_is_left_and_shows_who_has_joined(self, lin, fang):
        page = lin.get("/w/")
        assert page.status_code == 200
        text = page.content.decode()
        assert "林小雨" in text and "方女士" in text and "和合静安店" in text
        assert [task.member for task in page.context["arrived"]] == [fang.channel_member]

    def test_the_live_fragment_is_the_same_card(self, lin, fang):
        assert "方女士" in lin.get("/w/arrivals/", headers=HTMX).content.decode()

    def test_the_heading_counts_new_members_and_tasks_alike_and_renews_with_whoever_joins(
        self, lin, world, fang
    ):
        english = HTMX | {"Accept-Language": "en"}
        page = lin.get("/w/", headers=english).content.decode()
        assert '<span id="left">林小雨, 1 thing left today</span>' in page
        joined(world.qinglan_brand, world.jingan, phone=MEI, guide=world.lin, at=timezone.now())
        renewed = lin.get("/w/arrivals/", headers=english).content.decode()
        assert '<span id="left" hx-swap-oob="true">林小雨, 2 things left today</span>' in renewed

    def test_up_to_three_who_joined_have_a_card_each_and_the_rest_stand_under_the_tasks(
        self, lin, world, fang
    ):
        for digit in range(2, 5):
            joined(
                world.qinglan_brand,
                world.jingan,
                phone=f"1380001000{digit}",
                name=f"新{digit}",
                guide=world.lin,
                at=timezone.now() - timedelta(minutes=10 - digit),
            )
        page = lin.get("/w/")
        assert [task.member.name for task in page.context["arrived"]] == ["新4", "新3", "新2"]
        assert page.context["more"] == 1
        assert [task.member for task in page.context["tasks"]] == [fang.channel_member]
        assert page.content.decode().count('class="card arrival"') == 3

    def test_a_welcome_is_marked_done_on_the_members_own_card(self, lin, world, fang):
        url = f"/w/members/{fang.channel_member.ref}/"
        (task,) = lin.get(url).context["tasks"]
        assert lin.get("/w/").context["arrived"], "to have looked is not to have greeted"
        answer = lin.post(f"/w/follow-ups/{task.ref}/done/", follow=True)
        assert answer.redirect_chain == [(url, 302)] and not answer.context["tasks"]
        assert not lin.get("/w/").context["arrived"]

    def test_a_coupon_sent_is_a_welcome(self, lin, fang, campaign):
        lin.post(f"/w/members/{fang.channel_member.ref}/coupons/{campaign.ref}/", {"claim_key": "clm_1"})
        assert not lin.get("/w/").context["arrived"]

    def test_a_sale_to_the_new_member_is_a_welcome(self, lin, world, fang):
        page = lin.get(f"/w/sale/?member={fang.channel_member.ref}", follow=True)
        lin.post("/w/sale/", form_of(page, total="12800", **basket(world, world.tea)), headers=HTMX)
        assert not lin.get("/w/").context["arrived"]

    def test_a_task_is_ticked_off_where_it_stands(self, lin, world, fang):
        with world.inside(world.hehe):
            task = FollowUp.objects.get()
        answer = lin.post(f"/w/follow-ups/{task.ref}/done/", headers=HTMX)
        assert answer.status_code == 200 and f"task-{task.ref}" in answer.content.decode()
        assert 'id="left" hx-swap-oob="true"' in answer.content.decode() and answer.context["left"] == 0
        assert lin.get("/w/").context["left"] == 0
        assert lin.post(f"/w/follow-ups/{task.ref}/done/").status_code == 404

    def test_what_she_sold_today_less_what_went_back(self, lin, world):
        sold(world.jingan, line(world.tote), touches={"serving": "G101"}, paid_at=timezone.now())
        sold(world.jingan, line(world.tote), no="T-2", paid_at=timezone.now())
        assert lin.get("/w/figures/").context["sold"] == 4900

    @pytest.mark.parametrize(
        ("path", "most"), [("", 15), ("arrivals/", 12), ("figures/", 12), ("members/", 12)]
    )
    def test_few_statements(self, lin, fang, django_assert_max_num_queries, path, most):
        with django_assert_max_num_queries(most):
            assert lin.get(f"/w/{path}").status_code == 200


class TestEarnings:
    def test_before_the_worker_it_says_so_and_after_it_what_and_why(self, lin, world):
        order = sold(world.jingan, line(world.tote), touches={"serving": "G101"}, paid_at=timezone.now())
        assert lin.get(f"/w/sales/{order.ref}/earned/").context["split"] is False
        with world.inside(world.hehe):
            settlement.book_and_settle([order.id], seller=world.hehe)
        assert lin.get(f"/w/sales/{order.ref}/earned/").context["split"] is True

    def test_a_sales_shares_name_their_articles_and_equal_ones_are_one(self, lin, world):
        publish_plans(world)
        goods = [line(world.coat), line(world.coat), line(world.tea)]
        order = sold(world.jingan, *goods, touches={"serving": "G101"}, paid_at=timezone.now())
        with world.inside(world.hehe):
            settlement.book_and_settle([order.id], seller=world.hehe)
        earned = lin.get(f"/w/sales/{order.ref}/earned/").context
        assert [article for article, *_rest in earned["own"]] == [world.coat.name, world.tea.name]
        assert sum(held for _article, _reason, _settled, held, *_rest in earned["own"]) == earned["sum"] > 0

    def test_a_line_names_what_was_sold(self, lin, world):
        publish_plans(world)
        order = sold(world.jingan, line(world.coat), touches={"serving": "G101"}, paid_at=timezone.now())
        with world.inside(world.hehe):
            settlement.book_and_settle([order.id], seller=world.hehe)
        assert world.coat.name in lin.get("/w/earnings/").content.decode()

    def test_the_page_and_its_live_fragment(self, lin, world):
        assert lin.get("/w/earnings/").status_code == 200
        assert "<html" not in lin.get("/w/earnings/figures/").content.decode()
        assert lin.get("/w/earnings/?before=abc").status_code == 200


def test_messages_name_whom_they_are_about_and_are_read_once_seen(lin, world, fang):
    flow()
    assert lin.get("/w/me/").context["unread"] == 1, "one joining is one message, not its binding as well"
    (message,) = lin.get("/w/messages/", headers={"Accept-Language": "en"}).context["shown"]
    assert (message.title, message.note) == ("方女士 has joined", "You are the own guide of this member")
    assert lin.get("/w/me/").context["unread"] == 0


def test_a_later_binding_is_a_message_of_its_own(lin, world):
    known = joined(world.qinglan_brand, world.jingan, at=timezone.now() - timedelta(hours=1))
    with world.inside(world.hehe):
        Binding.objects.all().delete()  # a day later, say
        bind(member=known.channel_member, guide=world.lin, store=world.jingan, by=TILL, at=timezone.now())
    flow()
    shown = lin.get("/w/messages/", headers={"Accept-Language": "en"}).context["shown"]
    assert [message.title for message in shown] == ["You are now 方女士's own guide", "方女士 has joined"]


def test_a_refund_is_told_with_who_brought_back_what_and_stands_at_the_goods(lin, world, fang):
    publish_plans(world)
    now = timezone.now()
    order = sold(
        world.jingan, line(world.tea), line(world.tote), phone=FANG, paid_at=now, touches={"serving": "G101"}
    )
    flow()
    back = RefundLineFacts(sku=world.tea.code, amount=12800, quantity=1)
    money_back(world.hehe, back, refunded_at=now)
    flow()
    shown = lin.get("/w/messages/", headers={"Accept-Language": "en"}).context["shown"]
    told = {message.title: message.note for message in shown}
    assert told["方女士 brought goods back"] == "木白明前龙井 · ¥128.00 given back"
    assert told["Commission taken back after a refund"].startswith("木白明前龙井 · −¥")
    page = lin.get(f"/w/sales/{order.ref}/", headers={"Accept-Language": "en"}).content.decode()
    assert page.count("¥128.00 given back") == 1 and "taken back after a refund" in page


def test_with_a_new_member_to_greet_the_tasks_do_not_say_that_nothing_waits(lin, world, fang):
    text = lin.get("/w/", headers={"Accept-Language": "en"}).content.decode()
    assert "1 thing left today" in text and "Greet who has joined, above." in text
    assert "No task is waiting." not in text


def test_every_page_stands_in_both_languages(lin, world, fang, campaign, code):
    order = sold(world.jingan, line(world.coat), coupons=(code,), paid_at=timezone.now())
    member = f"/w/members/{fang.channel_member.ref}/"
    for language in ("zh-hans", "en"):
        lin.cookies["django_language"] = language
        for path in ("/w/", "/w/members/", member, f"{member}coupons/", f"{member}coupons/{campaign.ref}/"):
            assert lin.get(path).status_code == 200, path
        for path in (
            "/w/scan/",
            "/w/sale/",
            f"/w/sales/{order.ref}/",
            "/w/earnings/",
            "/w/me/",
            "/w/messages/",
        ):
            assert lin.get(path, follow=True).status_code == 200, path
