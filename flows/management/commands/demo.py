"""Lay the demo: real places, invented brands, three months of trade up to a date. Or print its logins."""

import json
import re
import sys
import time
from argparse import ArgumentTypeError
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from commissions.models import SettlementBatch
from commissions.payouts.tables import yuan_of
from flows.demo import closing, logins, performing
from flows.demo.script import SCALES, SHANGHAI, write
from flows.demo.staging import Stage, is_laid


class Command(BaseCommand):
    help = (
        "Make the demo: merchants, stores, people, three months of trade. --json prints its logins and keys."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", help="the demo's last day, YYYY-MM-DD (today)")
        parser.add_argument("--scale", choices=sorted(SCALES), default="full")
        parser.add_argument(
            "--advance",
            type=_days,
            help="close the demo's coming business days, such as 1d, as if they were over",
        )
        parser.add_argument(
            "--json", action="store_true", help="print merchants, API keys and logins, make nothing"
        )

    def handle(self, *args, **options) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(logins.base_data(), ensure_ascii=False, indent=2))
            return
        if options["advance"]:
            self._advance(options["advance"])
            return
        if is_laid():
            self.stdout.write("The demo is there already; see manage.py demo --json for its logins.")
            return
        now = timezone.now()
        as_of = now.astimezone(SHANGHAI).date()
        if options["as_of"]:
            try:
                as_of = datetime.strptime(options["as_of"], "%Y-%m-%d").replace(tzinfo=SHANGHAI).date()
            except ValueError:
                raise CommandError("--as-of is a date like 2026-11-22.") from None
        script = write(as_of=as_of, scale=options["scale"], until=now)
        bar = Bar(total=Stage.steps_of(script), quiet=options["verbosity"] == 0)
        began = time.monotonic()
        stage = Stage(script, tick=bar.tick)
        stage.set_up()
        performing.perform(stage, until=now, tick=bar.tick)
        bar.end()
        self.stdout.write(
            f"The demo stands: {len(script.stores)} stores, {len(script.guides)} guides, "
            f"{len(script.acts)} things that happened, up to {as_of}, in {time.monotonic() - began:.0f} s."
        )

    def _advance(self, days: int) -> None:
        if not is_laid():
            raise CommandError("There is no demo yet; make it first.")
        for book, batches in closing.advance(days, now=timezone.now()).items():
            self.stdout.write(f"{book}: {'; '.join(map(_told, batches)) or 'nothing to close'}")


def _told(batch: SettlementBatch) -> str:
    if batch.state == SettlementBatch.State.POSTED:
        return f"{batch.business_date} posted, {batch.lines} lines, ¥{yuan_of(batch.due_total or 0)} payable"
    waits = batch.needs_approval and batch.state == SettlementBatch.State.FROZEN
    state = "waits for approval" if waits else batch.state
    return f"{batch.business_date} {state}, {batch.lines} lines, ¥{yuan_of(batch.total)}"


def _days(text: str) -> int:
    told = re.fullmatch(r"([1-9][0-9]?)d", text)
    if told is None:
        raise ArgumentTypeError("a number of days from 1d to 99d")
    return int(told[1])


class Bar:
    """A line that fills, on a terminal; a word every tenth, elsewhere."""

    WIDTH = 40

    def __init__(self, *, total: int, quiet: bool) -> None:
        self.total, self.quiet, self.done, self.shown = total, quiet, 0, -1
        self.drawn = sys.stderr.isatty()

    def tick(self, what: str) -> None:
        self.done += 1
        part = self.done * 100 // self.total
        if self.quiet or part == self.shown or (not self.drawn and part % 10):
            return
        self.shown = part
        if self.drawn:
            filled = self.WIDTH * self.done // self.total
            sys.stderr.write(f"\r  {'█' * filled}{'░' * (self.WIDTH - filled)} {part:3d} %  {what:<8}")
        else:
            sys.stderr.write(f"  demo {part} % ({what})\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self.drawn and not self.quiet:
            sys.stderr.write("\n")
