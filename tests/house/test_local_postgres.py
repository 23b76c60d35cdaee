"""Our own PostgreSQL on a developer's machine: private, gone with its parent, and it keeps what was committed."""

import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from config import postgres
from config.data_folder import DataFolder, Taken
from config.embedded import PortTaken, listening

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(sysconfig.get_path("purelib"))
LONGEST = 60  # seconds for what takes two on an idle machine
PARENT = """
import sys, time
from pathlib import Path
from config import postgres
server = postgres.start(Path(sys.argv[1]), packages=Path(sys.argv[2]))
print(server.process.pid, server.owner_url, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path):
    """A data folder that the server's account can reach, whoever runs the tests."""
    for parent in (tmp_path, *tmp_path.parents):
        with suppress(PermissionError):
            parent.chmod(
                parent.stat().st_mode | 0o011
            ) if parent.owner() != "root" or os.getuid() == 0 else None
    return tmp_path


def started_by_another_process(folder: Path) -> tuple[subprocess.Popen[str], int, str]:
    command = [sys.executable, "-c", PARENT, str(folder), str(PACKAGES)]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(LONGEST, parent.kill)
    alarm.start()
    told = parent.stdout.readline().split()
    alarm.cancel()
    assert told, f"the process told of no server within {LONGEST} s"
    pid, url = told
    return parent, int(pid), url


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError(f"server {pid} outlived its parent")


def answer(url: str, query: str):
    connection = psycopg2.connect(url, connect_timeout=10, options="-c statement_timeout=30s")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall() if cursor.description else None
    connection.close()
    return rows


def test_a_killed_parent_leaves_no_server_and_loses_nothing_committed(folder):
    parent, server_pid, url = started_by_another_process(folder)
    answer(url, "CREATE TABLE kept AS SELECT 7 AS number")
    parent.kill()
    parent.communicate(timeout=10)
    # At once, while the old server may still be closing.
    server = postgres.start(folder, packages=PACKAGES)
    try:
        wait_until_gone(server_pid)
        assert answer(server.owner_url, "SELECT number FROM kept") == [(7,)]
    finally:
        server.stop()


def test_a_server_that_crashed_itself_starts_again(folder):
    parent, server_pid, url = started_by_another_process(folder)
    answer(url, "CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(server_pid, signal.SIGKILL)
    parent.kill()
    parent.communicate(timeout=10)
    server = postgres.start(folder, packages=PACKAGES)
    try:
        assert answer(server.owner_url, "SELECT number FROM kept") == [(7,)]
    finally:
        server.stop()


def test_the_application_owns_nothing_and_nobody_else_gets_in(folder):
    server = postgres.start(folder, packages=PACKAGES)
    try:
        assert answer(server.app_url, "SELECT current_user::text, inet_server_port()") == [
            ("tiandi_app", None)
        ]
        assert answer(server.app_url, "SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]
        assert server.sockets.stat().st_mode & 0o777 == 0o700
        with pytest.raises(psycopg2.OperationalError, match="[Pp]eer authentication failed"):
            answer(server.app_url.replace("tiandi_app@", "somebody_else@"), "SELECT 1")
    finally:
        server.stop()
    assert not server.sockets.exists()


def test_a_server_that_never_gets_ready_is_ended_and_told_of(folder, monkeypatch):
    postgres.start(folder, packages=PACKAGES, durable=False).stop()
    monkeypatch.setattr(postgres, "is_ready", lambda cluster, pid: False)
    monkeypatch.setattr(postgres, "LONGEST", 0.5)
    with pytest.raises(postgres.PostgresError, match="not ready after"):
        postgres.start(folder, packages=PACKAGES)
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_a_tool_that_never_ends_is_ended_and_told_of(monkeypatch):
    monkeypatch.setattr(postgres, "LONGEST", 0.1)
    with pytest.raises(postgres.PostgresError, match="sleep has not ended"):
        postgres.run(["sleep", "60"], postgres.server_user())


def test_a_cluster_of_another_release_is_refused_with_a_way_out(folder):
    cluster = folder / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(postgres.PostgresError, match="made by PostgreSQL 9.*--data"):
        postgres.start(folder, packages=PACKAGES)


def test_one_process_holds_a_data_folder(tmp_path):
    folder = DataFolder(tmp_path)
    with folder.held():
        folder.announce(DATABASE_URL="postgresql://tiandi_app@/tiandi")
        with pytest.raises(Taken, match=rf"process {os.getpid()}.*--data"), DataFolder(tmp_path).held():
            pass
        assert DataFolder(tmp_path).environment()["DATABASE_URL"] == "postgresql://tiandi_app@/tiandi"
    assert "DATABASE_URL" not in folder.environment()


def test_secrets_are_made_once_and_private(tmp_path):
    folder = DataFolder(tmp_path)
    assert folder.secrets() == DataFolder(tmp_path).secrets() != DataFolder(tmp_path / "other").secrets()
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_taken_port_says_so_and_names_another():
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"Port {port} .* --port {port + 1}"),
            listening("127.0.0.1", port),
        ):
            pass
