"""All bills of a merchant laid beside its payouts once more: what a bill should have had, and what has cleared since.

Runs with each import, by the clock, and whenever finance asks: an answer or a later bill may have come. Locks: the
merchant's bills, then breaks by id.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from commissions.models import BillLine, Break, BreakStep, Payout, RailBill
from commissions.reconciliation.matching import Kind
from commissions.reconciliation.steps import Clearing, clear
from events.record import Actor
from merchants.models import Merchant
from merchants.scoping import acting_for

DAY = timedelta(days=1)
GRACE = DAY  # after the end of a day until a payout without an answer counts as missing from its bill
State = Payout.State


@dataclass(frozen=True)
class Looked:
    """How many breaks were found, and how many cleared by themselves."""

    opened: int
    cleared: int


def look_again(*, merchant: Merchant, by: Actor, at: datetime | None = None) -> Looked:
    """Close each break that has cleared: the line came with another bill, the payout was answered. Then list each
    payout that its day's bill lacks: one said to be paid at once, one without an answer only when the day has been
    over for `GRACE`. What failed or came back is right to be missing."""
    at = at or timezone.now()
    with acting_for(merchant), transaction.atomic():
        if not RailBill.objects.exists():
            return Looked(0, 0)
        hold_bills(merchant)
        cleared = clear(_cleared(), by=by, at=at)
        return Looked(_open_missing(merchant, at), cleared)


def hold_bills(merchant: Merchant) -> None:
    """One at a time imports or looks again, until the transaction ends: which of two bills has a line first decides
    where it is known."""
    key = int.from_bytes(hashlib.sha256(f"bills/{merchant.pk}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _cleared() -> list[Clearing]:
    """Live breaks, locked, that are none any more."""
    live = Break.objects.filter(state__in=Break.LIVE).select_for_update(no_key=True, of=("self",))
    listed = BillLine.objects.filter(payout=OuterRef("payout"), incoming=False)
    given_back = Q(kind=Kind.MISSING_THEIRS, payout__state__in=Payout.GIVEN_BACK)
    left = Q(kind=Kind.STATE) & (Q(payout__paid_at__isnull=False) | Q(payout__state=State.RETURNED))
    back = Q(kind=Kind.RETURNED, payout__state__in=Payout.GIVEN_BACK)
    came = Q(kind=Kind.MISSING_THEIRS) & Q(Exists(listed))
    rows: list[Clearing] = []
    for condition, cause in (
        (came, BreakStep.Cause.LINE_CAME),
        (given_back & ~came, BreakStep.Cause.NOT_PAID),
        (left | back, BreakStep.Cause.ANSWER_CAME),
    ):
        rows += [Clearing(row, cause) for row in live.filter(condition).order_by("id")]
    return rows


def _open_missing(merchant: Merchant, at: datetime) -> int:
    found = 0
    for rail in Payout.Rail.values:
        bills = list(RailBill.objects.filter(rail=rail).order_by("-id"))
        payouts = list(_missed(merchant, rail, bills, at)) if bills else []
        zone = ZoneInfo(merchant.time_zone)
        breaks = []
        for payout in payouts:
            left = payout.paid_at or payout.submitted_at
            assert left is not None  # `_missed` looks at one of the two
            day = left.astimezone(zone).date()
            breaks.append(
                Break(
                    merchant=merchant,
                    bill=next(bill for bill in bills if bill.first_day <= day <= bill.told_until),
                    kind=Kind.MISSING_THEIRS,
                    payout=payout,
                    day=day,
                    theirs=0,
                    ours=payout.net,
                    found_at=at,
                )
            )
        found += len(Break.objects.bulk_create(breaks, batch_size=1_000))
    return found


def _missed(merchant: Merchant, rail: str, bills: Iterable[RailBill], at: datetime) -> QuerySet[Payout]:
    """Payouts of the rail on a day that its bills have told, which no bill has and no live break names."""
    zone = ZoneInfo(merchant.time_zone)
    paid = lost = Q(pk__in=[])
    for first, end in _stretches(bills, zone):
        paid |= Q(paid_at__gte=first, paid_at__lt=end)
        lost |= Q(submitted_at__gte=first, submitted_at__lt=min(end, _over_since(at - GRACE, zone)))
    due = Q(state=State.SUCCEEDED) & paid | Q(state=State.UNKNOWN) & lost
    listed = BillLine.objects.filter(payout=OuterRef("pk"), incoming=False)
    named = Break.objects.filter(payout=OuterRef("pk"), kind=Kind.MISSING_THEIRS, state__in=Break.LIVE)
    return Payout.sent.filter(due, ~Exists(listed), ~Exists(named), rail=rail, net__gt=0).order_by("id")


def _stretches(bills: Iterable[RailBill], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The days that the bills have told, as few stretches from an instant to another."""
    days = sorted((bill.first_day, bill.told_until) for bill in bills if bill.first_day <= bill.told_until)
    merged: list[list] = []
    for first, last in days:
        if merged and first <= merged[-1][1] + DAY:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    midnight = time(tzinfo=zone)
    return [
        (datetime.combine(first, midnight), datetime.combine(last + DAY, midnight)) for first, last in merged
    ]


def _over_since(at: datetime, zone: ZoneInfo) -> datetime:
    """The midnight before which days were over at this instant."""
    return datetime.combine(at.astimezone(zone).date(), time(tzinfo=zone))
