"""A rail's bill is taken in: its lines, and where they differ from our payouts, in one transaction.

Locks: the merchant's bills, an advisory lock of the transaction, then breaks by id. Payouts are read, not locked: what
moves meanwhile clears its break when one looks again.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from commissions.models import BillLine, Break, Payout, RailBill
from commissions.reconciliation import bills, refusals
from commissions.reconciliation.looking import hold_bills, look_again
from commissions.reconciliation.matching import Days, Ours, match
from events.record import Actor, record
from merchants.business_day import business_date
from merchants.models import Merchant
from merchants.refusing import refusing
from merchants.scoping import acting_for

MOST_DAYS = 92  # payment services keep theirs for three months
OLDEST = 3653  # days: ten years
DAY = timedelta(days=1)
CHUNK = 1_000


@dataclass(frozen=True)
class _Told:
    """A line as `matching` looks at it."""

    line: bills.Line
    at: datetime | None
    business_day: date | None
    identity: bytes

    @property
    def number(self) -> str:
        return self.line.number

    @property
    def amount(self) -> int:
        return self.line.amount

    @property
    def day(self) -> date:
        return self.line.day

    @property
    def incoming(self) -> bool:
        return self.line.incoming


def import_bill(
    *,
    merchant: Merchant,
    rail: str,
    file: bytes,
    name: str,
    first: date,
    last: date,
    by: Actor,
    at: datetime | None = None,
) -> tuple[RailBill, bool]:
    """The bill of what this merchant had the rail move from `first` to `last`, on the rail's calendar, both included;
    and whether it was new: the same file again changes nothing.

    Of what came in, only what quotes a payout that the merchant sends is kept. Lines that an earlier bill had are
    known and not told twice. A day that is not over yet counts as not told: its later lines come with another bill.
    DomainError `bill.…` for a file that cannot be read whole or whose days are others; then nothing is kept.
    """
    at = at or timezone.now()
    zone = ZoneInfo(merchant.time_zone)
    today = at.astimezone(zone).date()
    if not today - OLDEST * DAY <= first <= last <= today or last - first >= MOST_DAYS * DAY:
        raise refusals.wrong_days(MOST_DAYS)
    digest = hashlib.sha256(file).digest()
    rail = Payout.Rail(rail)
    with acting_for(merchant):
        if known := _known_bill(merchant, rail, digest):
            return known, False
    bill = bills.read(file)
    for line in bill.lines:
        if not first <= line.day <= last:
            raise refusals.other_days(line.row)
    told = _told(bill.lines, merchant, zone)
    with acting_for(merchant), transaction.atomic():
        hold_bills(merchant)
        if known := _known_bill(merchant, rail, digest):
            return known, False
        payouts = _payouts(told, rail)
        told = [line for line in told if line.number in payouts or not line.incoming]
        left = [line for line in told if not line.incoming]
        back = [line for line in told if line.incoming]
        old = _known_lines(told)
        new = [line for line in told if line.identity not in old]
        kept = RailBill(
            merchant=merchant,
            rail=rail,
            first_day=first,
            last_day=last,
            told_until=min(last, today - DAY),
            name=name[:120],
            digest=digest,
            lines_count=len(left),
            total=bill.total,
            known_count=sum(line.identity in old for line in left),
            known_total=sum(line.amount for line in left if line.identity in old),
            back_count=len(back),
            back_total=sum(line.amount for line in back),
            left_out=bill.left_out + len(bill.lines) - len(told),
            imported_by=by.ref,
            imported_at=at,
        )
        with refusing("rail_bill_once_a_file", refusals.imported_meanwhile()):
            kept.save(force_insert=True)
        found = _keep(kept, new, payouts, zone)
        looked = look_again(merchant=merchant, by=by, at=at)
        record(
            "bill.imported",
            merchant_id=merchant.pk,
            subject=kept.ref,
            payload={
                "bill": kept.ref,
                "rail": str(rail),
                "first": first.isoformat(),
                "last": last.isoformat(),
                "lines": kept.lines_count,
                "total": kept.total,
                "known": kept.known_count,
                "breaks": found + looked.opened,
            },
            concerns=[],
            by=by,
            at=at,
        )
    return kept, True


def _told(lines: Iterable[bills.Line], merchant: Merchant, zone: ZoneInfo) -> list[_Told]:
    """A movement is known by what the rail says of it and, where it says the same twice, by its turn."""
    turns: Counter[tuple[str, ...]] = Counter()
    told = []
    for line in lines:
        way = ("in",) if line.incoming else ()
        said = (line.number, line.reference, line.day.isoformat(), str(line.amount), *way)
        turns[said] += 1
        identity = hashlib.sha256("\x1f".join((*said, str(turns[said]))).encode()).digest()
        at = datetime.combine(line.day, line.clock, zone) if line.clock is not None else None
        on = business_date(at, zone=merchant.time_zone, cut_off=merchant.cut_off) if at else None
        told.append(_Told(line, at, on, identity))
    return told


def _payouts(told: Iterable[_Told], rail: str) -> dict[str, Payout]:
    """By number, those of the lines that the merchant sends and the rail may have moved: what goes by WeChat Pay stands
    on its bill alone, and a bank's tells of what was paid by hand as well."""
    numbers = {line.number for line in told if line.number}
    sent = Payout.sent.filter(number__in=numbers)
    wechat = Q(rail=Payout.Rail.WECHAT)
    found = sent.filter(wechat if rail == Payout.Rail.WECHAT else ~wechat)
    return {payout.number: payout for payout in found}


