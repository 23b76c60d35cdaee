"""How what we paid compares with what the rails say: totals to the fen, what is open, and which days and files are
reconciled. Inside the merchant's scope."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.models import BankFile, BillLine, Break, BreakStep, Payout, RailBill
from commissions.payouts.tables import harmless, yuan_of
from commissions.reconciliation.matching import Kind
from commissions.reconciliation.reading import matched, steps, with_standing
from insights.accounts import names_of
from merchants.models import Appointment, Merchant

PARTS = dict(Kind.choices) | {
    "matched": gettext_lazy("Agrees"),
    "known": gettext_lazy("Known from an earlier bill"),
}

MEANINGS = {
    Kind.MISSING_OURS: gettext_lazy(
        "The rail moved this, and no payout of yours has its number. Find out what was paid and to whom."
    ),
    Kind.MISSING_THEIRS: gettext_lazy(
        "Here it counts as paid or waits for its answer, and the rail's bill of that day does not have it. Ask the "
        "rail by this number; a later bill that has it clears this break by itself."
    ),
    Kind.AMOUNT: gettext_lazy("The rail moved another amount than the payout is of. Ask the rail why."),
    Kind.DATE: gettext_lazy(
        "The rail moved it on a day before it was sent, or after it counted as paid. The amount is right."
    ),
    Kind.DUPLICATE: gettext_lazy(
        "The rail lists this number more than once: the money may have left twice. Ask for it back."
    ),
    Kind.STATE: gettext_lazy("The rail says that it paid; here it is not paid."),
    Kind.RETURNED: gettext_lazy(
        "The rail says that the money came back; here the payout has not come back, so the payee goes without it and "
        "nobody looks for it."
    ),
}
BACK_MEANINGS = {
    Kind.AMOUNT: gettext_lazy("The rail gave back another amount than the payout is of. Ask the rail why."),
    Kind.DUPLICATE: gettext_lazy(
        "The rail lists more than once that this number came back. Find out what else the money was."
    ),
}

_BILLED = ~Q(standing__in=["", "unlisted"])
_COUNTED = {
    "n": Count("id", filter=_BILLED),
    "settled": Count("id", filter=Q(standing__in=["matched", "explained", "returned", "left"])),
    "broken": Count("id", filter=Q(standing="broken")),
    "amount": Sum("net", filter=_BILLED),
}


@dataclass(frozen=True)
class Part:
    """Some lines of a bill beside ours, fen: `kind` a kind of break, `matched` or `known` from an earlier bill."""

    kind: str
    count: int
    theirs: int
    ours: int
    open: int = 0

    @property
    def label(self) -> str:
        return str(PARTS[self.kind])

    @property
    def difference(self) -> int:
        return self.theirs - self.ours


@dataclass(frozen=True)
class Sums:
    """A bill's parts, of what left or of what came back; theirs of all of them is the bill's total, to the fen."""

    bill_total: int
    parts: tuple[Part, ...]

    @property
    def theirs(self) -> int:
        return sum(part.theirs for part in self.parts)

    @property
    def ours(self) -> int:
        return sum(part.ours for part in self.parts)

    @property
    def difference(self) -> int:
        return self.theirs - self.ours

    @property
    def open(self) -> int:
        return sum(part.open for part in self.parts)

    @property
    def agree(self) -> bool:
        return self.theirs == self.bill_total


@dataclass(frozen=True)
class Progress:
    """Of `total` payouts that went out, `settled` are on a bill without a break or explained, `broken` have a break
    to be worked; the rest waits for its bill. A day's `broken` also counts the open breaks of its bill that are about
    none of its payouts. fen: what all payouts come to."""

    total: int
    settled: int
    broken: int
    amount: int = 0
    day: date | None = None

    @property
    def reconciled(self) -> bool:
        return self.settled == self.total > 0 == self.broken


@dataclass(frozen=True)
class Row:
    """A break, or a line that agrees; `payee` is empty where no payout of ours is meant."""

    of: Break | BillLine
    payee: str


@dataclass(frozen=True)
class Step:
    words: str
    note: str
    at: datetime
    by: str


def of_payout(payout: Payout) -> list[Break]:
    """Its breaks that are not cleared, the first first."""
    return list(Break.objects.filter(payout=payout, state__in=Break.LIVE).order_by("id"))


def meaning(found: Break) -> str:
    kind = Kind(found.kind)
    return str(BACK_MEANINGS.get(kind, MEANINGS[kind]) if found.incoming else MEANINGS[kind])


def left_on(found: Break) -> date | None:
    """When its payout left, as a bill says."""
    lines = BillLine.objects.filter(payout=found.payout, incoming=False).order_by("id")
    return lines.values_list("day", flat=True).first()


def by_state() -> dict[str, int]:
    """How many breaks stand in each state."""
    return dict(Break.objects.order_by().values_list("state").annotate(Count("id")))


def named(rows: Sequence[Break] | Sequence[BillLine]) -> list[Row]:
    """They come loaded with their payouts' payees and those's merchants."""
    names = names_of(row.payout.payee for row in rows if row.payout)
    return [Row(row, names[row.payout.payee_id] if row.payout else "") for row in rows]


def history(found: Break) -> list[Step]:
    """What was done about it, the first first."""
    rows = steps(found)
    refs = {row.by for row in rows}
    people = dict(Appointment.objects.filter(user__ref__in=refs).values_list("user__ref", "user__name"))
    return [Step(row.get_cause_display(), row.note, row.at, _by(row, people)) for row in rows]


def imported_by(bills: Iterable[RailBill]) -> dict[str, str]:
    """usr_… → name."""
    refs = {bill.imported_by for bill in bills}
    return dict(Appointment.objects.filter(user__ref__in=refs).values_list("user__ref", "user__name"))


def sums(bill: RailBill) -> Sums:
    """Of what left."""
    breaks = Break.objects.filter(bill=bill).exclude(line__incoming=True)
    parts = _parts(matched(bill).filter(incoming=False), breaks)
    if bill.known_count:
        parts.append(Part("known", bill.known_count, bill.known_total, bill.known_total))
    return Sums(bill.total, tuple(parts))


def sums_back(bill: RailBill) -> Sums:
    """Of what came back."""
    lines = BillLine.objects.filter(bill=bill, incoming=True)
    parts = _parts(matched(bill).filter(incoming=True), Break.objects.filter(line__in=lines))
    new = lines.aggregate(n=Count("id"), amount=Sum("amount", default=0))
    if known := bill.back_count - new["n"]:
        parts.append(Part("known", known, *[bill.back_total - new["amount"]] * 2))
    return Sums(bill.back_total, tuple(parts))


def _parts(agreeing: QuerySet[BillLine], breaks: QuerySet[Break]) -> list[Part]:
    agreed = agreeing.order_by().aggregate(n=Count("id"), theirs=Sum("amount", default=0),
                                           ours=Sum("payout__net", default=0))  # fmt: skip
    parts = [Part("matched", agreed["n"], agreed["theirs"], agreed["ours"])]
    rows = breaks.order_by().values("kind")
    kinds = rows.annotate(
        n=Count("id"),
        t=Sum("theirs"),
        o=Sum("ours"),
        still=Count("id", filter=Q(state=Break.State.OPEN)),
    )
    parts += [Part(row["kind"], row["n"], row["t"], row["o"], row["still"]) for row in kinds.order_by("kind")]
    return parts


def standings(payouts: Iterable[Payout]) -> dict[int, str]:
    """How each payout of these stands beside the bills, as `with_standing` knows it."""
    rows = with_standing(Payout.sent.filter(pk__in=[payout.pk for payout in payouts]))
    return dict(rows.values_list("pk", "standing"))


def with_progress(files: Sequence[BankFile]) -> list[tuple[BankFile, Progress | None]]:
    known = of_files(files)
    return [(file, known.get(file.pk)) for file in files]


def of_files(files: Iterable[BankFile]) -> dict[int, Progress]:
    rows = with_standing(Payout.sent.filter(bank_file__in=list(files))).order_by().values("bank_file")
    return {
        row["bank_file"]: Progress(row["n"], row["settled"], row["broken"], row["amount"] or 0)
        for row in rows.annotate(**_COUNTED)
    }


def of_days(merchant: Merchant, *, since: date) -> list[Progress]:
    """Day by day, the newest first, by when a payout arrived or else was sent, on the merchant's calendar; and the
    days of which a bill tells what was no payout of theirs, until that is explained."""
    payouts = with_standing(Payout.sent.annotate(on=_day(merchant)).filter(on__gte=since))
    rows = {row["on"]: row for row in payouts.order_by().values("on").annotate(**_COUNTED) if row["n"]}
    others = _of_no_payout_of_the_day(merchant, since)
    nothing = {"n": 0, "settled": 0, "broken": 0, "amount": 0}
    return [
        Progress(row["n"], row["settled"], row["broken"] + others.get(day, 0), row["amount"] or 0, day)
        for day in sorted(rows.keys() | others, reverse=True)
        for row in (rows.get(day, nothing),)
    ]


def _of_no_payout_of_the_day(merchant: Merchant, since: date) -> dict[date, int]:
    """Day of a bill → its open breaks that are about no payout, or about another day's."""
    rows = Break.objects.filter(state=Break.State.OPEN, day__gte=since)
    rows = rows.annotate(on=_day(merchant, "payout__")).filter(Q(payout=None) | ~Q(on=F("day")))
    return dict(rows.order_by().values_list("day").annotate(Count("id")))


