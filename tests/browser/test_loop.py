"""The closed loop in three browsers at once: a shopper's phone, a guide's phone, headquarters' desk.

One story, told in the order in which it happens; the demo's collection store HE001 sells two brands.
"""

import re
import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.visitors import JOIN_FORM, Visitor, a_name, a_phone, join, ready_to_join
from tests.merchant_calls import money_back

pytestmark = pytest.mark.browser

SHIRT, TEA = "QL-1001", "MB-1002"  # 299.00 of Qinglan, 168.00 of Mubai
OFF, THRESHOLD = 3000, 20000  # the demo's campaign 满200减30


class Stopwatch:
    """How long something takes to show, against what the issue promises. Printed, for the promise is of a
    quiet machine; failed only far beyond it."""

    def __init__(self, what: str, promised: float, at_most: float) -> None:
        self.what, self.promised, self.at_most = what, promised, at_most
        self.began = time.monotonic()

    def stop(self) -> None:
        took = time.monotonic() - self.began
        print(f"\n  {self.what}: {took:.2f} s (promised {self.promised:g} s)", end="")
        assert took <= self.at_most, f"{self.what} took {took:.2f} s"


def fen(text: str) -> int:
    return round(float(re.search(r"-?[\d,]+\.\d\d", text.replace("−", "-")).group().replace(",", "")) * 100)


def figure(desk: Visitor, name: str) -> int:
    """A figure of the overview; money in fen, from the exact value behind a shortened one."""
    shown = desk.page.locator(f"#kpi-{name} .kpi-value")
    exact = shown.locator("[title]")
    text = exact.get_attribute("title") if exact.count() else shown.inner_text()
    return fen(text) if "¥" in text else int(text.replace(",", ""))


def moved(desk: Visitor, name: str, before: int) -> int:
    """The figure once it is no longer what it was, without the page having been loaded anew."""
    deadline = time.monotonic() + 10
    while (now := figure(desk, name)) == before:
        assert time.monotonic() < deadline, f"{name} stands still at {before}"
        desk.page.wait_for_timeout(50)
    return now


