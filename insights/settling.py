"""How a book's settlement goes: what is open, what its batches came to, and for whom. Inside the book's scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Count, F, QuerySet, Sum, Value
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from commissions import batches, progress
from commissions.models import Settlement, SettlementBatch, SettlementItem, Share
from insights.accounts import names_of
from merchants.models import Merchant


@dataclass(frozen=True)
class BatchRow:
    """`settled` lines and `paid_into` fen so far; both are the batch's own once it is posted, less what refunds
    took between freezing and posting. `reached` is how far it has come after that."""

    batch: SettlementBatch
    settled: int
    paid_into: int
    reached: progress.Progress

    @property
    def waits(self) -> bool:
        return self.batch.needs_approval and self.batch.state == SettlementBatch.State.FROZEN


@dataclass(frozen=True)
class PayeeRow:
    """What a batch makes payable to one payee, in fen: at once, and when the return window closes."""

    name: str
    is_guide: bool
    lines: int
    due: int
    reserve: int


@dataclass(frozen=True)
class PaidRow:
    """What became of what a batch owes to one payee at once, and the payouts that were made for it."""

    name: str
    part: progress.Part
    payments: Sequence[progress.Payment]


@dataclass(frozen=True)
class AtOnce:
    """What was settled T+0 on one day."""

    day: date
    lines: int
    total: int


def progress_of(book: Merchant, rows: Sequence[SettlementBatch]) -> list[BatchRow]:
    sums = {
        batch: (lines, total)
        for batch, lines, total in Settlement.objects.filter(batch__in=rows)
        .values_list("batch")
        .annotate(Sum("lines"), Sum("total"))
    }
    reached = progress.of(book, rows)
    return [BatchRow(batch, *sums.get(batch.pk, (0, 0)), reached[batch.pk]) for batch in rows]


def payees(batch: SettlementBatch) -> list[PayeeRow]:
    """The largest first: of the posted lines as they settled, of the others as they stand now."""
    found: dict[int, PayeeRow] = {}
    settled = SettlementItem.objects.filter(settlement__batch=batch).exclude(
        share__payee=F("merchant__party")
    )
    _gather(found, settled, "share__", due=Sum("due"), reserve=Sum("reserve"))
    _gather_open(found, batches.lines_of(batch))
    return _largest_first(found)


def payees_of(book: Merchant, *, day: date) -> list[PayeeRow]:
    """For whom the book would become payable what, reserves not parted, if it were closed up to `day` now."""
    found: dict[int, PayeeRow] = {}
    _gather_open(found, batches.open_lines(book, day=day))
    return _largest_first(found)


def paid(batch: SettlementBatch, reached: progress.Progress) -> list[PaidRow]:
    """Payee by payee what became of the batch, the largest first: to whom the book owes it."""
    names, payments = names_of([part.payee for part in reached.parts]), progress.payments_of(batch)
    return [PaidRow(names[part.payee.pk], part, payments.get(part.payee.pk, [])) for part in reached.parts]


def at_once(book: Merchant, *, since: date) -> list[AtOnce]:
    """Day by day, the newest first."""
    rows = (
        Settlement.objects.filter(merchant=book, mode="T0", at__date__gte=since)
        .exclude(lines=0, total=0)  # an appeal moved a share from one payee to another
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(n=Sum("lines"), sum=Sum("total"))
        .order_by("-day")
    )
    return [AtOnce(row["day"], row["n"], row["sum"]) for row in rows]


def _gather_open(found: dict[int, PayeeRow], lines: QuerySet) -> None:
    waiting = Share.objects.filter(split__in=lines).exclude(payee=F("merchant__party"))
    _gather(found, waiting, "", due=Sum(F("amount") - F("clawed") - F("moved_out")), reserve=None)


def _largest_first(found: dict[int, PayeeRow]) -> list[PayeeRow]:
    return sorted(found.values(), key=lambda row: (-row.due - row.reserve, row.name))


def _gather(found: dict[int, PayeeRow], rows: QuerySet, path: str, *, due: Sum, reserve: Sum | None) -> None:
    named = rows.values(
        who=F(f"{path}payee"),
        guide_name=F(f"{path}guide__name"),
        merchant_name=F(f"{path}payee_merchant__name"),
    )
    for row in named.annotate(lines=Count("id"), now=due, kept=reserve or Value(0)):
        name = row["guide_name"] or row["merchant_name"] or _("The platform")
        before = found.get(row["who"], PayeeRow(name, row["guide_name"] is not None, 0, 0, 0))
        found[row["who"]] = replace(
            before,
            lines=before.lines + row["lines"],
            due=before.due + row["now"],
            reserve=before.reserve + row["kept"],
        )
