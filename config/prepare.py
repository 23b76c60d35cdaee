"""What must be true before Tiandi serves: catalogues, static files, schema and rights are current.

`python -m config.prepare [--database]` does it as the owner's role, in a process of its own, so that a server
never holds more than the application's rights. What has not changed is not done again.
"""

import hashlib
import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from components import catalogues


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["TIANDI_DATABASE_ROLE"] = "owner"
    django.setup()
    files()
    if "--database" in sys.argv:
        call_command("migrate", verbosity=0)
        call_command("grant", verbosity=0, stdout=io.StringIO())


def files() -> None:
    catalogues.compile_all()
    collect_static()


def schema_is_current() -> bool:
    """Whether every migration has run and no table is still without rights; asked as the application."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(has_table_privilege(oid, 'SELECT')) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        if not cursor.fetchone()[0]:  # also where there is no table yet
            return False
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def collect_static() -> None:
    """Collect under hashed names, unless every source is as it was the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    digest = sources_digest()
    if not stamp.exists() or stamp.read_text() != digest:
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.write_text(digest)


def sources_digest() -> str:
    lines: Iterable[str] = (
        f"{name} {(status := os.stat(storage.path(name))).st_size} {status.st_mtime_ns}"
        for finder in get_finders()
        for name, storage in finder.list([])
    )
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


if __name__ == "__main__":
    main()