def test_from_the_nearest_store_to_the_last_fen(site, door):
    shopper, guide, desk = door.shopper(), door.guide(), door.headquarters()
    today = guide.go("/w/")
    guide.live()
    today.evaluate("window.untouched = true")
    overview = desk.go("/hq/")
    desk.live()
    overview.evaluate("window.untouched = true")
    before = {name: figure(desk, name) for name in ("sales", "members", "redemptions", "commission")}
    _earlier, mark = site.hehe.told()

    # 1. The nearest store: how far, open now, who is there.
    page = shopper.go("/s/qinglan/")
    nearest = page.locator("#near li").first  # willing to say where: asked without a tap
    expect(nearest).to_contain_text(site.store["name"])
    expect(nearest).to_contain_text(re.compile(r"\b(29\d|30\d) "))  # metres, by haversine
    expect(nearest).to_contain_text(site.guide["name"])
    nearest.locator("a").click()
    page.wait_for_url("**/st/*/")
    page.click(f"a[href$='/g/{site.guide['id']}/']")
    page.wait_for_url("**/g/*/")

    # 2. Joins with this guide.
    name = a_name()
    phone = ready_to_join(shopper, name=name, guide=site.guide["id"])
    until_seen = Stopwatch("from “join now” to the guide's 今日", 1, 5)
    shopper.press(JOIN_FORM)

    # 3. The guide's phone shows it without being touched.
    expect(today.locator("#arrivals")).to_contain_text(name, timeout=10_000)
    until_seen.stop()
    page.wait_for_url("**/s/qinglan/me/")
    assert today.evaluate("window.untouched")
    found = site.hehe.get("/members", phone=phone)["data"]
    assert [member["name"] for member in found] == [name]
    binding = site.hehe.get(f"/members/{found[0]['id']}?expand[]=binding")["binding"]
    assert binding["guide"] == site.guide["id"] and binding["protected_until"] > datetime.now(UTC).isoformat()
    assert moved(desk, "members", before["members"]) == before["members"] + 1

    # 4. The guide sends a coupon; it appears on the shopper's page, with a QR and a grouped code.
    mine = shopper.live()
    mine.evaluate("window.untouched = true")
    today.click("#arrivals a")
    today.wait_for_url("**/w/members/*/")
    today.click("a[href$='/coupons/']")
    today.wait_for_url("**/coupons/")
    today.click("a.item:has-text('满200减30')")
    today.wait_for_url("**/coupons/*/")
    until_seen = Stopwatch("from “send it” to the shopper's page", 1, 5)
    guide.press("form:has([name=claim_key])")
    coupon = mine.locator("#mine a[href*='/me/coupons/']")
    expect(coupon).to_contain_text("满200减30")
    until_seen.stop()
    assert mine.evaluate("window.untouched")
    coupon.click()
    mine.wait_for_url("**/me/coupons/*/")
    expect(mine.locator("#coupon svg").first).to_be_visible()
    groups = mine.locator("#coupon .code span").all_inner_texts()
    assert len(groups) == 4 and all(re.fullmatch(r"\d{4}", group) for group in groups)
    shopper.live()

    # 5. The guide redeems it with a sale of two brands.
    guide.go("/w/scan/")
    today.fill("[name=code]", " ".join(groups))
    guide.submit("form:has([name=code])")
    for sku in (SHIRT, TEA):
        today.fill("#goods-q", sku)
        today.locator("#goods button", has_text=sku).click()
        expect(today.locator("#basket li", has_text=sku)).to_be_visible()
    total = 29900 + 16800 - OFF
    expect(today.locator("#basket dd").filter(has_text="437.00")).to_be_visible()
    until_earned = Stopwatch("from “confirm” to the commission on the guide's phone", 2, 5)
    today.click("button[hx-post$='/w/sale/']")
    today.wait_for_url("**/w/sales/*/?done=1")
    expect(today.locator("#earned .big")).to_contain_text("¥")
    until_earned.stop()
    order_ref = guide.path().split("/")[3]
    expect(mine.locator("#coupon .stamp")).to_be_visible()  # the shopper's ticket is stamped by itself
    expect(mine.locator(".shop-head .seal")).to_be_visible()  # and the brand keeps its mark

    # 6. What was earned, and why.
    order = site.hehe.get(f"/orders/{order_ref}?expand[]=splits").body
    assert order["paid_total"] == total and [c["amount_off"] for c in order["coupons"]] == [OFF]
    assert [(s["mode"], s["state"]) for s in order["splits"]] == [
        ("central", "settled"),
        ("direct", "settled"),
    ]
    for split, line in zip(order["splits"], order["lines"], strict=True):
        assert sum(share["amount"] for share in split["shares"]) == split["base"]
        assert split["base"] - split["contribution"] == split["paid"] == line["paid"]
    own = [s for split in order["splits"] for s in split["shares"] if s["payee"] == site.guide["id"]]
    earned = sum(share["held"] for share in own)
    assert len(own) == 2 and earned > 0
    guide.go("/w/earnings/")
    guide.live()
    lines = today.locator(f"#earnings a[href$='/sales/{order_ref}/']")
    assert sum(fen(text) for text in lines.locator(".item-end").all_inner_texts()) == earned
    assert all(note.strip() for note in lines.locator(".item-note").all_inner_texts())

    # 7. Headquarters has seen it all without touching the page.
    assert moved(desk, "sales", before["sales"]) == before["sales"] + total
    assert moved(desk, "redemptions", before["redemptions"]) == before["redemptions"] + 1
    assert moved(desk, "commission", before["commission"]) == before["commission"] + earned
    assert overview.evaluate("window.untouched")
    told = {event["kind"] for event in site.hehe.told(after=mark)[0]}
    assert told >= {"member.joined", "binding.made", "coupon.redeemed", "order.paid"}
    assert told >= {"commission.booked", "commission.settled"}
    order_page = desk.go(f"/hq/orders/{order_ref}/")
    for words in (SHIRT, TEA, "¥467.00", "¥30.00", "¥437.00", site.guide["name"]):
        expect(order_page.locator("main").get_by_text(words).first).to_be_visible()
    rows = order_page.locator("#order table").nth(2).locator("tbody tr")  # after the lines and the payments
    assert rows.count() >= 3  # channel, store, guide and what is left
    assert all(why.strip() for why in rows.locator("td:nth-child(2)").all_inner_texts())
    assert fen(desk.go("/hq/ledger/").inner_text("#trial-balance")) == 0
    for merchant in (site.hehe, site.qinglan, site.mubai):
        proof = merchant.get("/ledger/trial-balance")
        assert proof["holds"] and proof["total"] == 0, merchant.name

    # 8. The tea comes back, told by the till: every share of its line is mirrored, and the phone shows it.
    sold = guide.context.new_page()  # where something is being typed
    sold.goto(f"{site.address}/w/sales/{order_ref}/")
    sold.wait_for_selector("[data-live-state=live]", state="attached")
    sold.locator("#appeal-1 summary").click()
    sold.fill("#note-1", "我接待的")
    tea = order["lines"][1]
    share = next(s for s in order["splits"][1]["shares"] if s["payee"] == site.guide["id"])
    until_seen = Stopwatch("from the refund to the guide's earnings", 2, 5)
    told = money_back(TEA, tea["paid"], no=order["external_no"], channel=order["channel"])
    back = site.hehe.post("/refunds", told)
    assert (back.status, back["status"]) == (201, "refunded")
    expect(lines.filter(has_text=f"{share['amount'] / 100:.2f}").locator(".item-end")).to_contain_text(
        "¥0.00"
    )
    until_seen.stop()
    expect(sold.locator("#receipt")).to_contain_text(f"−¥{tea['paid'] / 100:.2f}")
    expect(sold.locator("#earned .big")).to_contain_text(f"{(earned - share['amount']) / 100:.2f}")
    expect(sold.locator("#note-1")).to_be_visible()
    expect(sold.locator("#note-1")).to_have_value("我接待的")
    after = site.hehe.get(f"/orders/{order_ref}?expand[]=splits").body
    assert (after["status"], after["refunded_total"]) == ("partly_refunded", tea["paid"])
    assert all(share["held"] == 0 for share in after["splits"][1]["shares"])
    assert site.hehe.get("/ledger/trial-balance")["holds"]


