"""What must be true before an embedded Tiandi serves: schema, rights, catalogues, static files.

`python -m config.prepare` runs as the owner's role, in a process of its own, so that the server itself never
holds more than the application's rights. What has not changed is not done again.
"""

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from config import catalogues


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["TIANDI_DATABASE_ROLE"] = "owner"
    django.setup()
    catalogues.compile_all()
    collect_static()
    if "--database" in sys.argv:
        call_command("migrate", verbosity=0)
        call_command("grant", verbosity=0)


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
