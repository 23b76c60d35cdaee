"""What is coming to a merchant from other merchants' books: its T+1 shares that wait for their day there, and the runs
of those books they stand in. Inside the merchant's scope.

Read from the shares that are payable to it, and from nothing else of the other's: a run is told by its date, how far it
is, and what of it is the merchant's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Case, Count, F, FilteredRelation, Q, QuerySet, Sum, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from commissions.models import Share
from commissions.progress import Stage
from insights.settling import HELD, RESERVED
from merchants.models import Merchant
from stores.models import Contract

UNDER_WAY = (Stage.OPEN, Stage.FROZEN, Stage.APPROVED)


@dataclass(frozen=True)
class Waiting:
    """Lines of one business date that no run has taken yet. Fen: `amount` is owed to the merchant, what it passes on
    to its guides too; `guides` goes straight to its guides."""

    book: str
    day: date
    lines: int
    amount: int
    guides: int


@dataclass(frozen=True)
class Run:
    """What of another book's run is the merchant's own: made payable if it is `Stage.POSTED`, else what will be as the
    lines stand now. Fen: `due` at once and `reserve` later, `guides` straight to its guides, both together."""

    book: str
    day: date
    stage: Stage
    lines: int
    due: int
    reserve: int
    guides: int

    @property
    def is_payable(self) -> bool:
        return self.stage == Stage.POSTED


@dataclass(frozen=True)
class Coming:
    """`waiting` by book and date, the oldest first; `runs` the newest first."""

    waiting: Sequence[Waiting]
    runs: Sequence[Run]

    @property
    def lines(self) -> int:
        """That wait for their day."""
        return sum(row.lines for row in self.waiting)

    @property
    def in_runs(self) -> int:
        """In fen, reserves included: closed, and not payable yet."""
        return sum(run.due + run.reserve for run in self.runs if not run.is_payable)

    @property
    def amount(self) -> int:
        """In fen, all that is not payable yet."""
        return sum(row.amount for row in self.waiting) + self.in_runs

    @property
    def guides(self) -> int:
        return sum(row.guides for row in self.waiting) + sum(
            run.guides for run in self.runs if not run.is_payable
        )


def to(merchant: Merchant, *, since: date) -> Coming:
    """Runs that are payable are told from the date `since` on, those under way all."""
    theirs = Share.payable.exclude(merchant=merchant)
    waiting: list[Waiting] = []
    runs: dict[int, Run] = {}
    for row in _open(theirs, merchant):
        if row["is_taken"]:
            _add(runs, row)
        else:
            amount = row["due"] + row["reserve"]
            waiting.append(Waiting(row["book"], row["day"], row["lines"], amount, row["guides"]))
    for row in _settled(theirs, merchant, since):
        _add(runs, row)
    waiting.sort(key=lambda one: (one.day, one.book))
    return Coming(waiting, sorted(runs.values(), key=lambda run: (-run.day.toordinal(), run.book)))


def _open(theirs: QuerySet[Share], merchant: Merchant) -> QuerySet:
    """By book and business date, and whether the book's run under way has taken them (`batches.lines_of`)."""
    open_ = theirs.filter(
        split__settlement=Contract.Settlement.T1,
        item__share__isnull=True,  # of its id no anti-join can be made
        amount__gt=F("clawed") + F("moved_out"),
    )
    under_way = FilteredRelation(
        "merchant__settlement_batches", condition=Q(merchant__settlement_batches__state__in=UNDER_WAY)
    )
    taken = Q(
        split__business_date__lte=F("run__business_date"),
        split__gt=F("run__cursor"),
        split__lte=F("run__last_split"),
    )
    found = open_.annotate(run=under_way, is_taken=Case(When(taken, then=True), default=False))
    named = found.values(
        "is_taken",
        "merchant",
        book=F("merchant__name"),
        day=F("split__business_date"),
        batch=F("run__id"),
        batch_day=F("run__business_date"),
        state=F("run__state"),
    )
    return _summed(named, merchant, due=HELD - RESERVED, reserve=RESERVED)


def _settled(theirs: QuerySet[Share], merchant: Merchant, since: date) -> QuerySet:
    """By the batch that settled them; one under way has settled some of its pages."""
    batch = "item__settlement__batch"
    told = Q(**{f"{batch}__business_date__gte": since}) | Q(**{f"{batch}__state__in": UNDER_WAY})
    recent = theirs.filter(told, Q(item__due__gt=0) | Q(item__reserve__gt=0))
    named = recent.values(
        book=F("merchant__name"),
        batch=F(batch),
        batch_day=F(f"{batch}__business_date"),
        state=F(f"{batch}__state"),
    )
    return _summed(named, merchant, due=F("item__due"), reserve=F("item__reserve"))


def _summed(rows: QuerySet, merchant: Merchant, *, due: Combinable, reserve: Combinable) -> QuerySet:
    own = Q(owed_to=merchant.party_id)
    return rows.annotate(
        lines=Count("split", distinct=True),
        due=Coalesce(Sum(due, filter=own), 0),
        reserve=Coalesce(Sum(reserve, filter=own), 0),
        guides=Coalesce(Sum(due + reserve, filter=~own), 0),
    ).order_by()


def _add(runs: dict[int, Run], row: dict) -> None:
    before = runs.get(row["batch"])
    if before is None:
        before = Run(row["book"], row["batch_day"], Stage(row["state"]), 0, 0, 0, 0)
    runs[row["batch"]] = replace(
        before,
        lines=before.lines + row["lines"],
        due=before.due + row["due"],
        reserve=before.reserve + row["reserve"],
        guides=before.guides + row["guides"],
    )