def test_two_tabs_at_once_make_one_member(site, door):
    shopper, phone = door.shopper(), a_phone()
    page = shopper.go("/s/mubai/sign-in/")
    page.fill("[name=phone]", phone)
    shopper.submit("form:has([name=phone])")
    page.fill("[name=code]", page.inner_text("strong.code"))
    shopper.submit("form:has([name=code])")  # a proven phone, not yet a member
    tabs = [page, shopper.context.new_page()]
    for tab in tabs:
        tab.goto(f"{site.address}/s/mubai/join/?guide={site.guide['id']}")
        tab.check("[name=membership]")
        tab.check("[name=known_to_store]")
    for tab in tabs:
        tab.evaluate(
            "setTimeout(() => document.querySelector('form:has([name=membership])').requestSubmit())"
        )
    for tab in tabs:
        tab.wait_for_url("**/s/mubai/me/")
    for merchant in (site.mubai, site.hehe):
        assert len(merchant.get("/members", phone=phone)["data"]) == 1, merchant.name


def test_a_phone_that_was_offline_shows_who_joined_meanwhile(site, door):
    shopper, guide = door.shopper(), door.guide()
    today = guide.go("/w/")
    guide.live()
    today.evaluate("window.untouched = true")
    guide.context.set_offline(True)
    name = a_name()
    join(shopper, name=name, guide=site.guide["id"])
    today.wait_for_timeout(2500)
    assert name not in today.inner_text("#arrivals"), "an offline phone cannot know"
    until_seen = Stopwatch("from the line's return to who joined meanwhile", 5, 20)
    guide.context.set_offline(False)
    expect(today.locator("#arrivals")).to_contain_text(name, timeout=30_000)
    until_seen.stop()
    assert today.evaluate("window.untouched")
