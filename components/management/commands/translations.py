from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from components import catalogues


class Command(BaseCommand):
    help = "Bring the catalogues up to date with the sources; or check them, or compile them."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="only say what is missing, empty, fuzzy or left over"
        )
        parser.add_argument(
            "--compile", action="store_true", help="only write the .mo files that are out of date"
        )
        parser.add_argument(
            "--from", nargs="+", type=Path, default=[], metavar="FILE", dest="tables",
            help="lines of English TAB Chinese, merged into the catalogues",
        )  # fmt: skip

    def handle(self, *args, check, compile, tables, **options):
        if compile:
            catalogues.compile_all()
            return
        if not check:
            try:
                catalogues.update(catalogues.read_tables(tables))
            except ValueError as clash:
                raise CommandError(str(clash)) from clash
            catalogues.compile_all()
        found = list(catalogues.faults())
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} strings are not as they should be."]))