def _day(merchant: Merchant, of: str = "") -> TruncDate:
    told = Coalesce(f"{of}paid_at", f"{of}submitted_at", f"{of}at")
    return TruncDate(told, tzinfo=ZoneInfo(merchant.time_zone))


def as_csv(rows: Iterable[Row]) -> str:
    """Breaks for a spreadsheet: yuan with two decimals, text that stays text."""
    out = io.StringIO(newline="")
    sheet = csv.writer(out)
    sheet.writerow(
        [_("Day"), _("Kind"), _("Number"), _("The rail's reference"), _("Payee"), _("Theirs"), _("Ours")]
        + [_("Difference"), _("State"), _("Last word"), _("Direction")]
    )
    rows = list(rows)
    words = _last_notes([row.of for row in rows])
    for row in rows:
        found = row.of
        text = [found.number, found.line.reference if found.line else "", row.payee]
        amounts = [yuan_of(fen) for fen in (found.theirs, found.ours, found.difference)]
        sheet.writerow(
            [found.day.isoformat(), found.get_kind_display(), *map(harmless, text), *amounts]
            + [found.get_state_display(), harmless(words.get(found.pk, ""))]
            + [_("Came back") if found.incoming else _("Money out")]
        )
    return "\ufeff" + out.getvalue()


def _last_notes(found: Sequence[Break]) -> dict[int, str]:
    rows = BreakStep.objects.filter(of__in=found).order_by("place")
    return {row.of_id: row.note or row.get_cause_display() for row in rows}


def _by(step: BreakStep, people: dict[str, str]) -> str:
    if name := people.get(step.by):
        return name
    return _("A colleague") if step.by.startswith("usr_") else _("The system")
