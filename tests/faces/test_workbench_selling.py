"""A sale at the workbench: goods, coupon, total, and one receipt however often it is tapped."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coupons.models import Coupon
from orders.facts import RefundLineFacts, RefundTenderFacts, TenderFacts
from orders.models import Order, Touch
from tests.faces.workbench_forms import HTMX, basket, form_of
from tests.selling import line, money_back, sold
from workbench.carrying import carried

ENGLISH = {"Accept-Language": "en"}


class TestSelling:
    def test_goods_are_found_added_counted_and_priced(self, lin, world, code):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        found = lin.get("/w/sale/goods/", {"q": "衬衫"}, headers=HTMX)
        assert [offer.sku for offer in found.context["found"]] == [world.shirt]
        one = lin.post("/w/sale/basket/", form_of(page, add=world.shirt.ref), headers=HTMX)
        assert one.context["quote"].refusal.code == "coupon.below_threshold"
        two = lin.post(
            "/w/sale/basket/",
            form_of(page, more="0", **basket(world, world.shirt, price="199.00")),
            headers=HTMX,
        )
        quote = two.context["quote"]
        assert (quote.list_total, quote.priced.total, quote.refusal) == (39800, 36800, None)

    def test_a_code_typed_and_entered_is_added(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        answer = lin.post("/w/sale/basket/", form_of(page, q="MB-TEA", add=""), headers=HTMX)
        assert [entry["line"].sku for entry in answer.context["rows"]] == [world.tea]

    def test_what_nobody_here_sells_is_said_where_suggestions_come_and_the_rest_stays(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, q="NO-SUCH", add="", **basket(world, world.tea))
        answer = lin.post("/w/sale/basket/", given, headers=HTMX)
        assert [entry["line"].sku for entry in answer.context["rows"]] == [world.tea]
        basket_shown, _, picker = answer.content.decode().partition('id="goods"')
        assert "NO-SUCH" in picker and 'class="fault"' in picker
        assert 'class="fault"' not in basket_shown, "the next suggestions would leave it standing"

    @pytest.mark.parametrize("text", ["衬衫", "ql-sh"])
    def test_a_name_that_one_article_bears_adds_it(self, lin, world, text):
        page = lin.get("/w/sale/", follow=True)
        answer = lin.post("/w/sale/basket/", form_of(page, q=text, add=""), headers=HTMX)
        assert [entry["line"].sku for entry in answer.context["rows"]] == [world.shirt]

    def test_of_several_by_that_name_one_is_chosen_without_a_fault(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, q="青岚", add="", **basket(world, world.tea))
        answer = lin.post("/w/sale/basket/", given, headers=HTMX | {"Accept-Language": "en"})
        assert [entry["line"].sku for entry in answer.context["rows"]] == [world.tea]
        text = answer.content.decode()
        assert "Choose one of these:" in text and 'class="fault"' not in text
        assert {world.shirt.ref, world.coat.ref} <= set(re.findall(r'name="add" value="([^"]+)"', text))

    def test_a_coupon_these_goods_do_not_earn_can_be_left_out_and_the_member_stays(
        self, lin, world, fang, code
    ):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        below = form_of(page, **basket(world, world.tea))
        answer = lin.post("/w/sale/basket/", below, headers=HTMX)
        assert answer.context["quote"].refusal and 'name="without"' in answer.content.decode()
        plain = lin.post("/w/sale/basket/", below | {"without": "1"}, headers=HTMX)
        assert (plain.context["coupon"], plain.context["quote"].refusal) == ("", None)
        assert plain.content.decode().startswith("<title>开单"), "which htmx puts at the page's head"
        assert 'name="without"' not in plain.content.decode()
        assert (
            form_of(plain)["member"] == fang.channel_member.ref and "coupon=" not in plain["HX-Replace-Url"]
        )
        done = lin.post("/w/sale/", form_of(plain, total="12800", **basket(world, world.tea)), headers=HTMX)
        with world.inside(world.hehe):
            assert Order.objects.get().member == fang.channel_member
        assert "HX-Redirect" in done

    def test_a_coupon_that_cannot_be_used_any_more_can_be_left_out(self, lin, world, code):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        sold(world.jingan, line(world.coat), coupons=(code,), paid_at=timezone.now())
        answer = lin.post("/w/sale/basket/", form_of(page, **basket(world, world.tea)), headers=HTMX)
        assert (
            answer.context["unusable"].code == "coupon.used" and 'name="without"' in answer.content.decode()
        )

    def test_a_price_that_is_none_stays_as_typed_and_is_explained_beside_it(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, **basket(world, world.tea, price="一百"))
        text = lin.post("/w/sale/basket/", given, headers=HTMX | {"Accept-Language": "en"}).content.decode()
        assert 'value="一百"' in text and 'aria-describedby="fault-0"' in text
        assert "Write an amount in yuan, such as 1268.00." in text

    @pytest.mark.parametrize("typed", ["1000", "2.5", "0", "", "-1", "两"])
    def test_pieces_that_are_no_number_of_pieces_are_told_and_sell_nothing(self, lin, world, typed):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, total="12800", **basket(world, world.tea, quantity=typed))
        for address in ("/w/sale/basket/", "/w/sale/"):
            text = lin.post(address, given, headers=HTMX | {"Accept-Language": "en"}).content.decode()
            assert f'value="{typed}" inputmode="numeric" aria-invalid="true"' in text
            assert "Write how many pieces, from 1 to 999." in text
        with world.inside(world.hehe):
            assert not Order.objects.exists()

    def test_pieces_and_prices_in_wide_digits_are_read(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, **basket(world, world.tea, quantity="２", price="１２０．５０"))
        answer = lin.post("/w/sale/basket/", given, headers=HTMX)
        assert answer.context["quote"].priced.total == 24100

    def test_what_is_given_for_nothing_is_asked_about_and_sold_all_the_same(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        english = HTMX | {"Accept-Language": "en"}

        def shown(price):
            given = form_of(page, **basket(world, world.tea, price=price))
            return lin.post("/w/sale/basket/", given, headers=english).content.decode()

        warned = shown("0")
        assert f"¥0.00 for {world.tea.name}: given for nothing?" in warned and 'role="status"' in warned
        assert "for nothing" not in shown("0.01") and "for nothing" not in shown("")
        given = form_of(page, total="0", **basket(world, world.tea, price="0"))
        assert "HX-Redirect" in lin.post("/w/sale/", given, headers=HTMX)

    def test_confirming_sells_redeems_and_shows_the_seal(self, lin, world, fang, code):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        given = form_of(page, total="86900", **basket(world, world.coat, price="899.00"))
        answer = lin.post("/w/sale/", given, headers=HTMX)
        assert answer.status_code == 200, answer.content.decode()
        with world.inside(world.hehe):
            order = Order.objects.get()
            assert Touch.objects.get(order=order, kind="serving").guide == world.lin
        assert (order.paid_total, order.member, order.channel) == (86900, fang.channel_member, "workbench")
        assert answer["HX-Redirect"] == f"/w/sales/{order.ref}/?done=1"
        done = lin.get(answer["HX-Redirect"]).content.decode()
        assert "data-stamp" in done and "满200减30" in done
        with world.inside(world.qinglan):
            assert Coupon.objects.get().state == "redeemed"

    @pytest.mark.parametrize("place", ["platform", "gold"])
    def test_a_guide_cannot_say_that_a_platform_pays(self, lin, world, place):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, total="12800", **(basket(world, world.tea) | {"place": place}))
        answer = lin.post("/w/sale/", given, headers=HTMX)
        assert (answer.status_code, answer.context["said"].code) == (422, "sale.place")
        with world.inside(world.hehe):
            assert not Order.objects.exists()
        assert lin.post("/w/sale/", given | {"place": "psp"}, headers=HTMX).status_code == 200

    def test_a_second_tap_leads_to_the_same_sale(self, lin, world, code):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        given = form_of(page, total="86900", **basket(world, world.coat, price="899.00"))
        first, second = (lin.post("/w/sale/", given, headers=HTMX)["HX-Redirect"] for _tap in range(2))
        assert first == second
        assert len(lin.get(second).context["messages"]) == 1, "it says that it was recorded before"
        with world.inside(world.hehe):
            assert Order.objects.count() == 1

    def test_other_goods_under_a_number_that_was_used_are_a_new_sale_to_be_confirmed(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        lin.post("/w/sale/", form_of(page, total="12800", **basket(world, world.tea)), headers=HTMX)
        other = basket(world, world.coat, price="899.00")  # the back button brought the page back, empty
        answer = lin.post("/w/sale/", form_of(page, total="89900", **other), headers=HTMX)
        assert (answer.status_code, answer.context["said"].code) == (422, "sale.another")
        assert "¥128.00" in answer.context["said"].message
        assert [entry["line"].sku for entry in answer.context["rows"]] == [world.coat]
        fresh = form_of(answer)["number"]
        assert fresh != form_of(page)["number"] and fresh in answer["HX-Replace-Url"]
        assert 'id="number" hidden hx-swap-oob="true"' in answer.content.decode()
        done = lin.post("/w/sale/", form_of(answer, total="89900", **other), headers=HTMX)
        with world.inside(world.hehe):
            totals = list(Order.objects.order_by("id").values_list("paid_total", flat=True))
            assert totals == [12800, 89900]
            assert done["HX-Redirect"] == f"/w/sales/{Order.objects.get(external_no=fresh).ref}/?done=1"

    @pytest.mark.parametrize("changed", [{"quantity": ["2"]}, {"price": ["100.00"]}, {"place": "acquirer"}])
    def test_the_same_goods_told_differently_do_not_land_on_the_old_receipt(self, lin, world, changed):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, **basket(world, world.tea))
        lin.post("/w/sale/", given | {"total": "12800"}, headers=HTMX)
        total = {"quantity": "25600", "price": "10000"}.get(next(iter(changed)), "12800")
        answer = lin.post("/w/sale/", given | changed | {"total": total}, headers=HTMX)
        assert answer.context["said"].code == "sale.another"

    def test_a_new_sale_leaves_the_coupon_that_went_with_the_one_before(self, lin, world, code):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        given = form_of(page, total="86900", **basket(world, world.coat, price="899.00"))
        lin.post("/w/sale/", given, headers=HTMX)
        answer = lin.post("/w/sale/", given | basket(world, world.tea) | {"total": "12800"}, headers=HTMX)
        assert answer.context["said"].code == "sale.another"
        assert (answer.context["coupon"], answer.context["unusable"]) == ("", None)
        again = form_of(answer, total="12800", **basket(world, world.tea))
        assert "HX-Redirect" in lin.post("/w/sale/", again, headers=HTMX)

    def test_after_a_lost_answer_loading_the_page_again_shows_the_sale(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        here = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"]
        assert lin.get(here).context["number"] == page.context["number"]
        done = lin.post("/w/sale/", form_of(page, total="12800", **basket(world, world.tea)), headers=HTMX)
        again = lin.get(here)
        assert again.status_code == 302 and again["Location"] == done["HX-Redirect"].partition("?")[0]

    def test_a_total_that_was_not_shown_is_not_taken(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        answer = lin.post("/w/sale/", form_of(page, total="1", **basket(world, world.tea)), headers=HTMX)
        assert (answer.status_code, answer.context["said"].code) == (422, "sale.total_changed")
        with world.inside(world.hehe):
            assert not Order.objects.exists()

    @pytest.mark.parametrize("price", ["abc", "-1", "1.234", "1e900000", "1e-9999999"])
    def test_a_price_that_is_none_is_said(self, lin, world, price):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, total="12800", **basket(world, world.tea, price=price))
        answer = lin.post("/w/sale/", given, headers=HTMX)
        assert (answer.status_code, answer.context["said"].code) == (422, "sale.form")

    @pytest.mark.parametrize("tap", ["more", "less", "drop"])
    def test_a_tap_on_no_row_changes_nothing(self, lin, world, tap):
        page = lin.get("/w/sale/", follow=True)
        for place in ("9" * 5000, "-1", "1", "²"):
            given = form_of(page, **basket(world, world.tea, quantity="2"), **{tap: place})
            answer = lin.post("/w/sale/basket/", given, headers=HTMX)
            assert [row.quantity for row in answer.context["basket"].rows] == [2]

    def test_a_coupon_used_meanwhile_refuses_the_sale_and_says_nothing_is_recorded(self, lin, world, code):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        sold(world.jingan, line(world.coat), coupons=(code,), paid_at=timezone.now())
        given = form_of(page, total="86900", **basket(world, world.coat, price="899.00"))
        answer = lin.post("/w/sale/", given, headers=HTMX)
        assert (answer.status_code, answer.context["said"].code) == (422, "coupon.used")

    def test_few_statements_however_many_goods(self, lin, world, code, django_assert_max_num_queries):
        page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
        given = {"sku": [world.shirt.ref] * 20, "quantity": ["1"] * 20, "price": [""] * 20}
        lin.post("/w/sale/basket/", form_of(page, **given), headers=HTMX)  # the platform's party is made once
        with django_assert_max_num_queries(24):
            lin.post("/w/sale/basket/", form_of(page, **given), headers=HTMX)

    def test_an_empty_sale_is_not_one(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        assert lin.post("/w/sale/", form_of(page), headers=HTMX).context["said"].code == "sale.form"


class TestGivenBack:
    def test_the_guide_reads_when_and_on_which_payments_each_refund_went_back(self, lin, world):
        tenders = (TenderFacts(place="cash", amount=10000), TenderFacts(place="acquirer", amount=9900))
        order = sold(world.jingan, line(world.shirt), tenders=tenders)
        page = f"/w/sales/{order.ref}/"
        assert "Cash" not in lin.get(page, headers=ENGLISH).content.decode()
        named = (RefundTenderFacts(number=2, amount=700),)
        money_back(world.hehe, RefundLineFacts(number=1, amount=700, tenders=named), no="R-card")
        money_back(world.hehe, RefundLineFacts(number=1, amount=1990), no="R-both")
        text = lin.get(page, headers=ENGLISH).content.decode()
        _before, first, second = text.partition("Given back</dt>")[2].split("<dt>2026-")
        assert "¥7.00" in first and "Card or QR acquirer ¥7.00" in first and "Cash" not in first
        assert all(part in second for part in ("¥19.90", "Cash ¥10.00", "Card or QR acquirer ¥9.90"))

    def test_it_takes_as_many_statements_for_many_refunds_as_for_one(self, lin, world):
        order = sold(world.jingan, line(world.shirt))

        def statements() -> int:
            with CaptureQueriesContext(connection) as asked:
                lin.get(f"/w/sales/{order.ref}/")
            return len(asked)

        money_back(world.hehe, RefundLineFacts(number=1, amount=100))
        for_one = statements()
        for n in range(3):
            money_back(world.hehe, RefundLineFacts(number=1, amount=100), no=f"R-more-{n}")
        assert statements() == for_one
