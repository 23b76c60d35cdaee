#!/usr/bin/env python
"""Django's command line; the commands that own the schema speak to the database as its owner."""

import os
import sys

from django.core.management import execute_from_command_line

OWNER_COMMANDS = {"migrate", "sqlmigrate", "sqlflush", "flush", "grant"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["TIANDI_DATABASE_ROLE"] = "owner"
    execute_from_command_line(sys.argv)
