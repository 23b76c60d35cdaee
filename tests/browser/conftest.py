"""One embedded Tiandi for the whole run, one Chromium for each module."""

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
from tests.browser.site import Site
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
        site.lay_demo()
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


@pytest.fixture
def pause():
    """Wait for what another process does."""
    return time.sleep
