"""The nightly proof of a book: every rule that its entries must keep is looked at again, from the entries.

What was written since the last proof is sealed first. A failing proof is kept, told as an event, and logged.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from events.record import Actor, record
from ledger import blocks, periods, proof, snapshots
from ledger.balances import MOVED
from ledger.models import Account, Block, BookClosing, ProofRun
from merchants.business_day import business_date
from merchants.models import Merchant
from merchants.scoping import acting_for

logger = logging.getLogger(__name__)

Facts = dict[str, Any]

MOST = 20  # findings of one check that a proof keeps
NIGHT = timedelta(hours=2)  # after the day is over, beside its settlement
_LOCK = 0x70726F6F  # "proo"
BY = Actor.system("proof")
FROM_ENTRIES = date.max  # as of that date nothing is left out, and no snapshot is read


def zero(book: Merchant) -> Iterator[Facts]:
    """Everything a book's accounts gave and got, in each currency, comes to nothing."""
    yield from _rows(
        f"""
        SELECT a.currency, sum(credits.amount - debits.amount) AS amount FROM ledger_account a {MOVED}
        WHERE a.book_id = %(book)s GROUP BY a.currency HAVING sum(credits.amount - debits.amount) <> 0
        """,
        book,
    )


def clearing(book: Merchant) -> Iterator[Facts]:
    """Every story left `clearing` as it found it."""
    yield from _rows(
        """
        SELECT t.source, t.source_id, sum(t.amount) AS amount FROM ledger_account a CROSS JOIN LATERAL (
            SELECT source, source_id, -amount AS amount FROM ledger_transfer WHERE debit_id = a.id
            UNION ALL SELECT source, source_id, amount FROM ledger_transfer WHERE credit_id = a.id
        ) t WHERE a.book_id = %(book)s AND a.code = 'clearing'
        GROUP BY t.source, t.source_id HAVING sum(t.amount) <> 0 ORDER BY t.source, t.source_id
        """,
        book,
    )


def keys(book: Merchant) -> Iterator[Facts]:
    """What a source moved stands there as its key says: were a key gone, the same could be told twice."""
    yield from _rows(
        """
        SELECT source, source_id, kind, coalesce(k.legs, 0) AS told, coalesce(t.legs, 0) AS standing FROM (
            SELECT source, source_id, kind, booked_on, legs, first_id, last_id FROM ledger_transferkey
            WHERE book_id = %(book)s
        ) k FULL JOIN (
            SELECT source, source_id, kind, max(booked_on) AS booked_on, count(*) AS legs, min(id) AS first_id,
                   max(id) AS last_id
            FROM ledger_transfer WHERE book_id = %(book)s GROUP BY source, source_id, kind
        ) t USING (source, source_id, kind)
        WHERE (k.booked_on, k.legs, k.first_id, k.last_id) IS DISTINCT FROM
              (t.booked_on, t.legs, t.first_id, t.last_id)
        ORDER BY source, source_id, kind
        """,
        book,
    )


def mirrors(book: Merchant) -> Iterator[Facts]:
    """What is booked towards another merchant is booked there towards us."""
    found = proof.breaks(book, as_of=FROM_ENTRIES)
    refs = dict(Merchant.objects.filter(pk__in={b.other_id for b in found}).values_list("pk", "ref"))
    for b in found:
        yield {"account": b.code, "merchant": refs[b.other_id], "here": b.here, "there": b.there}


def purses(book: Merchant) -> Iterator[Facts]:
    """What is due to a person is never below zero: what she owes stands in `owed`."""
    yield from _rows(
        f"""
        SELECT p.ref AS party, credits.amount - debits.amount AS amount FROM ledger_account a
        JOIN merchants_party p ON p.id = a.party_id AND p.kind IN ('guide', 'promoter') {MOVED}
        WHERE a.book_id = %(book)s AND a.code = 'due' AND credits.amount < debits.amount ORDER BY a.id
        """,
        book,
    )


def kept_balances(book: Merchant) -> Iterator[Facts]:
    """Snapshots are what the entries up to them say."""
    found = snapshots.differences(book)
    names = {account.pk: account for account in Account.objects.filter(pk__in=[d.account_id for d in found])}
    for d in found:
        facts: Facts = {"account": names[d.account_id].code, "id": d.account_id, "cursor": d.cursor}
        yield facts | {"kept": d.kept[1] - d.kept[0], "entries": d.entries[1] - d.entries[0]}


