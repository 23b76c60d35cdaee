"""The closed loop across separate processes, as in production; and what is lost when one of them dies: nothing."""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.merchant_calls import MerchantCalls, money_back, sale

pytestmark = pytest.mark.stack

SHIRT, TEA = "QL-1001", "MB-1002"


class Browser:
    """Pages of one server as a person without a script sees them: cookies, forms, their hidden fields."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        with self.opener.open(f"{self.address}{path}", timeout=20) as response:
            self.path = urllib.parse.urlsplit(response.url).path
            return response.read().decode()

    def post(self, path: str, page: str, *, holding: str, **fields: str) -> str:
        """Send the form of `page` that has a field called `holding`, with these fields filled in."""
        forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
        form = next(form for form in forms if f'name="{holding}"' in form)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        request = urllib.request.Request(
            f"{self.address}{path}",
            data=urllib.parse.urlencode(hidden | fields).encode(),
            headers={"Referer": f"{self.address}{path}"},
        )
        with self.opener.open(request, timeout=20) as response:
            self.path = urllib.parse.urlsplit(response.url).path
            return response.read().decode()

    @contextmanager
    def live(self, stack) -> Iterator["Live"]:
        """The push to this person, over the live process."""
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.cookies)
        headers = {"Cookie": cookie, "Origin": self.address}
        with connect(f"{stack.live}/ws/live/", additional_headers=headers, proxy=None) as socket:
            yield Live(socket)


class Live:
    """What a socket has told and nobody has asked for yet."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.told: list[dict[str, Any]] = []

    def until(self, kind: str, subject: str = "", seconds: float = 40) -> dict[str, Any]:
        """The first event of this kind, and of this subject if one is given."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.told:
                if event["kind"] == kind and subject in ("", event["subject"]):
                    self.told.remove(event)
                    return event
            self.told += json.loads(self.socket.recv(timeout=deadline - time.monotonic()))["events"]


class Shop:
    """The demo on the stack: Hehe's store HE001, where Lin serves, and the keys of its merchants."""

    def __init__(self, stack) -> None:
        self.stack = stack
        stack.python("manage.py", "demo", "--scale", "small", "--verbosity", "0")
        told = json.loads(stack.python("manage.py", "demo", "--json"))
        # Each merchant's system speaks to another web process: what one keeps, the other knows.
        self.hehe = MerchantCalls.of_demo(told, "hehe", stack.web[0])
        self.qinglan = MerchantCalls.of_demo(told, "qinglan", stack.web[1])
        self.mubai = MerchantCalls.of_demo(told, "mubai", stack.web[1])
        self.store = self.hehe.get("/stores", code="HE001")["data"][0]
        self.lin = next(g for g in self.hehe.get("/guides")["data"] if g["code"] == "HE001-1")
        who = next(w for w in told["logins"] if (w["merchant"], w["role"]) == ("hehe", "guide"))
        self.lins_phone = self._signed_in(who["phone"])

    def _signed_in(self, phone: str) -> Browser:
        browser = Browser(self.stack.web[0])
        page = browser.get("/account/sign-in/code/")
        page = browser.post("/account/sign-in/code/", page, holding="phone", phone=phone)
        browser.post(browser.path, page, holding="code", code=self.code_sent_to(phone))
        return browser

    def code_sent_to(self, phone: str) -> str:
        """Of the newest message; staff's leave by the worker."""
        found = eventually(lambda: [text for to, text in self.stack.sms.messages if to == phone])
        return re.search(r"\d{6}", found[-1]).group()

    def sells(self, *skus: str, **more: Any) -> str:
        """A sale told by Hehe's till, with Lin serving: its id."""
        body = sale("HE001", *skus, no=f"S-{uuid.uuid4().hex[:12]}", touches={"serving": "HE001-1"}, **more)
        answer = self.hehe.post("/orders", body)
        assert answer.status == 201, answer.body
        return answer["id"]

    def order(self, ref: str) -> dict[str, Any]:
        return self.hehe.get(f"/orders/{ref}?expand[]=splits").body

    def settled(self, ref: str) -> dict[str, Any]:
        """The order once the worker has booked and settled every line."""

        def whole():
            order = self.order(ref)
            done = [split["state"] for split in order["splits"]] == ["settled"] * len(order["lines"])
            return order if done else None

        return eventually(whole, seconds=60)

    def told_of(self, ref: str) -> list[str]:
        """The kinds of Hehe's events about an order, in the stream's order."""
        events, _end = self.hehe.told()
        return [e["kind"] for e in events if ref in (e["subject"], *_texts(e["payload"]))]

    def books_agree(self) -> None:
        for merchant in (self.hehe, self.qinglan, self.mubai):
            proof = merchant.get("/ledger/trial-balance")
            assert proof["holds"] and proof["total"] == 0, (merchant.name, proof.body)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a payload, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def eventually(what: Callable[[], Any], seconds: float = 20) -> Any:
    """What `what` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"Nothing came within {seconds} s"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def shop(stack) -> Shop:
    return Shop(stack)


def split_right(order: dict[str, Any]) -> None:
    """Each line split once, by its own brand's contract, to the fen."""
    assert [split["line"] for split in order["splits"]] == [line["number"] for line in order["lines"]]
    for split, line in zip(order["splits"], order["lines"], strict=True):
        assert sum(share["amount"] for share in split["shares"]) == split["base"]
        assert split["base"] - split["contribution"] == line["paid"]


