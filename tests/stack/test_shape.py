"""Every part of the production shape is up and reaches what it needs."""

import json
import urllib.request

import pytest

pytestmark = pytest.mark.stack


def test_every_server_says_that_it_is_ready(stack):
    pages = [*stack.web, stack.live.replace("ws://", "http://")]
    for page in pages:
        with urllib.request.urlopen(f"{page}/readyz") as response:
            assert json.load(response) == {"database": True, "redis": True}


def test_the_stack_runs_on_the_machines_own_postgresql_as_a_role_that_owns_nothing(stack):
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000, current_user")
        release, role = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert (release >= 15, role, cursor.fetchone()) == (True, "tiandi_app", (0,))


def test_a_web_process_that_is_killed_leaves_the_other_serving(stack):
    stack.processes["web-1"].kill()
    with urllib.request.urlopen(f"{stack.web[1]}/readyz") as response:
        assert response.status == 200
    stack.processes["web-1"].start()
    stack.processes["web-1"].wait_for_page(f"{stack.web[0]}/readyz")
