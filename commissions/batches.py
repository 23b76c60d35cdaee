"""T+1: when a book's business date has closed, its open lines become payable in one batch, page by page.

open → frozen (which lines, and what they come to) → approved and locked, where the book's owner asks for that →
posted. Every step stands by itself: whoever comes next, or a second time, goes on where the state and the cursor are.
What a refund takes back before a line's page is no longer there to settle; after it, it is taken from what was
settled. While a batch is locked nothing takes from its lines (commissions/locked.py). What becomes of a posted one is
read from its payouts (commissions/progress.py).

Locks: the batch's row first, then the splits in order of id (docs/adr/0006).
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Max, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions import settling
from commissions.accruals import WORKER
from commissions.models import SettlementBatch, SettlementPolicy, Share, Split
from events.record import Actor, record
from merchants.business_day import business_date
from merchants.errors import Conflict
from merchants.models import Merchant
from merchants.scoping import acting_for
from stores.models import Contract

PAGE = 20_000  # lines: whoever refunds one of them waits for its page, some seconds
State = SettlementBatch.State


def closed_date(book: Merchant, *, now: datetime) -> date | None:
    """The last business date that is over at every store with an open T+1 line of the book; None without any.

    Each store's wall clock and its merchant's cut-off decide, as they did for the orders.
    """
    with acting_for(book):
        clocks = _open(book).values_list("store__time_zone", "counterparty__cut_off").distinct()
        days = [business_date(now, zone=zone, cut_off=cut_off) for zone, cut_off in clocks]
    return min(days) - timedelta(days=1) if days else None


def close(book: Merchant, *, now: datetime | None = None, by: Actor = WORKER) -> SettlementBatch | None:
    """Take the book's batch as far as it can go: goes on with the one under way, else opens one if a business
    date with open lines has closed. Safe to call again and at once. The batch, or None if nothing is to be done."""
    now = now or timezone.now()
    with acting_for(book):
        batch = under_way()
        if batch is None:
            day = closed_date(book, now=now)
            if day is None or not _open(book).filter(business_date__lte=day).exists():
                return None
            batch = open_batch(book, day)
    return advance(batch, by=by, at=now)


def under_way() -> SettlementBatch | None:
    """The book's batch that is not posted yet. Inside its scope."""
    return SettlementBatch.objects.exclude(state=State.POSTED).first()


def open_batch(book: Merchant, day: date) -> SettlementBatch:
    """The book's batch of this date, made if there is none."""
    with acting_for(book):
        batch, _made = SettlementBatch.objects.get_or_create(
            merchant=book, business_date=day, defaults={"needs_approval": needs_approval(book)}
        )
    return batch


def advance(batch: SettlementBatch, *, by: Actor = WORKER, at: datetime | None = None) -> SettlementBatch:
    """Freeze and post what may be; a batch that waits for approval stays frozen."""
    at = at or timezone.now()
    freeze(batch, by=by, at=at)
    while post_page(batch, by=by, at=at):
        pass
    batch.refresh_from_db()
    return batch


@transaction.atomic
def freeze(batch: SettlementBatch, *, by: Actor, at: datetime) -> None:
    """Fix which lines the batch takes and say what they come to; nothing for a batch that is frozen already."""
    with acting_for(batch.merchant):
        batch = _locked(batch)
        if batch.state != State.OPEN:
            return
        lines = _open(batch.merchant).filter(business_date__lte=batch.business_date)
        found = lines.aggregate(lines=Count("id"), last=Coalesce(Max("id"), 0))
        batch.lines, batch.last_split = found["lines"], found["last"]
        batch.total = to_others(lines)
        batch.state, batch.frozen_at = State.FROZEN, at
        batch.save(update_fields=["lines", "last_split", "total", "state", "frozen_at"])
        _tell("settlement.frozen", batch, by=by, at=at)


@transaction.atomic
def approve(
    batch: SettlementBatch, *, by: Actor, at: datetime | None = None, read: int | None = None
) -> SettlementBatch:
    """Finance lets a frozen batch go on and locks it: what it comes to now is what becomes payable, to the fen.
    Conflict `settlement.not_waiting` if it does not wait for that, `settlement.changed` if it comes to something else
    than the sum that was `read`."""
    at = at or timezone.now()
    with acting_for(batch.merchant):
        batch = _locked(batch)
        if batch.state != State.FROZEN or not batch.needs_approval:
            raise Conflict(
                "settlement.not_waiting",
                _("This batch does not wait for approval."),
                next_step=_("Load the page again to see how it stands."),
            )
        batch.locked_total = to_others(lines_of(batch))
        if read is not None and read != batch.locked_total:
            raise Conflict(
                "settlement.changed",
                _("A refund or an appeal has changed what this batch comes to since you read it."),
                next_step=_("Look at the new sum, and approve it then."),
            )
        batch.state, batch.approved_at, batch.approved_by = State.APPROVED, at, by.ref
        batch.save(update_fields=["state", "approved_at", "approved_by", "locked_total"])
        _tell("settlement.approved", batch, by=by, at=at)
    return batch


