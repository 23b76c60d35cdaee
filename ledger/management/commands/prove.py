"""Prove books by hand: the same as every night, and the answer on the terminal."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.proving import prove
from merchants.models import Merchant


class Command(BaseCommand):
    help = "Prove the books from their entries; exits with 1 if one does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--book", help="the merchant's reference, mch_…; all of them if left out")

    def handle(self, *args: object, **options: str) -> None:
        books = Merchant.objects.order_by("id")
        if options["book"]:
            books = books.filter(ref=options["book"])
            if not books:
                raise CommandError(f"There is no merchant {options['book']}.")
        failed = 0
        for book in books:
            run = prove(book)
            failed += not run.holds
            self.stdout.write(f"{book.ref} {book.name}: {self._said(run)}")
        if failed:
            raise CommandError(f"{failed} of {len(books)} books do not hold.")

    def _said(self, run) -> str:
        if run.holds:
            return f"holds, {run.transfers} transfers in {run.block} blocks"
        lines = [f"does not hold ({run.ref})"]
        for finding in run.findings:
            facts = ", ".join(f"{name} {value}" for name, value in finding.items() if name != "check")
            lines.append(f"  {finding['check']}: {facts}")
        return "\n".join(lines)
