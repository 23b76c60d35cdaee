"""One embedded Tiandi for the whole run, one Chromium for each module."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import visitors
from tests.browser.screens import Gallery
from tests.browser.site import Site
from tests.merchant_calls import sale
from tests.stack.processes import free_port

AXE = "axe-core@4.10.3"


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="tiandi-browser-"))
    folder.chmod(0o711)  # as root the database server is `nobody`, who must get to its own folder in it
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        site = Site(folder, free_port())
        cleanup.callback(site.stop)
        site.lay_demo("full" if os.environ.get("TIANDI_PICTURES") == "1" else "small")
        yield site


@pytest.fixture(scope="module")
def door(site: Site) -> Iterator[visitors.Door]:
    """By module, because only one Playwright may be awake at a time."""
    with sync_playwright() as playwright, visitors.chromium(playwright) as browser:
        yield visitors.Door(browser, site)


@pytest.fixture(autouse=True)
def nobody_complained(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test that let people in: no fault of a script, no content rule broken, no other host asked."""
    if "door" not in request.fixturenames:
        yield
        return
    door = request.getfixturevalue("door")
    yield
    complaints = [complaint for visitor in door.inside for complaint in visitor.complaints]
    door.close()
    door.inside.clear()
    if any(complaint.startswith("5") for complaint in complaints):
        print(door.site.log.read_text(errors="replace")[-6000:])
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which npm fetches; it is nowhere in the project."""
    assert shutil.which("npm"), (
        "No npm on this machine, which fetches axe-core. On Debian: apt-get install npm"
    )
    with tempfile.TemporaryDirectory(prefix="tiandi-axe-") as folder:
        command = [
            "npm",
            "install",
            "--silent",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            folder,
            AXE,
        ]
        done = subprocess.run(command, text=True, capture_output=True)
        assert done.returncode == 0, f"npm could not fetch {AXE}:\n{done.stdout}\n{done.stderr}"
        return (Path(folder) / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def gallery(site: Site, door: visitors.Door) -> Gallery:
    """A member with two coupons and a sale of two brands, to be looked at."""
    shopper = door.shopper()
    phone = visitors.join(shopper, name="方若兰", guide=site.guide["id"])
    cookies = shopper.context.storage_state()
    theirs, ours = (m.get("/members", phone=phone)["data"][0]["id"] for m in (site.qinglan, site.hehe))
    campaigns = {c["name"]: c["id"] for c in site.qinglan.get("/campaigns")["data"]}
    claim = {"member": theirs}
    coupon, used, kept = (
        site.qinglan.post(f"/campaigns/{next(c for n, c in campaigns.items() if words in n)}/coupons", claim)
        for words in ("满200减30", "满500减80", "满500减80")
    )
    body = sale("HE001", "QL-1002", "MB-1001", no=f"G-{theirs[-12:]}", coupons=[used["code"]])
    order = site.hehe.post("/orders", body | {"touches": {"serving": "HE001-1"}, "buyer": {"member": ours}})
    places = {
        "store": site.store["id"],
        "guide": site.guide["id"],
        "member": ours,
        "order": order["id"],
        "coupon": coupon["id"],
        "code": kept["code"],
    }
    return Gallery(door, places, cookies)


@pytest.fixture
def pause():
    """Wait for what another process does."""
    return time.sleep
