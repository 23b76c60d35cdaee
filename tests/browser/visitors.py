"""People with browsers of their own: a phone in the hand, a desk at headquarters."""

import random
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

from tests.browser.site import Site

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
DESK = {"viewport": {"width": 1440, "height": 900}}
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
# What a browser says of an answer 4xx, which a page with a fault in a form is, and of a cut line.
EXPECTED = re.compile(r"status of 4(0[34]|22)\b|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED")


class Visitor:
    """One browser context with one page. `complaints` collects what no visit may cause: faults of scripts,
    broken content rules, errors on the console, requests to other hosts, answers 5xx."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context, self.site = context, site
        self.complaints: list[str] = []
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self._asked)
        context.on("response", self._answered)
        self.page: Page = context.new_page()

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.site.address}{path}")
        return self.page

    def live(self) -> Page:
        """The page, once its socket is open and what it missed is read."""
        self.page.wait_for_selector("[data-live-state=live]", state="attached", timeout=10_000)
        return self.page

    def path(self) -> str:
        return self.page.url.removeprefix(self.site.address)

    def press(self, form: str) -> None:
        """Press a form's own button."""
        self.page.click(f"{form} button[type=submit] >> nth=-1")

    def submit(self, form: str) -> None:
        """The same, and wait for the next page."""
        with self.page.expect_navigation():
            self.press(form)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(f"console at {self.page.url}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.site.address, "data:", "blob:")):
            self.complaints.append(f"asked another host: {request.url}")

    def _answered(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} from {response.url}")


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "No chromium on this machine. On Debian: apt-get install chromium"
    browser = playwright.chromium.launch(executable_path=found, args=FLAGS.split())
    yield browser
    browser.close()


class Door:
    """Lets visitors in, each with cookies of their own, and sees them out."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self.site = browser, site
        self.inside: list[Visitor] = []

    def shopper(self, **options: Any) -> Visitor:
        """A stranger's phone, standing about 300 m north of HE001, willing to say so."""
        store = self.site.store
        here = {"longitude": store["lng"], "latitude": store["lat"] + 0.0027}
        return self._enter(**PHONE, geolocation=here, permissions=["geolocation"], **options)

    def guide(self, merchant: str = "hehe", **options: Any) -> Visitor:
        """The demo's guide, signed in on a phone."""
        phone = self.site.login(merchant, "guide")["phone"]
        return self._member_of_staff(phone, self._by_code, **PHONE, **options)

    def headquarters(self, merchant: str = "hehe", role: str = "owner", **options: Any) -> Visitor:
        """One of the demo's people at a desk, signed in."""
        login = self.site.login(merchant, role)
        return self._member_of_staff(login["email"], self._by_password, login["password"], **DESK, **options)

    def close(self) -> None:
        for visitor in self.inside:
            visitor.context.close()

    def _member_of_staff(self, who: str, sign_in: Any, *secret: str, **options: Any) -> Visitor:
        visitor = self._enter(storage_state=self.site.signed_in.get(who), **options)
        if who not in self.site.signed_in:
            sign_in(visitor, who, *secret)
            self.site.signed_in[who] = visitor.context.storage_state()
        return visitor

    def _by_code(self, visitor: Visitor, phone: str) -> None:
        page = visitor.go("/account/sign-in/code/")
        page.fill("[name=phone]", phone.removeprefix("+86"))
        visitor.submit("form:has([name=phone])")
        page.fill("[name=code]", page.inner_text("[data-demo-code]"))
        visitor.submit("form:has([name=code])")

    def _by_password(self, visitor: Visitor, email: str, password: str) -> None:
        page = visitor.go("/account/sign-in/")
        page.fill("[name=login]", email)
        page.fill("[name=password]", password)
        visitor.submit("form:has([name=password])")

    def _enter(self, *, language: str = "zh", theme: str = "light", **options: Any) -> Visitor:
        context = self.browser.new_context(
            locale=LANGUAGES[language],
            timezone_id="Asia/Shanghai",
            color_scheme=theme,
            reduced_motion="no-preference",
            **options,
        )
        context.set_default_timeout(10_000)
        visitor = Visitor(context, self.site)
        self.inside.append(visitor)
        return visitor


def a_phone() -> str:
    """A mobile number nobody has used yet, as a shopper types it."""
    return f"138{random.randrange(10**8):08d}"


def a_name() -> str:
    """Whose, nobody else has today."""
    return random.choice("苏许程陆罗唐顾温") + "".join(random.sample("静怡一诺书瑶清妍思远若曦佳宁景行", 2))


def join(visitor: Visitor, *, name: str, guide: str, brand: str = "qinglan") -> str:
    """Join by a guide's card, allowing everything; the phone."""
    phone = ready_to_join(visitor, name=name, guide=guide, brand=brand)
    visitor.submit(JOIN_FORM)
    return phone


JOIN_FORM = "form:has([name=code])"


def ready_to_join(visitor: Visitor, *, name: str, guide: str, brand: str = "qinglan") -> str:
    """The same up to the last tap, on `JOIN_FORM`."""
    phone = a_phone()
    page = visitor.go(f"/s/{brand}/g/{guide}/")
    page.fill("[name=phone]", phone)
    visitor.submit("form:has([name=phone])")
    page.fill("[name=code]", page.inner_text("strong.code"))
    page.fill("[name=name]", name)
    for box in ("membership", "known_to_store", "marketing"):
        page.check(f"[name={box}]")
    return phone