@transaction.atomic
def post_page(batch: SettlementBatch, *, by: Actor = WORKER, at: datetime) -> bool:
    """Settle the next lines of the batch; False with the last of them, or if it may not be posted yet, or another
    worker is at it."""
    with acting_for(batch.merchant):
        mine = _taken(batch)
        if mine is None or not _may_post(mine):
            return False
        ids = settling.locked_page(mine, size=PAGE)
        if ids:
            settling.settle_page(mine, ids, at=at)
            mine.cursor = ids[-1]
        more = len(ids) == PAGE
        if not more:
            sums = settling.came_to(mine)
            settling.announce(mine, sums, by=by, at=at)
            mine.due_total = settling.keep_dues(mine, sums)
            mine.state, mine.posted_at = State.POSTED, at
        mine.save(update_fields=["cursor", "state", "posted_at", "due_total"])
        if not more:
            _tell("settlement.posted", mine, by=by, at=at)
        return more


def needs_approval(book: Merchant) -> bool:
    """Does the book's owner ask finance before a batch becomes payable?"""
    with acting_for(book):
        return SettlementPolicy.objects.filter(merchant=book, needs_approval=True).exists()


@transaction.atomic
def ask_for_approval(book: Merchant, asks: bool, *, by: Actor) -> None:
    """Decide it for the batches that open from now on; one under way goes on as it began."""
    with acting_for(book):
        policy, _made = SettlementPolicy.objects.select_for_update().get_or_create(merchant=book)
        if policy.needs_approval != asks:
            policy.needs_approval = asks
            policy.save(update_fields=["needs_approval"])
            payload = {"needs_approval": asks}
            record(
                "settlement.policy_set",
                merchant_id=book.id,
                subject=book.ref,
                payload=payload,
                concerns=[],
                by=by,
            )


def lines_of(batch: SettlementBatch) -> QuerySet[Split]:
    """Its lines that are not settled yet; none while it is being opened. Inside its book's scope."""
    lines = _open(batch.merchant).filter(business_date__lte=batch.business_date)
    return lines.filter(id__gt=batch.cursor, id__lte=batch.last_split)


def preview(book: Merchant, *, day: date) -> tuple[int, int]:
    """(lines, amount that would become payable to others) if the book were closed up to `day` now."""
    with acting_for(book):
        lines = open_lines(book, day=day)
        return lines.count(), to_others(lines)


def open_lines(book: Merchant, *, day: date) -> QuerySet[Split]:
    """What a batch up to `day` would take now, beside the one under way; inside the book's scope."""
    lines, holding = _open(book).filter(business_date__lte=day), under_way()
    if holding is not None:
        lines = lines.exclude(business_date__lte=holding.business_date, id__lte=holding.last_split)
    return lines


def to_others(lines: QuerySet[Split]) -> int:
    """What the still held shares of these splits come to, less the principal's own; inside its scope."""
    shares = Share.objects.filter(split__in=lines).exclude(payee=F("merchant__party"))
    return shares.aggregate(sum=Coalesce(Sum(F("amount") - F("clawed") - F("moved_out")), 0))["sum"]


def _open(book: Merchant) -> QuerySet[Split]:
    return Split.objects.filter(merchant=book, settlement=Contract.Settlement.T1).open()


def _locked(batch: SettlementBatch) -> SettlementBatch:
    row = SettlementBatch.objects.select_for_update(no_key=True, of=("self",)).get(pk=batch.pk)
    row.merchant = batch.merchant
    return row


def _taken(batch: SettlementBatch) -> SettlementBatch | None:
    """The batch, held until the transaction ends; None while another worker holds it."""
    rows = SettlementBatch.objects.filter(pk=batch.pk)
    row = rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if row is not None:
        row.merchant = batch.merchant
    return row


def _may_post(batch: SettlementBatch) -> bool:
    if batch.needs_approval:
        return batch.state == State.APPROVED
    return batch.state == State.FROZEN


def _tell(kind: str, batch: SettlementBatch, *, by: Actor, at: datetime) -> None:
    record(
        kind,
        merchant_id=batch.merchant_id,
        subject=batch.ref,
        payload={
            "batch": batch.ref,
            "business_date": batch.business_date.isoformat(),
            "lines": batch.lines,
            "total": batch.total,
        },
        concerns=[],
        by=by,
        at=at,
    )