def chain(book: Merchant) -> Iterator[Facts]:
    """What was sealed stands, and the chain still has the heads that earlier proofs saw."""
    for flaw in blocks.verify(book):
        yield {"what": flaw.what, "block": flaw.block, "transfers": list(flaw.transfers[:MOST])}
    same = Block.objects.filter(book=book, number=OuterRef("block"), sha256=OuterRef("head"))
    seen = ProofRun.objects.filter(~Exists(same), book=book, block__gt=0)
    for number in seen.order_by("block").values_list("block", flat=True).distinct():
        yield {"what": "rewritten", "block": number, "transfers": []}


def closed_periods(book: Merchant) -> Iterator[Facts]:
    """What a period held when it was closed it holds today."""
    for change in periods.changes(book):
        first = change.after + timedelta(days=1)
        yield {"first": str(first), "last": str(change.through), "was": change.was, "now": change.now}


CHECKS: dict[str, Callable[[Merchant], Iterator[Facts]]] = {
    "zero": zero,
    "clearing": clearing,
    "keys": keys,
    "mirrors": mirrors,
    "purses": purses,
    "snapshots": kept_balances,
    "chain": chain,
    "periods": closed_periods,
}


def prove(book: Merchant, *, at: datetime | None = None) -> ProofRun:
    """Seal what is new in the book, then make every check; the run says what was found."""
    at = at or timezone.now()
    snapshots.roll()
    if (
        through := snapshots.frontier()
    ) is not None:  # else somebody writes for long, and it is sealed next time
        blocks.seal(book, through=through)
    with acting_for(book):
        periods.seal(book)
        found = [
            {"check": name} | facts
            for name, check in CHECKS.items()
            for _number, facts in zip(range(MOST), check(book), strict=False)
        ]
        return _kept(book, found, at)


def prove_due(*, now: datetime | None = None) -> int:
    """Prove each book once a business date, in the night after it; returns how many. One that breaks the proof
    itself is logged, and the others go on."""
    now = now or timezone.now()
    done = 0
    with _alone() as alone:
        for book in Merchant.objects.order_by("id") if alone else ():
            try:
                if _is_due(book, now):
                    prove(book, at=now)
                    done += 1
            except Exception as error:
                logger.error("ledger: the book of %s could not be proved: %s", book.ref, type(error).__name__)
    return done


def last_proof(book: Merchant) -> ProofRun | None:
    """Inside the book's scope."""
    return ProofRun.objects.filter(book=book).order_by("-id").first()


@contextmanager
def _alone() -> Iterator[bool]:
    """A proof may take longer than the clock's next stroke; the lock goes with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _is_due(book: Merchant, now: datetime) -> bool:
    with acting_for(book):
        told = BookClosing.objects.filter(book=book).exists()
        return (
            told and not ProofRun.objects.filter(book=book, business_date__gte=_last_day(book, now)).exists()
        )


def _last_day(book: Merchant, now: datetime) -> date:
    return business_date(now - NIGHT, zone=book.time_zone, cut_off=book.cut_off) - timedelta(days=1)


@transaction.atomic
def _kept(book: Merchant, found: list[Facts], at: datetime) -> ProofRun:
    last = blocks.head(book)
    run = ProofRun.objects.create(
        book=book,
        business_date=_last_day(book, at),
        at=at,
        transfers=blocks.sealed(book),
        block=last.number if last else 0,
        head=bytes(last.sha256) if last else b"",
        findings=found,
    )
    if not run.holds:
        logger.error(
            "ledger: the book of %s does not prove: %s (%s)", book.ref, ", ".join(run.failed), run.ref
        )
        payload = {"proof": run.ref, "checks": run.failed}
        record(
            "ledger.proof_failed",
            merchant_id=book.pk,
            subject=book.ref,
            payload=payload,
            concerns=[],
            by=BY,
            at=at,
        )
    return run


def _rows(query: str, book: Merchant) -> Iterator[Facts]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"book": book.pk, "as_of": FROM_ENTRIES})
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            facts = dict(zip(names, row, strict=True))
            yield facts | {"amount": int(facts["amount"])} if "amount" in facts else facts
