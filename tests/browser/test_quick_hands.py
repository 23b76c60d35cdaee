"""A guide whose hands are quicker than the network: on the sale page no tap is lost without a word, what is typed
stays, and one sale is recorded."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SHIRT, TEA = "QL-1001", "MB-1002"  # 299.00 of Qinglan, 168.00 of Mubai
CONFIRM = "button[hx-post$='/w/sale/']"
LATENCIES = pytest.mark.parametrize("latency", [0, 700], ids=["fast network", "slow network"])


@pytest.fixture
def page(door) -> Page:
    return door.guide().go("/w/sale/")


@pytest.fixture
def sold(site):
    """The sales recorded since the test began, oldest first."""
    before = {order["id"] for order in site.hehe.get("/orders", limit=50)["data"]}
    return lambda: [
        order for order in reversed(site.hehe.get("/orders", limit=50)["data"]) if order["id"] not in before
    ]


def add(page: Page, sku: str) -> None:
    page.fill("#goods-q", sku)
    page.locator("#goods button", has_text=sku).click()
    expect(page.locator("#basket li", has_text=sku)).to_be_visible()


def throttle(page: Page, latency: int) -> None:
    """Milliseconds until any answer."""
    network = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", limits)


def typed(page: Page, field: str, value: str) -> None:
    """As by hand, with the field left only by what is pressed next."""
    page.click(field, click_count=3)
    page.keyboard.type(value)


def press(page: Page, selector: str, *, held: int = 0) -> None:
    """With the mouse, at once: no waiting for the page to rest."""
    place = page.locator(selector).bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(held)
    page.mouse.up()


def done(page: Page) -> None:
    page.wait_for_url("**/w/sales/**")


@LATENCIES
@pytest.mark.parametrize("held", [0, 400], ids=["quick", "slow"])
def test_a_price_typed_and_confirmed_straight_away_is_sold_at_that_price(page, sold, latency, held):
    add(page, SHIRT)
    throttle(page, latency)
    typed(page, "#price-0", "259")
    press(page, CONFIRM, held=held)
    done(page)
    assert [order["paid_total"] for order in sold()] == [25900]


@LATENCIES
def test_with_a_finger_too(page, sold, latency):
    add(page, TEA)
    throttle(page, latency)
    typed(page, "#price-0", "150.5")
    page.locator(CONFIRM).tap(force=True)
    done(page)
    assert [order["paid_total"] for order in sold()] == [15050]


@LATENCIES
def test_the_choice_of_how_it_was_paid_stands_when_confirmed_at_once(site, page, sold, latency):
    add(page, TEA)
    throttle(page, latency)
    press(page, "[name=place][value=cash]")
    press(page, CONFIRM)
    done(page)
    (order,) = sold()
    assert [tender["place"] for tender in order["tenders"]] == ["cash"]


def test_taps_and_prices_of_a_slow_network_all_count_once(page, sold):
    add(page, SHIRT)
    add(page, TEA)
    throttle(page, 700)
    for _tap in range(3):
        press(page, "#more-0")
    typed(page, "#price-1", "100")  # while the first answer is under way
    press(page, "#more-1")
    for _tap in range(3):
        press(page, CONFIRM)
    done(page)
    (order,) = sold()
    told = [(line["sku"]["code"], line["quantity"], line["list_amount"]) for line in order["lines"]]
    assert told == [(SHIRT, 4, 4 * 29900), (TEA, 2, 2 * 10000)]


def test_the_next_goods_are_looked_for_while_the_last_are_still_being_added(page):
    page.fill("#goods-q", SHIRT)
    page.locator("#goods button", has_text=SHIRT).wait_for()
    throttle(page, 700)
    page.locator("#goods button", has_text=SHIRT).click()
    typed(page, "#goods-q", TEA)
    expect(page.locator("#basket li", has_text=SHIRT)).to_be_visible()
    expect(page.locator("#goods-q")).to_be_focused()
    expect(page.locator("#goods-q")).to_have_value(TEA)
    page.locator("#goods button", has_text=TEA).click()
    expect(page.locator("#basket li")).to_have_count(2)


def test_what_is_half_typed_when_an_answer_comes_stays_as_typed(page, sold):
    add(page, SHIRT)
    throttle(page, 500)
    press(page, "#more-0")
    typed(page, "#price-0", "2")
    page.wait_for_timeout(900)
    page.keyboard.type("0")
    page.wait_for_timeout(900)
    page.keyboard.type("5")
    expect(page.locator("#price-0")).to_have_value("205")
    press(page, CONFIRM)
    done(page)
    assert [order["paid_total"] for order in sold()] == [2 * 20500]


def test_goods_that_are_still_to_be_chosen_are_not_left_out_of_a_sale_confirmed_too_soon(page, sold):
    add(page, TEA)
    throttle(page, 700)
    page.fill("#goods-q", "QL-100")  # several have such a code
    press(page, ".picker-line button")
    press(page, CONFIRM)
    expect(page.locator("#goods [role=status]")).to_be_visible()
    page.wait_for_timeout(1500)
    assert sold() == []
    page.locator("#goods .pick").first.click()
    press(page, CONFIRM)
    done(page)
    (order,) = sold()
    assert len(order["lines"]) == 2


def test_without_a_network_the_goods_stay_and_the_next_tap_sells(door, sold):
    guide = door.guide()
    page = guide.go("/w/sale/")
    add(page, TEA)
    page.context.set_offline(True)
    typed(page, "#price-0", "99")
    press(page, CONFIRM)
    expect(page.locator("#notices")).not_to_be_empty()
    assert sold() == []
    guide.complaints.clear()  # htmx tells the console of a cut line
    page.context.set_offline(False)
    expect(page.locator("#price-0")).to_have_value("99")
    press(page, CONFIRM)
    done(page)
    assert [order["paid_total"] for order in sold()] == [9900]
