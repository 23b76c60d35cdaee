"""The README's pictures, made from the demo: TIANDI_PICTURES=1 ./dev test --browser -k pictures

Without that word they are made all the same, into a passing folder, so that this never rots.
"""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.screens import Gallery, Screen
from tests.browser.site import ROOT
from tests.browser.visitors import Visitor, join, ready_to_join

pytestmark = pytest.mark.browser

KEPT = ROOT / "docs" / "pictures"
MOST_BYTES = 150 * 1024
GOODS = ("QL-1003", "MB-1002")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return KEPT if os.environ.get("TIANDI_PICTURES") == "1" else tmp_path


@pytest.fixture(scope="module")
def busy_day(gallery: Gallery) -> Gallery:
    """More to do than one greeting."""
    for name in ("许静怡", "程一诺"):
        join(gallery.door.shopper(), name=name, guide=gallery.places["guide"])
    return gallery


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_of_the_loop(busy_day: Gallery, folder: Path, theme: str):
    gallery = busy_day
    visitors = gallery.visitors(language="zh", theme=theme)
    shopper, guide, desk = (visitors[who] for who in ("shopper", "guide", "headquarters"))
    take = lambda visitor, name: keep(visitor, folder / f"{name}-{theme}.png")  # noqa: E731

    gallery.show(shopper, Screen("storefront", "shopper", "/s/qinglan/"))
    take(shopper, "storefront")
    ready_to_join(shopper, name="苏晚晴", guide=gallery.places["guide"])
    take(shopper, "join")
    gallery.show(guide, Screen("today", "guide", "/w/"))
    take(guide, "today")
    ring_up(guide, gallery.places["code"])
    take(guide, "redeem")
    gallery.show(guide, Screen("earnings", "guide", "/w/earnings/"))
    take(guide, "earnings")
    gallery.show(desk, Screen("overview", "headquarters", "/hq/"))
    take(desk, "overview")
    gallery.show(desk, Screen("order", "headquarters", f"/hq/orders/{gallery.places['order']}/"))
    take(desk, "order")


def ring_up(guide: Visitor, code: str) -> None:
    """A coupon and two brands' goods on the sale page, one tap before the confirmation."""
    page = guide.go("/w/scan/")
    page.fill("[name=code]", code)
    guide.submit("form:has([name=code])")
    for sku in GOODS:
        page.fill("#goods-q", sku)
        page.locator("#goods button", has_text=sku).click()
        page.wait_for_selector(f"#basket li:has-text('{sku}')")


def keep(visitor: Visitor, path: Path) -> None:
    """256 colours are enough for ink on paper, and a fifth of the bytes."""
    if visitor.page.locator("[data-live-state]").count():
        visitor.live()
    visitor.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    seen = Image.open(BytesIO(visitor.page.screenshot())).convert("RGB")
    seen.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= MOST_BYTES, path.name
