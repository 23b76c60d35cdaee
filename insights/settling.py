"""How a book's settlement goes: what is open, what its batches came to, and for whom. Inside the book's scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Count, F, QuerySet, Sum, Value
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from commissions import batches
from commissions.models import Settlement, SettlementBatch, SettlementItem, Share
from merchants.models import Merchant


@dataclass(frozen=True)
class BatchRow:
    """`settled` lines and `paid_into` fen so far; both are the batch's own once it is posted, less what refunds
    took between freezing and posting."""

    batch: SettlementBatch
    settled: int
    paid_into: int

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
class AtOnce:
    """What was settled T+0 on one day."""

    day: date
    lines: int
    total: int


def progress(rows: Sequence[SettlementBatch]) -> list[BatchRow]:
    sums = {
        batch: (lines, total)
        for batch, lines, total in Settlement.objects.filter(batch__in=rows)
        .values_list("batch")
        .annotate(Sum("lines"), Sum("total"))
    }
    return [BatchRow(batch, *sums.get(batch.pk, (0, 0))) for batch in rows]


def payees(batch: SettlementBatch) -> list[PayeeRow]:
    """The largest first: of the posted lines as they settled, of the others as they stand now."""
    found: dict[int, PayeeRow] = {}
    settled = SettlementItem.objects.filter(settlement__batch=batch).exclude(
        share__payee=F("merchant__party")
    )
    _gather(found, settled, "share__", due=Sum("due"), reserve=Sum("reserve"))
    waiting = Share.objects.filter(split__in=batches.lines_of(batch)).exclude(payee=F("merchant__party"))
    _gather(found, waiting, "", due=Sum(F("amount") - F("clawed") - F("moved_out")), reserve=None)
    return sorted(found.values(), key=lambda row: (-row.due - row.reserve, row.name))


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
