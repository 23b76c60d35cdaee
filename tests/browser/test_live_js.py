"""static/js/live.js on a page of its own: the server is played by the test, word for word."""

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).resolve().parents[2] / "static" / "js" / "live.js"
ADDRESS = "http://localhost:9/"  # nothing listens there; every request is answered by the test
PAGE = """<!doctype html><html lang="zh-hans"><meta charset="utf-8">
<body data-live-url="/ws/live/" data-feed-url="/feed" data-last-seq="10" data-live-merchant="mch_qinglan">
<span data-live-state="connecting"><time data-live-at></time></span>
<script src="/heard.js"></script><script src="/live.js"></script></body></html>"""
HEARD = """
window.heard = [];
document.body.addEventListener("live:member.joined", ({ detail }) => heard.push(`joined ${detail.seq}`));
document.body.addEventListener("live:any", ({ detail }) => heard.push(`any ${detail.seq}`));
document.body.addEventListener("live:signed-out", () => heard.push("signed out"));
"""


def event(seq, kind="order.paid", merchant="mch_qinglan"):
    return {
        "seq": seq,
        "kind": kind,
        "merchant": merchant,
        "subject": f"ord_{seq}",
        "payload": {},
        "concerns": [],
    }


class Server:
    """What the feed answers and what the sockets say."""

    def __init__(self, page):
        self.page, self.sockets, self.asked = page, [], []
        self.stream, self.reachable, self.signed_in = [], True, True
        page.route(f"{ADDRESS}**", self.answer)
        page.route_web_socket("**/ws/live/", self.connected)
        page.clock.install()

    def answer(self, route):
        path = route.request.url.removeprefix(ADDRESS.rstrip("/"))
        if path == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        elif path == "/live.js":
            route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")
        elif path == "/heard.js":
            route.fulfill(body=HEARD, content_type="text/javascript")
        elif path.startswith("/feed"):
            after = int(path.partition("after=")[2])
            self.asked.append(after)
            self.feed(route, after)
        else:
            route.fulfill(status=404)

    def feed(self, route, after):
        if not self.signed_in:
            route.fulfill(status=401, json={"code": "signed_out"})
            return
        news = [item for item in self.stream if item["seq"] > after]
        last = news[1]["seq"] if len(news) > 2 else max([after, *(item["seq"] for item in news)])
        route.fulfill(json={"events": news[:2], "last": last, "more": len(news) > 2})

    def connected(self, socket):
        if self.reachable:
            self.sockets.append(socket)
            socket.on_message(lambda message: None)
        else:
            socket.close(code=1011)

    def push(self, *events, last=None, more=False):
        last = last or events[-1]["seq"]
        self.sockets[-1].send(json.dumps({"events": list(events), "last": last, "more": more}))

    def heard(self):
        return self.page.evaluate("heard")

    def state(self):
        return self.page.get_attribute("[data-live-state]", "data-live-state")

    def wait_for(self, what):
        self.page.wait_for_function(what, timeout=5000)


@pytest.fixture(scope="module")
def browser():
    flags = "--no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-sync"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags.split())
        yield chromium
        chromium.close()


@pytest.fixture
def server(browser):
    page = browser.new_page()
    yield Server(page)
    page.close()


def live(server):
    server.page.goto(ADDRESS)
    server.wait_for("document.querySelector('[data-live-state=live]')")


def test_the_page_asks_for_what_happened_since_it_was_read_then_listens(server):
    server.stream = [event(11), event(12), event(13)]
    live(server)
    assert server.asked == [10, 12], "page by page, from where the page was read"
    server.push(event(14))
    server.wait_for("heard.length === 4")
    assert server.heard() == ["any 11", "any 12", "any 13", "any 14"]


def test_each_event_is_told_once_by_its_kind_and_then_as_any(server):
    live(server)
    for _ in range(2):
        server.push(event(11, "member.joined"))
    server.push(event(12))
    server.wait_for("heard.includes('any 12')")
    assert server.heard() == ["joined 11", "any 11", "any 12"]


def test_another_merchants_events_are_not_told_to_this_page(server):
    live(server)
    server.push(event(11, merchant="mch_other"))
    server.push(event(12))
    server.wait_for("heard.length > 0")
    assert server.heard() == ["any 12"]


def test_after_a_broken_socket_it_connects_again_and_catches_up(server):
    live(server)
    server.push(event(11))
    server.wait_for("heard.length === 1")
    server.stream = [event(11), event(12)]
    server.sockets[-1].close(code=1011)
    server.wait_for("document.querySelector('[data-live-state=reconnecting]')")
    server.page.clock.run_for(2000)
    server.wait_for("document.querySelector('[data-live-state=live]')")
    assert server.heard() == ["any 11", "any 12"]
    assert server.asked[-1] == 11


def test_a_hub_that_is_far_behind_sends_the_page_to_the_feed(server):
    live(server)
    server.stream = [event(11), event(12)]
    server.push(last=900, more=True)
    server.wait_for("heard.length === 2")
    server.push(event(13))
    server.wait_for("heard.length === 3")


def test_without_a_socket_it_asks_every_fifteen_seconds_and_says_as_of_when(server):
    server.reachable = False
    server.page.goto(ADDRESS)
    for _ in range(3):
        server.page.clock.run_for(4500)
    server.wait_for("document.querySelector('[data-live-state=polling]')")
    assert server.page.text_content("[data-live-at]").count(":") == 1
    server.stream = [event(11)]
    server.page.clock.run_for(15000)
    server.wait_for("heard.length === 1")
    server.reachable = True
    server.page.clock.run_for(31000)
    server.wait_for("document.querySelector('[data-live-state=live]')")
    assert server.heard() == ["any 11"]


def test_a_silent_socket_is_given_up(server):
    live(server)
    server.page.clock.run_for(77000)
    server.wait_for("document.querySelector('[data-live-state=live]')")
    assert len(server.sockets) == 2


def test_signed_out_it_stops_asking(server):
    live(server)
    server.signed_in = False
    server.sockets[-1].close(code=4401)
    server.wait_for("heard.includes('signed out')")
    asked = len(server.asked)
    server.page.clock.run_for(120000)
    assert (len(server.asked), len(server.sockets)) == (asked, 1)
