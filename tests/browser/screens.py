"""The main screens, each with who looks at it and where it stands in the demo."""

from dataclasses import dataclass
from typing import Any

from tests.browser.visitors import Door, Visitor


@dataclass(frozen=True)
class Screen:
    """`{store}`, `{guide}`, `{member}`, `{order}` … in a path stand for the demo's own, see `places`."""

    name: str
    who: str
    path: str
    status: int = 200


SCREENS = [
    Screen("storefront", "shopper", "/s/qinglan/"),
    Screen("cities", "shopper", "/s/qinglan/cities/"),
    Screen("store", "shopper", "/s/qinglan/st/{store}/"),
    Screen("guide-card", "shopper", "/s/qinglan/g/{guide}/"),
    Screen("join", "shopper", "/s/qinglan/join/?guide={guide}"),
    Screen("shopper-sign-in", "shopper", "/s/qinglan/sign-in/"),
    Screen("me", "member", "/s/qinglan/me/"),
    Screen("coupon", "member", "/s/qinglan/me/coupons/{coupon}/"),
    Screen("my-orders", "member", "/s/qinglan/me/orders/"),
    Screen("privacy", "member", "/s/qinglan/me/privacy/"),
    Screen("staff-sign-in", "shopper", "/account/sign-in/code/"),
    Screen("headquarters-sign-in", "shopper", "/account/sign-in/"),
    Screen("today", "guide", "/w/"),
    Screen("members", "guide", "/w/members/"),
    Screen("member", "guide", "/w/members/{member}/"),
    Screen("choose-campaign", "guide", "/w/members/{member}/coupons/"),
    Screen("redeem", "guide", "/w/scan/"),
    Screen("sale", "guide", "/w/sale/"),
    Screen("sold", "guide", "/w/sales/{order}/"),
    Screen("earnings", "guide", "/w/earnings/"),
    Screen("bank-account", "guide", "/w/me/account/"),
    Screen("messages", "guide", "/w/messages/"),
    Screen("mine", "guide", "/w/me/"),
    Screen("overview", "headquarters", "/hq/"),
    Screen("feed", "headquarters", "/hq/feed/"),
    Screen("search", "headquarters", "/hq/search/?q=QL"),
    Screen("hq-members", "headquarters", "/hq/members/"),
    Screen("hq-member", "headquarters", "/hq/members/{member}/"),
    Screen("campaigns", "headquarters", "/hq/campaigns/"),
    Screen("new-campaign", "headquarters", "/hq/campaigns/new/"),
    Screen("stores", "headquarters", "/hq/stores/"),
    Screen("hq-store", "headquarters", "/hq/stores/{store}/"),
    Screen("contracts", "headquarters", "/hq/contracts/"),
    Screen("plans", "headquarters", "/hq/plans/"),
    Screen("keys", "headquarters", "/hq/keys/"),
    Screen("orders", "headquarters", "/hq/orders/"),
    Screen("order", "headquarters", "/hq/orders/{order}/"),
    Screen("ledger", "headquarters", "/hq/ledger/"),
    Screen("hq-guides", "headquarters", "/hq/guides/"),
    Screen("new-plan", "headquarters", "/hq/plans/new/"),
    Screen("attribution", "headquarters", "/hq/attribution/"),
    Screen("new-attribution", "headquarters", "/hq/attribution/new/"),
    Screen("appeals", "headquarters", "/hq/appeals/"),
    Screen("settlements", "headquarters", "/hq/settlements/"),
    Screen("payouts", "headquarters", "/hq/payouts/"),
    Screen("payouts-received", "headquarters", "/hq/payouts/received/"),
    Screen("payout-results", "headquarters", "/hq/payouts/results/"),
    Screen("withholding", "headquarters", "/hq/payouts/withholding/"),
    Screen("reconciliation", "headquarters", "/hq/reconciliation/"),
    Screen("bill-import", "headquarters", "/hq/reconciliation/import/"),
    Screen("statements", "headquarters", "/hq/statements/"),
    Screen("second-step", "headquarters", "/account/second-step/"),
    Screen("devices", "headquarters", "/account/devices/"),
    Screen("not-found", "headquarters", "/hq/orders/ord_nothing/", 404),
]
ON_PHONES = {"shopper", "member", "guide"}


@dataclass
class Gallery:
    """Shows every screen to its own visitor; one of each kind for a language and a theme."""

    door: Door
    places: dict[str, str]
    member_cookies: Any

    def visitors(self, *, language: str, theme: str) -> dict[str, Visitor]:
        look = {"language": language, "theme": theme}
        return {
            "shopper": self.door.shopper(**look),
            "member": self.door.shopper(storage_state=self.member_cookies, **look),
            "guide": self.door.guide(**look),
            "headquarters": self.door.headquarters(**look),
        }

    def show(self, visitor: Visitor, screen: Screen) -> int:
        """Open it and wait for what comes by itself: the nearest stores, fragments, movements. The status."""
        page = visitor.page
        answer = page.goto(f"{visitor.site.address}{screen.path.format(**self.places)}")
        if screen.name == "storefront":
            page.wait_for_selector("#near li")
        page.wait_for_function(
            "!document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')"
            " && document.getAnimations().every((moving) => moving.playState !== 'running')"
        )
        return answer.status
