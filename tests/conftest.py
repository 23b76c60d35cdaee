"""Every test runs on a real PostgreSQL, as the application's role, which owns nothing.

The owner's role migrates a template once for each set of migrations, copies it into a fresh database for each
run (0.1 s), and empties that database after tests that really commit.
"""

import hashlib
import ipaddress
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import psycopg2
import pytest
from psycopg2 import sql

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ASKED_FOR = [HERE / "browser", HERE / "stack"]  # collected only when named on the command line
RUN = os.environ.get("TIANDI_TEST_DB", "test_tiandi")
WORKER = os.environ.get("PYTEST_XDIST_WORKER")  # each process of a run has a database of its own
TEST_DATABASE = f"{RUN}_{WORKER}" if WORKER else RUN
MONTHS = [
    "2026-10-01",
    "2026-11-01",
    "2026-12-01",
]  # in which nearly all tests sell; a test opens others itself
ONE_AT_A_TIME = 7309412  # the key of the lock that is held while databases are made

for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
    if name not in os.environ:
        raise pytest.UsageError(f"{name} is not set. Run ./dev test, which starts a PostgreSQL of its own.")
# The environment is inherited by the processes among which `-n` spreads a run: what stood there first is kept.
OWNER_URL = os.environ.setdefault("OWNER_URL_BEFORE_TESTS", os.environ["OWNER_DATABASE_URL"])


def at_test_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


# Before Django reads its settings, so that whatever a test starts speaks to the test database as well.
os.environ["DATABASE_URL"] = at_test_database(os.environ["DATABASE_URL"], TEST_DATABASE)
os.environ["OWNER_DATABASE_URL"] = at_test_database(OWNER_URL, TEST_DATABASE)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["TIANDI_EMBEDDED"] = "1"
os.environ["SECRET_KEY"] = "a key of the tests, long enough to be taken for a real one"
os.environ["SEALING_KEYS"] = "rmyEY3p2L5sfRTt_1JnMVXkl0rcvlBKJyqk5TpfAZ4o="
os.environ["FINGERPRINT_KEY"] = "a key of the tests for looking phones up"

import django  # noqa: E402
from django import test  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils import translation  # noqa: E402

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STATIC_ROOT, settings.WHITENOISE_USE_FINDERS = None, True  # nothing need be collected
settings.WHITENOISE_AUTOREFRESH = True  # else each new test client first reads every static file: 0.1 s


django.setup()
from tests.people import make_world  # noqa: E402 — models load after the settings above

hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no fault of an example
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not WORKER:
        # Inherited, it would make pytest-django read the settings before this file has done what stands above.
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path not in ASKED_FOR:
        return None
    named = [Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args]
    return None if any(path.is_relative_to(collection_path) for path in named) else True


# --- the database ---


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """A fresh copy of the migrated template; only the last run's is left lying, for looking into."""
    with closing(owner_connection(OWNER_URL, patience="300s")) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        template = migrated_template()
        drop(cursor, TEST_DATABASE)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        cursor.execute(create.format(sql.Identifier(TEST_DATABASE), sql.Identifier(template)))
    janitor = Janitor()
    original = test.TransactionTestCase._fixture_teardown
    test.TransactionTestCase._fixture_teardown = lambda case: janitor.empty()
    yield
    test.TransactionTestCase._fixture_teardown = original
    janitor.owner.close()


@pytest.fixture
def owner(db):
    """A connection as the owner's role, for what the application may not do."""
    connection = owner_connection(os.environ["OWNER_DATABASE_URL"])
    yield connection
    connection.close()


def migrated_template() -> str:
    """The name of a database with the migrations of this checkout, made unless it is there."""
    name = f"{RUN}_of_{migrations_digest()}"
    with closing(owner_connection(OWNER_URL)) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{RUN}_of_"])
        found = {row[0] for row in cursor.fetchall()}
        if name in found:
            return name
        for old in found:
            drop(cursor, old)
        unfinished = f"{name}_unfinished"
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        environment = os.environ | {"OWNER_DATABASE_URL": at_test_database(OWNER_URL, unfinished)}
        for command in ("migrate", "grant"):
            run = [sys.executable, "manage.py", command, "--verbosity", "0"]
            subprocess.run(run, cwd=ROOT, env=environment, check=True, timeout=300)
        with closing(owner_connection(environment["OWNER_DATABASE_URL"])) as unopened:
            unopened.cursor().execute(
                "SELECT ledger_open_month(month::date) FROM unnest(%s) AS month", [MONTHS]
            )
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        cursor.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def migrations_digest() -> str:
    digest = hashlib.sha256(repr([settings.INSTALLED_APPS, MONTHS]).encode())
    shaping = [
        "*/migrations/*.py",
        "events/append_only.py",
        "events/management/commands/grant.py",
        "requirements.txt",
    ]
    for path in sorted(path for pattern in shaping for path in ROOT.glob(pattern)):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def owner_connection(url: str, *, patience: str = "10s"):
    """Behind a transaction that a test left open it fails after its patience; it never hangs."""
    connection = psycopg2.connect(url, connect_timeout=10, options=f"-c lock_timeout={patience}")
    connection.autocommit = True
    return connection


def drop(cursor, name: str) -> None:
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class Janitor:
    """Empties the tables that a committing test has filled, and lays the rows of migrations anew.

    Django's own flush needs the right to TRUNCATE, which the application's role lacks, and empties every
    table.
    """

    KEPT = {"django_migrations", "django_content_type", "auth_permission"}

    def __init__(self) -> None:
        self.owner = owner_connection(os.environ["OWNER_DATABASE_URL"])
        self.cursor = self.owner.cursor()
        self.cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        )
        self.tables = sorted({row[0] for row in self.cursor.fetchall()} - self.KEPT)
        self.laid = {table: self.rows(table) for table in self.filled()}

    def empty(self) -> None:
        if filled := self.filled():
            names = sql.SQL(", ").join(map(sql.Identifier, filled))
            self.cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        for table, rows in self.laid.items():
            query = sql.SQL("INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, %s)")
            self.cursor.execute(query.format(sql.Identifier(table)), [rows])

    def filled(self) -> list[str]:
        if not self.tables:
            return []
        probe = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        probes = [probe.format(sql.Literal(table), sql.Identifier(table)) for table in self.tables]
        self.cursor.execute(sql.SQL(" UNION ALL ").join(probes))
        return [row[0] for row in self.cursor.fetchall()]

    def rows(self, table: str) -> str:
        self.cursor.execute(sql.SQL("SELECT json_agg(t)::text FROM {} t").format(sql.Identifier(table)))
        return self.cursor.fetchone()[0]


# --- the language ---


@pytest.fixture(autouse=True)
def no_language_of_the_test_before():
    """A request leaves its language behind: what a test reads must not hang on which test ran before it."""
    translation.deactivate()


# --- the network ---


@pytest.fixture(autouse=True, scope="session")
def only_loopback():
    """A test that reaches for the outside fails at once, on every machine."""
    patch = pytest.MonkeyPatch()
    for method in ("connect", "connect_ex"):
        patch.setattr(socket.socket, method, guarded(getattr(socket.socket, method)))
    yield
    patch.undo()


def guarded(method):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            raise RuntimeError(f"A test reached for {address[0]}; tests speak to this machine only.")
        return method(self, address)

    return connect


def is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


# --- the people ---


@pytest.fixture
def world(db):
    """The named people of tests/people.py, ready to trade."""
    return make_world()
