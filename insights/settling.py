"""How a book's settlement goes: what is open, what its batches came to, and for whom. Inside the book's scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext as _

from commissions import batches, progress
from commissions.models import Settlement, SettlementBatch, SettlementItem, Share, Split
from merchants.models import Merchant
from merchants.money import PPM

# Of a share that is not settled yet, as settling it now would part it (commissions/settling_sql.py): so is each by
# itself, before they are added up.
HELD = F("amount") - F("clawed") - F("moved_out")
RESERVED = HELD * F("split__reserve_ppm") / PPM


@dataclass(frozen=True)
class BatchRow:
    """`settled` lines and `paid_into` fen so far; both are the batch's own once it is posted, less what refunds
    took between freezing and posting. `reached` is how far it has come after that.

    `due` and `reserve` are what it made payable, of one that is not posted what posting it now would make; None for
    one that was posted before it was kept.
    """

    batch: SettlementBatch
    settled: int
    paid_into: int
    reached: progress.Progress
    due: int | None = None
    reserve: int | None = None

    @property
    def waits(self) -> bool:
        return self.batch.needs_approval and self.batch.state == SettlementBatch.State.FROZEN

    @property
    def comes_to(self) -> int:
        """For others, reserves included."""
        return self.paid_into if self.due is None or self.reserve is None else self.due + self.reserve


@dataclass(frozen=True)
class PayeeRow:
    """What a batch owes to one payee, in fen: `due` at once, `reserve` when the return window closes, of which `kept`
    is still there. `for_guides`: what of it the payee, their employer, passes on, by name. `part` is what became of
    `due`, with the payouts that were made for it, once the batch is posted.
    """

    name: str
    is_guide: bool
    lines: int = 0
    due: int = 0
    reserve: int = 0
    kept: int = 0
    for_guides: Mapping[str, int] = field(default_factory=dict)
    part: progress.Part | None = None
    payments: Sequence[progress.Payment] = ()

    @property
    def share(self) -> int:
        return self.due + self.reserve


@dataclass(frozen=True)
class Payees:
    """The largest first, and what they come to together."""

    rows: Sequence[PayeeRow]

    @property
    def share(self) -> int:
        return self.due + self.reserve

    @property
    def due(self) -> int:
        return sum(row.due for row in self.rows)

    @property
    def reserve(self) -> int:
        return sum(row.reserve for row in self.rows)

    @property
    def lines(self) -> int:
        """How many shares."""
        return sum(row.lines for row in self.rows)


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
    found = [BatchRow(batch, *sums.get(batch.pk, (0, 0)), reached[batch.pk]) for batch in rows]
    return [_parted(row) for row in found]


def payees(batch: SettlementBatch, reached: progress.Progress) -> Payees:
    """Whom the book owes it: of the posted lines as they settled, of the others as they would settle now."""
    found: dict[int, PayeeRow] = {}
    settled = SettlementItem.objects.filter(settlement__batch=batch).exclude(
        share__payee=F("merchant__party")
    )
    kept = F("reserve") - F("reserve_clawed") - F("released")
    _gather(found, settled, "share__", due=F("due"), reserve=F("reserve"), kept=kept)
    _gather_open(found, batches.lines_of(batch))
    payments = progress.payments_of(batch) if reached.parts else {}
    for part in reached.parts:
        found[part.payee.pk] = replace(
            found[part.payee.pk], part=part, payments=payments.get(part.payee.pk, ())
        )
    return _largest_first(found)


def payees_of(book: Merchant, *, day: date) -> Payees:
    """Whom the book would owe what, if it were closed up to `day` now."""
    found: dict[int, PayeeRow] = {}
    _gather_open(found, batches.open_lines(book, day=day))
    return _largest_first(found)


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


def _parted(row: BatchRow) -> BatchRow:
    """With what is due at once and what is kept. At most one batch of a book is not posted: it is summed up."""
    batch = row.batch
    if batch.state == SettlementBatch.State.POSTED:
        if batch.due_total is None:
            return row
        return replace(row, due=batch.due_total, reserve=row.paid_into - batch.due_total)
    sums = {"due": Coalesce(Sum("now"), 0), "reserve": Coalesce(Sum("later"), 0)}
    items = SettlementItem.objects.filter(settlement__batch=batch).exclude(share__payee=F("merchant__party"))
    posted = items.aggregate(due=Coalesce(Sum("due"), 0), reserve=Coalesce(Sum("reserve"), 0))
    waiting = (
        _waiting(batches.lines_of(batch)).annotate(now=HELD - RESERVED, later=RESERVED).aggregate(**sums)
    )
    return replace(row, **{part: posted[part] + waiting[part] for part in sums})


def _waiting(lines: QuerySet[Split]) -> QuerySet[Share]:
    """What these lines owe to others."""
    return Share.objects.filter(split__in=lines).exclude(payee=F("merchant__party"))


def _gather_open(found: dict[int, PayeeRow], lines: QuerySet[Split]) -> None:
    _gather(found, _waiting(lines), "", due=HELD - RESERVED, reserve=RESERVED, kept=RESERVED)


def _largest_first(found: dict[int, PayeeRow]) -> Payees:
    return Payees(sorted(found.values(), key=lambda row: (-row.share, row.name)))


def _gather(found: dict[int, PayeeRow], rows: QuerySet, path: str, **amounts: Combinable) -> None:
    """`amounts` of each row: `due`, `reserve` and `kept`."""
    named = rows.values(
        to=F(f"{path}owed_to"),
        whose=F(f"{path}payee"),
        guide_name=F(f"{path}guide__name"),
        merchant_name=F(f"{path}payee_merchant__name"),
    )
    sums = {f"its_{name}": Sum(amount) for name, amount in amounts.items()}
    for row in named.annotate(lines=Count("id"), **sums):
        passed_on, guide = row["to"] != row["whose"], row["guide_name"]
        name = (guide if not passed_on else None) or row["merchant_name"] or _("The platform")
        before = found.get(row["to"], PayeeRow(name, guide is not None and not passed_on))
        share, for_guides = row["its_due"] + row["its_reserve"], dict(before.for_guides)
        if passed_on and share:
            for_guides[guide] = for_guides.get(guide, 0) + share
        found[row["to"]] = replace(
            before,
            lines=before.lines + row["lines"],
            due=before.due + row["its_due"],
            reserve=before.reserve + row["its_reserve"],
            kept=before.kept + row["its_kept"],
            for_guides=for_guides,
        )
