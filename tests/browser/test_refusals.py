"""Bad input at each step of the loop: a clear sentence, the next step, and nothing half done."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.test_till import SHIRT, TEA, member_with_coupon, number
from tests.browser.visitors import a_phone
from tests.merchant_calls import money_back, sale

pytestmark = pytest.mark.browser

DEEDS = ("order.", "member.", "binding.", "coupon.")


@pytest.fixture
def nothing_happens(site):
    """No merchant is told of a sale, a member or a coupon while the test runs."""
    merchants = (site.hehe, site.qinglan, site.mubai)
    marks = [merchant.told()[1] for merchant in merchants]
    yield
    for merchant, mark in zip(merchants, marks, strict=True):
        news = {event["kind"] for event in merchant.told(after=mark)[0]}
        assert not [kind for kind in news if kind.startswith(DEEDS)], merchant.name


def refused(answer, status: int, code: str) -> None:
    assert (answer.status, answer.body.get("code")) == (status, code), answer.body
    assert answer["detail"] and answer["next_step"] and answer["request_id"], answer.body


class TestAtTheTill:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_each_wrong_sale_says_what_is_wrong_and_what_to_do(self, site, nothing_happens, language):
        till = type(site.hehe)(site.address, site.hehe.key, site.hehe.name, language)
        foreign = site.merchant("jincheng")
        good = sale("HE001", SHIRT, no=number())
        for body, status, code in [
            (good | {"coupons": ["0000 0000 0000 0000"]}, 422, "coupon.unknown"),
            (sale("HE001", "QL-9999", no=number()), 422, "sku.unknown"),
            (sale("NOWHERE", SHIRT, no=number()), 404, None),
            (sale("HE001", no=number()), 422, None),
            (good | {"lines": [{"sku": SHIRT, "quantity": 0}]}, 422, "input.invalid"),
            (good | {"paid_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}, 422, "order.in_future"),
            (good | {"currency": "USD"}, 422, "order.currency"),
            (good | {"buyer": {"member": "mem_nobody"}}, 422, "member.unknown"),
            (good | {"buyer": {"phone": "12"}}, 422, None),
        ]:
            answer = till.post("/orders", body)
            refused(answer, status, code or answer.body.get("code"))
            if language == "zh-hans":
                for words in (answer["detail"], answer["next_step"]):
                    assert any("\u4e00" <= sign <= "\u9fff" for sign in words), (code, words)
        assert foreign.post("/orders", good | {"store": site.store["id"]}).status == 404
        assert till.get("/orders", external_no=good["external_no"])["data"] == []

    def test_a_brand_the_store_has_no_contract_for(self, site, nothing_happens):
        refused(site.mubai.post("/orders", sale("MU001", SHIRT, no=number())), 422, "sku.unknown")
        body = sale("MU001", TEA, no=number())
        body["lines"] = [{"sku": SHIRT, "brand": "qinglan", "quantity": 1}]
        refused(site.mubai.post("/orders", body), 422, "contract.missing")

    def test_a_brand_owner_tells_only_of_its_own_brands(self, site, nothing_happens):
        body = sale(site.store["id"], SHIRT, TEA, no=number())
        refused(site.mubai.post("/orders", body), 422, "sku.unknown")

    def test_a_used_coupon_refuses_the_whole_sale_and_the_till_may_send_it_without(self, site):
        _member, code = member_with_coupon(site)
        assert site.hehe.post("/orders", sale("HE001", SHIRT, no=number(), coupons=[code])).status == 201
        body = sale("HE001", SHIRT, TEA, no=number(), coupons=[code])
        refused(site.hehe.post("/orders", body), 422, "coupon.used")
        assert site.hehe.get("/orders", external_no=body["external_no"])["data"] == []
        assert site.hehe.post("/orders", body | {"coupons": []}).status == 201

    def test_a_coupon_below_its_threshold_stays_usable(self, site):
        member, code = member_with_coupon(site)
        body = sale("HE001", "QL-4001", no=number(), coupons=[code])  # 199.00 of the 200.00 it needs
        refused(site.hehe.post("/orders", body), 422, "coupon.below_threshold")
        assert site.qinglan.get(f"/coupons/{code}")["state"] == "issued"
        assert site.hehe.post("/orders", sale("HE001", SHIRT, no=number(), coupons=[code])).status == 201

    def test_an_expired_coupon(self, site, pause):
        start, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(seconds=2)
        window = {"claim_from": start, "claim_until": end, "use_from": start, "use_until": end}
        campaign = site.qinglan.post(
            "/campaigns",
            {"name": "最后两秒", "brand": "qinglan", "threshold": 100, "amount_off": 50, "issue_limit": 5}
            | {name: at.isoformat() for name, at in window.items()},
        )
        joined = {"phone": a_phone(), "consents": [{"purpose": "membership"}]}
        member = site.qinglan.post("/members", joined)["id"]
        code = site.qinglan.post(f"/campaigns/{campaign['id']}/coupons", {"member": member})["code"]
        pause(2.2)
        body = sale("HE001", SHIRT, no=number(), coupons=[code])
        refused(site.hehe.post("/orders", body), 422, "coupon.expired")
        late = site.qinglan.post(f"/campaigns/{campaign['id']}/coupons", {"member": member})
        refused(late, 422, "campaign.not_open")

    def test_a_closed_store_sells_nothing(self, site):
        site.manage(
            "shell",
            "-c",
            "from merchants.models import Merchant; from django_scopes import scope\n"
            "from stores.models import Store; from stores.opening import revise\n"
            "from events.record import Actor\n"
            f"hehe = Merchant.objects.get(name='{site.hehe.name}')\n"
            "with scope(merchant=hehe):\n"
            "    revise(store=Store.objects.get(code='HE003'), status='closed', by=Actor.system('test'))\n",
        )
        refused(site.hehe.post("/orders", sale("HE003", SHIRT, no=number())), 422, "store.closed")

    def test_more_back_than_was_paid(self, site):
        no = number()
        site.hehe.post("/orders", sale("HE001", TEA, no=no))
        refused(site.hehe.post("/refunds", money_back(TEA, 16801, no=no)), 422, "refund.above_paid")
        assert site.hehe.get("/orders", external_no=no)["data"][0]["refunded_total"] == 0

    def test_one_number_for_two_sales_and_one_key_for_two_requests(self, site):
        no, once = number(), uuid.uuid4().hex
        body = sale("HE001", TEA, no=no)
        assert site.hehe.post("/orders", body, once=once).status == 201
        other = body | {"lines": [{"sku": TEA, "quantity": 2}]}
        assert site.hehe.post("/orders", other, once=once).status == 422
        assert site.hehe.post("/orders", other).status == 409
        assert site.hehe.get("/orders", external_no=no)["data"][0]["paid_total"] == 16800


class TestOnThePhones:
    def test_a_shopper_who_types_wrong_is_told_and_nothing_is_kept_until_it_is_right(self, site, door):
        shopper, phone = door.shopper(), a_phone()
        page = shopper.go(f"/s/qinglan/g/{site.guide['id']}/")
        page.fill("[name=phone]", "12345")
        shopper.press("form:has([name=phone])")
        expect(page.locator("[name=phone][aria-invalid=true]")).to_have_count(1)
        page.fill("[name=phone]", phone)
        shopper.submit("form:has([name=phone])")
        code = page.inner_text("strong.code")
        # Without the needed consent, then with a code that is not right.
        page.fill("[name=code]", code)
        shopper.press("form:has([name=code])")
        expect(page.locator("[name=membership][aria-invalid=true]")).to_have_count(1)
        assert site.hehe.get("/members", phone=phone)["data"] == []
        page.fill("[name=code]", f"{(int(code) + 1) % 10**6:06d}")
        page.check("[name=membership]")
        page.check("[name=known_to_store]")
        shopper.press("form:has([name=code])")
        expect(page.locator("[name=code][aria-invalid=true]")).to_have_count(1)
        assert site.qinglan.get("/members", phone=phone)["data"] == []
        page.fill("[name=code]", code)
        shopper.submit("form:has([name=code])")
        assert shopper.path() == "/s/qinglan/me/"
        assert len(site.hehe.get("/members", phone=phone)["data"]) == 1
        page.go_back()  # which no browser does to the answer of a refused post
        expect(page.locator("h1, .page-title").first).to_be_visible()
        page.go_back()
        page.wait_for_url(f"**/g/{site.guide['id']}/")

    def test_a_code_that_expired_asks_for_a_new_one(self, site, door):
        shopper = door.shopper()
        page = shopper.go("/s/qinglan/sign-in/")
        page.fill("[name=phone]", a_phone())
        shopper.submit("form:has([name=phone])")
        code = page.inner_text("strong.code")
        site.manage(
            "shell",
            "-c",
            "from members.models import PhoneCode; from django.utils import timezone\n"
            "PhoneCode.objects.update(expires_at=timezone.now())",
        )
        page.fill("[name=code]", code)
        shopper.press("form:has([name=code])")
        expect(page.locator("[name=code][aria-invalid=true]")).to_have_count(1)
        expect(page.locator("form[action$='/sign-in/'] button")).to_be_visible()  # sends a new one

    def test_a_guide_with_a_bad_code_or_nothing_to_sell_records_nothing(self, site, door, nothing_happens):
        guide = door.guide()
        page = guide.go("/w/scan/")
        for typed in ("", "1234", "0000 0000 0000 0000"):
            page.fill("[name=code]", typed)
            guide.submit("form:has([name=code])")
            fault = page.locator("[data-fault]")
            expect(fault).to_be_visible()
            assert fault.locator("p").count() == 2, "what happened, and the next step"
        page.goto(f"{site.address}/w/sale/")
        page.fill("#goods-q", "NOTHING-1")
        page.click("#picker .picker-line button")
        expect(page.locator("#picker [data-fault]")).to_be_visible()
        expect(page.locator("button[hx-post$='/w/sale/']")).to_be_hidden()

    def test_a_coupon_used_meanwhile_is_refused_at_the_confirmation(self, site, door):
        _member, code = member_with_coupon(site)
        guide = door.guide()
        page = guide.go("/w/scan/")
        page.fill("[name=code]", code)
        guide.submit("form:has([name=code])")
        page.fill("#goods-q", SHIRT)
        page.locator("#goods button", has_text=SHIRT).click()
        confirm = page.locator("button[hx-post$='/w/sale/']")
        expect(confirm).to_be_visible()
        assert site.hehe.post("/orders", sale("HE001", SHIRT, no=number(), coupons=[code])).status == 201
        orders = site.hehe.get("/orders", limit=1)["data"][0]["id"]
        confirm.click()
        expect(page.locator("#basket [data-fault]")).to_be_visible()
        assert site.hehe.get("/orders", limit=1)["data"][0]["id"] == orders

    def test_a_page_left_behind_by_a_sale_does_not_show_its_receipt_for_other_goods(self, site, door):
        page = door.guide().go("/w/sale/")
        other = page.context.new_page()  # the same page twice, as the back button leaves it

        def told(tab, sku: str) -> None:
            tab.fill("#goods-q", sku)
            tab.locator("#goods button", has_text=sku).click()
            tab.locator("button[hx-post$='/w/sale/']").click()

        other.goto(page.url)
        told(other, SHIRT)
        other.wait_for_url("**/w/sales/**")
        first = site.hehe.get("/orders", limit=1)["data"][0]["id"]
        address = page.url
        told(page, "QL-1003")
        expect(page.locator("#basket [data-fault]")).to_be_visible()
        assert site.hehe.get("/orders", limit=1)["data"][0]["id"] == first
        assert page.url != address and page.locator("input[name=number]").input_value() in page.url
        page.locator("button[hx-post$='/w/sale/']").click()
        page.wait_for_url("**/w/sales/**")
        assert site.hehe.get("/orders", limit=1)["data"][0]["id"] != first
        page.goto(address)
        page.wait_for_url("**/w/sales/**")

    def test_what_is_anothers_is_not_there(self, site, door):
        guide, desk = door.guide(), door.headquarters("mubai")
        foreign = site.qinglan.get("/members")["data"][0]["id"]
        for visitor, path in [
            (guide, f"/w/members/{foreign}/"),
            (desk, f"/hq/members/{foreign}/"),
            (desk, "/hq/orders/ord_nothing/"),
            (door.shopper(), "/s/nobrand/"),
        ]:
            answer = visitor.page.goto(f"{site.address}{path}")
            assert answer.status == 404, path
            expect(visitor.page.locator("main a, main button").first).to_be_visible()  # a way on
