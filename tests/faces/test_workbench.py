"""A guide's phone: what Lin sees at Jing'an, sells and redeems; and what is not hers is not there."""

import re
import struct
import zlib
from datetime import timedelta
from io import BytesIO

import pytest
import segno
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.html import escape
from PIL import Image

from coupons import redemption
from coupons.models import Coupon
from events.models import Event
from flows import settlement
from members.models import FollowUp
from merchants.onboarding import appoint
from merchants.roles import Role
from orders.models import Order, Touch
from tests.selling import FANG, MEI, TILL, campaign_of, coupon_for, joined, line, sold
from workbench.carrying import carried, unpacked

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lin(client, world):
    client.force_login(world.lin.user)
    return client


@pytest.fixture
def fang(world):
    return joined(world.qinglan_brand, world.jingan, guide=world.lin, at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def campaign(world):
    now = timezone.now()
    week = timedelta(days=7)
    return campaign_of(
        world.qinglan,
        world.qinglan_brand,
        claim_from=now - week,
        claim_until=now + week,
        use_from=now - week,
        use_until=now + week,
    )


@pytest.fixture
def code(fang, campaign):
    return coupon_for(campaign, fang.member, at=timezone.now())[1]


def form_of(page, **changed) -> dict:
    """The fields of the sale page as a browser would post them."""
    context = page.context
    return {
        "number": context["number"],
        "coupon": context["coupon"],
        "member": context["member_ref"],
    } | changed


def basket(world, sku, quantity="1", price="", **given) -> dict:
    return {"sku": [sku.ref], "quantity": [quantity], "price": [price], "place": "cash"} | given


class TestToday:
    def test_it_greets_with_what_is_left_and_shows_who_has_joined(self, lin, fang):
        page = lin.get("/w/")
        assert page.status_code == 200
        text = page.content.decode()
        assert "林小雨" in text and "方女士" in text and "和合静安店" in text
        assert page.context["newest"].member == fang.channel_member

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


class TestWhoIsNotHers:
    def test_the_brands_row_of_her_member_is_not_there_nor_a_colleagues_or_a_strangers(
        self, lin, world, fang
    ):
        chens = joined(world.qinglan_brand, world.xuhui, phone=MEI, name="梅女士")
        for ref in (fang.member.ref, chens.member.ref, "mem_nobody"):
            for path in (f"/w/members/{ref}/", f"/w/members/{ref}/coupons/", f"/w/sale/?member={ref}"):
                assert lin.get(path, follow=True).status_code == 404, path

    def test_another_stores_sale_is_not_there(self, lin, world):
        order = sold(world.xuhui, line(world.shirt))
        assert lin.get(f"/w/sales/{order.ref}/").status_code == 404

    def test_headquarters_without_a_guide_is_told_which_roles_may(self, client, world):
        client.force_login(world.gu)
        assert client.get("/w/").status_code == 403

    def test_who_is_not_signed_in_is_sent_to_the_phone_sign_in(self, client, db):
        assert "sign-in/code" in client.get("/w/")["Location"]

    def test_a_guide_between_posts_is_told_what_to_do(self, lin, world):
        with world.inside(world.hehe):
            world.lin.assignments.update(ends_at=timezone.now())
        assert lin.get("/w/").status_code == 403


class TestMembers:
    @pytest.mark.parametrize("text", ["方", "fang", "fns", "0001", FANG, "方女士"])
    def test_a_member_is_found_by_what_one_remembers(self, lin, fang, text):
        page = lin.get("/w/members/", {"q": text})
        assert [member.ref for member in page.context["shown"]] == [fang.channel_member.ref]

    @pytest.mark.parametrize("text", ["王", "wang", "9999", "13800019999", "1380001000199"])
    def test_nobody_else_is_found(self, lin, fang, text):
        page = lin.get("/w/members/", {"q": text}, headers=HTMX)
        assert not page.context["shown"].object_list
        assert "<html" not in page.content.decode()

    def test_her_own_and_the_stores(self, lin, world, fang):
        assert len(lin.get("/w/members/").context["shown"]) == 1
        assert len(lin.get("/w/members/?whose=store").context["shown"]) == 1

    def test_the_card_shows_the_phone_masked_and_the_coupons_the_consent_opens(self, lin, fang, code):
        text = lin.get(f"/w/members/{fang.channel_member.ref}/").content.decode()
        assert "138****0001" in text and FANG not in text
        assert "满200减30" in text and code not in text

    def test_a_member_without_a_name_is_called_that_never_by_a_number(self, lin, world):
        nobody = joined(world.qinglan_brand, world.jingan, name="", guide=world.lin, at=timezone.now())
        ref = nobody.channel_member.ref
        for path in ("", "members/", f"members/{ref}/", f"sale/?member={ref}"):
            page = lin.get(f"/w/{path}", headers={"Accept-Language": "en"}, follow=True).content.decode()
            assert "A member without a name" in page and ref not in re.sub(r"<[^>]*>", "", page), path

    def test_a_guide_may_not_reveal_a_phone(self, lin, fang):
        answer = lin.post(f"/w/members/{fang.channel_member.ref}/phone/", {"reason": "call"})
        assert answer.status_code == 403 and FANG not in answer.content.decode()

    def test_a_manager_who_serves_reveals_it_for_a_reason_and_that_is_an_event(self, lin, world, fang):
        with world.inside(world.hehe):
            unit = world.jingan.org_unit
            appoint(user=world.lin.user, merchant=world.hehe, role=Role.STORE_MANAGER, org_unit=unit, by=TILL)
        url = f"/w/members/{fang.channel_member.ref}/phone/"
        assert lin.post(url, headers=HTMX).status_code == 422
        assert not Event.objects.filter(kind="phone.revealed").exists()
        answer = lin.post(url, {"reason": "call"}, headers=HTMX)
        assert f"+86{FANG}" in answer.content.decode()
        event = Event.objects.get(kind="phone.revealed")
        assert (event.actor_ref, event.subject) == (world.lin.user.ref, fang.channel_member.ref)


class TestSendingACoupon:
    def url(self, fang, campaign):
        return f"/w/members/{fang.channel_member.ref}/coupons/{campaign.ref}/"

    def test_chosen_confirmed_sent_once(self, lin, world, fang, campaign):
        choose = lin.get(f"/w/members/{fang.channel_member.ref}/coupons/")
        assert choose.context["campaigns"] == [campaign]
        page = lin.get(self.url(fang, campaign))
        key = {"claim_key": page.context["claim_key"]}
        for _tap in range(2):
            answer = lin.post(self.url(fang, campaign), key, follow=True)
            assert "999" in answer.content.decode()
        with world.inside(world.qinglan):
            coupon = Coupon.objects.get()
        assert (coupon.member, coupon.sent_by, coupon.store) == (fang.member, world.lin, world.jingan)

    def test_a_second_one_is_refused_with_the_next_step(self, lin, fang, campaign, code):
        answer = lin.post(self.url(fang, campaign), {"claim_key": "clm_2"})
        assert answer.status_code == 422
        assert answer.context["refusal"].code == "campaign.member_limit"

    def test_a_campaign_of_a_brand_not_sold_here_is_not_there(self, lin, world, fang):
        foreign = campaign_of(world.stranger, None)
        assert lin.get(self.url(fang, foreign)).status_code == 404


class TestScanning:
    def test_a_typed_code_opens_the_card_without_the_code_in_the_address(self, lin, fang, code):
        answer = lin.post("/w/scan/", {"code": code})
        assert answer.status_code == 302 and code not in answer["Location"]
        page = lin.get(answer["Location"], follow=True)
        assert page.context["card"].member == fang.channel_member
        assert page.context["card"].binding.guide.name == "林小雨"

    def test_a_photo_of_the_qr_is_read(self, lin, code):
        answer = lin.post("/w/scan/", {"photo": photo_of(code)})
        assert unpacked(answer["Location"].partition("coupon=")[2]) == code

    @pytest.mark.parametrize(
        ("upload", "refusal"),
        [
            (lambda: SimpleUploadedFile("x.jpg", b"not a photo", "image/jpeg"), "photo.unreadable"),
            (lambda: picture(Image.new("L", (400, 400), 255)), "photo.no_code"),
            (lambda: SimpleUploadedFile("x.jpg", b"0" * (8 * 1024 * 1024 + 1)), "photo.too_large"),
            (lambda: png_that_claims(8_000, 8_000), "photo.too_large"),
            (lambda: png_that_claims(10_000, 10_000), "photo.too_large"),
            (lambda: png_that_claims(60_000, 60_000), "photo.too_large"),
        ],
    )
    def test_what_cannot_be_read_says_so(self, lin, upload, refusal):
        answer = lin.post("/w/scan/", {"photo": upload()})
        assert (answer.status_code, answer.context["refusal"].code) == (422, refusal)

    @pytest.mark.parametrize(("typed", "refusal"), [("", "coupon.no_code"), ("1234", "coupon.unknown")])
    def test_a_wrong_code_stays_on_the_page_with_the_next_step(self, lin, world, typed, refusal):
        answer = lin.post("/w/scan/", {"code": typed})
        assert (answer.status_code, answer.context["refusal"].code) == (422, refusal)
        assert escape(str(answer.context["refusal"].next_step)) in answer.content.decode()

    def test_what_we_did_not_seal_is_no_code(self):
        assert unpacked("1234123412341234") == "" and unpacked(carried("1")) == "1"


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

    def test_what_nobody_here_sells_is_said_and_the_rest_stays(self, lin, world):
        page = lin.get("/w/sale/", follow=True)
        given = form_of(page, q="NO-SUCH", add="", **basket(world, world.tea))
        answer = lin.post("/w/sale/basket/", given, headers=HTMX)
        assert answer.context["said"].code == "sku.unknown"
        assert [entry["line"].sku for entry in answer.context["rows"]] == [world.tea]

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


class TestEarnings:
    def test_before_the_worker_it_says_so_and_after_it_what_and_why(self, lin, world):
        order = sold(world.jingan, line(world.tote), touches={"serving": "G101"}, paid_at=timezone.now())
        assert lin.get(f"/w/sales/{order.ref}/earned/").context["split"] is False
        with world.inside(world.hehe):
            settlement.book_and_settle([order.id], seller=world.hehe)
        assert lin.get(f"/w/sales/{order.ref}/earned/").context["split"] is True

    def test_the_page_and_its_live_fragment(self, lin, world):
        assert lin.get("/w/earnings/").status_code == 200
        assert "<html" not in lin.get("/w/earnings/figures/").content.decode()
        assert lin.get("/w/earnings/?before=abc").status_code == 200


def test_messages_name_whom_they_are_about_and_are_read_once_seen(lin, world, fang):
    assert lin.get("/w/me/").status_code == 200
    assert lin.get("/w/messages/").status_code == 200


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


def photo_of(code: str) -> SimpleUploadedFile:
    buffer = BytesIO()
    segno.make(code, error="m").save(buffer, kind="png", scale=6)
    qr = Image.open(buffer).convert("RGB")
    table = Image.new("RGB", (1200, 900), (196, 180, 160))
    table.paste(qr.rotate(7, expand=True, fillcolor=(255, 255, 255)), (400, 250))
    return picture(table)


def picture(image: Image.Image) -> SimpleUploadedFile:
    buffer = BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=80)
    return SimpleUploadedFile("photo.jpg", buffer.getvalue(), "image/jpeg")


def png_that_claims(width: int, height: int) -> SimpleUploadedFile:
    """A few bytes whose header promises a picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"0"))
    return SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))


def test_the_till_finds_what_the_phone_carried(world, code):
    assert redemption.digits(f" {code[:4]}-{code[4:]}") == code
