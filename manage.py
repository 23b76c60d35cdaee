#!/usr/bin/env python
"""Django's command line; the commands that own the schema speak to the database as its owner."""

import os
import sys

from django.core.management import execute_from_command_line

from config import celery as _celery  # noqa: F401  (what commands send goes to our broker, not to Celery's default)
from config.data_folder import DataFolder

OWNER_COMMANDS = {"migrate", "sqlmigrate", "sqlflush", "flush", "grant"}


def find_database() -> None:
    """Without an address in the environment, use the server of ./dev up (TIANDI_DATA names its folder)."""
    if "DATABASE_URL" in os.environ:
        return
    folder = DataFolder()
    environment = folder.environment()
    if "DATABASE_URL" not in environment:
        sys.exit(
            f"No database. Start ./dev up (data folder {folder.path}), "
            "or set DATABASE_URL and OWNER_DATABASE_URL."
        )
    for name, value in environment.items():
        os.environ.setdefault(name, value)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["TIANDI_DATABASE_ROLE"] = "owner"
    find_database()
    execute_from_command_line(sys.argv)