def test_the_loop_from_joining_to_the_refund(stack, shop):
    phone = f"+86137{uuid.uuid4().int % 10**8:08d}"
    with shop.lins_phone.live(stack) as lins:
        # A shopper joins by Lin's card; Lin's phone hears of it.
        shopper = Browser(stack.web[1])
        page = shopper.get(f"/s/qinglan/g/{shop.lin['id']}/")
        page = shopper.post("/s/qinglan/join/", page, holding="phone", phone=phone)
        form = {"phone": phone, "code": shop.code_sent_to(phone), "name": "方女士"}
        boxes = {"membership": "on", "known_to_store": "on", "marketing": "on"}
        shopper.post("/s/qinglan/join/code/", page, holding="code", **form, **boxes)
        assert shopper.path == "/s/qinglan/me/"
        joined = lins.until("member.joined")
        member, seen = joined["subject"], joined["seq"]
        assert shop.hehe.get(f"/members/{member}")["name"] == "方女士"

        # Lin sends a coupon; the shopper's page shows its code.
        campaigns = shop.lins_phone.get(f"/w/members/{member}/coupons/")
        link = re.search(r'href="([^"]+)"[^>]*>(?:(?!</a>).)*满200减30', campaigns, re.DOTALL).group(1)
        shop.lins_phone.post(link, shop.lins_phone.get(link), holding="claim_key")
        mine = re.search(r"/s/qinglan/me/coupons/\w+/", shopper.get("/s/qinglan/me/")).group()
        drawn = re.search(r'class="code code-large">(.*?)</span></span>', shopper.get(mine)).group(1)
        code = re.sub(r"\D", "", drawn)

        # The till redeems it with a sale of two brands; the worker splits and settles it.
        ref = shop.sells(SHIRT, TEA, coupons=[code])
        lins.until("order.paid", ref)
        lins.until("commission.booked")
        lins.until("commission.settled")
    order = shop.settled(ref)
    split_right(order)
    assert (order["paid_total"], [split["mode"] for split in order["splits"]]) == (
        43700,
        ["central", "direct"],
    )
    assert 'class="stamp' in shopper.get(mine)

    # What was earned stands on Lin's phone, and every step in Hehe's stream.
    assert f"/w/sales/{ref}/" in shop.lins_phone.get("/w/earnings/")
    feed = json.loads(shop.lins_phone.get(f"/feed?after={seen}"))["events"]
    assert [event["subject"] for event in feed if event["kind"] == "order.paid"] == [ref]
    assert set(shop.told_of(ref)) >= {
        "order.paid",
        "coupon.redeemed",
        "commission.booked",
        "commission.settled",
    }
    shop.books_agree()

    # The tea comes back, and with it every share of its line.
    back = shop.hehe.post("/refunds", money_back(TEA, 16800, no=order["external_no"]))
    assert back.status == 201
    eventually(lambda: all(share["held"] == 0 for share in shop.order(ref)["splits"][1]["shares"]))
    shop.books_agree()


def test_a_worker_killed_between_the_sale_and_its_split_loses_nothing(stack, shop):
    stack.processes["worker"].kill()
    refs = [shop.sells(SHIRT, TEA) for _ in range(3)]
    time.sleep(1)
    assert all(shop.order(ref)["splits"] == [] for ref in refs), "nobody was there to split"
    stack.processes["worker"].start()
    for ref in refs:
        split_right(shop.settled(ref))
        assert shop.told_of(ref).count("order.paid") == 1
    shop.books_agree()


def test_a_worker_killed_while_it_splits_splits_once(stack, shop):
    refs = []
    for _ in range(4):
        refs += [shop.sells(SHIRT, TEA) for _ in range(5)]
        stack.processes["worker"].kill()
        stack.processes["worker"].start()
    for ref in refs:
        split_right(shop.settled(ref))
    shop.books_agree()


def test_redis_emptied_between_the_sale_and_its_split_loses_nothing(stack, shop):
    stack.processes["worker"].kill()
    ref = shop.sells(SHIRT, TEA)
    eventually(lambda: "order.paid" in shop.told_of(ref))  # numbered, and the bell has been rung in vain
    stack.empty_redis()
    stack.processes["worker"].start()
    split_right(shop.settled(ref))  # the clock rings everyone
    shop.books_agree()


def test_a_relay_killed_before_the_sale_tells_everything_when_it_is_back(stack, shop):
    with shop.lins_phone.live(stack) as lins:
        stack.processes["relay"].kill()
        ref = shop.sells(SHIRT, TEA)
        time.sleep(1)
        assert shop.told_of(ref) == [], "without a number there is no event to read"
        stack.processes["relay"].start()
        assert lins.until("order.paid", ref)["subject"] == ref
    split_right(shop.settled(ref))
    assert shop.told_of(ref).count("order.paid") == 1
    shop.books_agree()