def _keep(bill: RailBill, new: Sequence[_Told], payouts: Mapping[str, Payout], zone: ZoneInfo) -> int:
    """The lines and their breaks; how many breaks."""
    before = BillLine.objects.filter(payout__in=payouts.values()).values_list("payout__number", "incoming")
    ours = {number: _ours(payout, bill.merchant, zone) for number, payout in payouts.items()}
    kinds = match(new, ours, told_before=set(before))
    rows = [
        BillLine(
            merchant=bill.merchant,
            bill=bill,
            row=told.line.row,
            number=told.number,
            reference=told.line.reference,
            amount=told.amount,
            day=told.day,
            at=told.at,
            payout=payouts.get(told.number),
            incoming=told.incoming,
            identity=told.identity,
        )
        for told in new
    ]
    BillLine.objects.bulk_create(rows, batch_size=CHUNK)
    _plan_anew()
    breaks = [
        Break(
            merchant=bill.merchant,
            bill=bill,
            kind=kind,
            line=row,
            payout=row.payout,
            day=row.day,
            theirs=row.amount,
            ours=row.payout.net if row.payout and kind in ("amount", "date") else 0,
            found_at=bill.imported_at,
        )
        for row, kind in zip(rows, kinds, strict=True)
        if kind
    ]
    Break.objects.bulk_create(breaks, batch_size=CHUNK)
    return len(breaks)


def _plan_anew() -> None:
    """A connection that first kept a break when there were few lines looks each later one's line up by reading them
    all: the plan of a foreign key's check is not made anew by itself. 20,000 breaks took 44 s so, and take 4 s now.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")


def _ours(payout: Payout, merchant: Merchant, zone: ZoneInfo) -> Ours:
    def by_business(at: datetime) -> date:
        return business_date(at, zone=merchant.time_zone, cut_off=merchant.cut_off)

    left = payout.paid_at is not None or payout.state == Payout.State.RETURNED
    heard = payout.paid_at or (payout.given_back_at if payout.state == Payout.State.RETURNED else None)
    sent = payout.submitted_at
    return Ours(
        amount=payout.net,
        left=left,
        given_back=payout.state in Payout.GIVEN_BACK,
        business=Days(by_business(sent), by_business(heard) if heard else None) if sent else None,
        calendar=Days(sent.astimezone(zone).date(), heard.astimezone(zone).date() if heard else None)
        if sent
        else None,
    )


def _known_bill(merchant: Merchant, rail: str, digest: bytes) -> RailBill | None:
    return RailBill.objects.filter(merchant=merchant, rail=rail, digest=digest).first()


def _known_lines(told: Sequence[_Told]) -> set[bytes]:
    rows = BillLine.objects.filter(identity__in=[line.identity for line in told])
    return {bytes(identity) for identity in rows.values_list("identity", flat=True)}
