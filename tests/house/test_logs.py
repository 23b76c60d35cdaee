"""What the log says of a request that was refused."""

import io
import logging

import pytest

from config.logs import DiscreetFormatter
from merchants.onboarding import root_of
from merchants.roles import Role
from tests.faces.headquarters import manager_of


@pytest.fixture
def log():
    """What the console's handler writes meanwhile."""
    (console,) = (
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, DiscreetFormatter)
    )
    written = io.StringIO()
    before = console.setStream(written)
    yield written
    console.setStream(before)


@pytest.fixture
def su(client, world):
    """Su of Hehe's marketing, whom the books are closed to."""
    with world.inside(world.hehe):
        client.force_login(manager_of(world.hehe, root_of(world.hehe), role=Role.MARKETING))
    return client


def test_a_refused_page_is_one_line_with_method_path_and_code(su, log):
    assert su.get("/hq/ledger/").status_code == 403
    (line,) = log.getvalue().splitlines()
    assert line.endswith("WARNING django.request GET /hq/ledger/ 403 role.lacking")


def test_a_line_break_in_the_path_begins_no_line(su, log):
    assert su.get("/hq/nowhere%0AERROR/?q=%00").status_code in (400, 404)
    assert su.get("/s/qinglan/st/%0AERROR%00/").status_code == 400
    assert all("WARNING" in line for line in log.getvalue().splitlines())


def test_what_failed_keeps_its_traceback(log):
    try:
        raise ValueError("a fault of ours")
    except ValueError:
        logging.getLogger("django.request").exception("failed", extra={"status_code": 500})
    assert "Traceback" in log.getvalue()
