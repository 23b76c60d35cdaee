"""Finance works a break: explains it, opens it again, or takes the bill's word that a payout was paid or came back.

Locks: the break's row, then what `answers` takes: the purse and the payout's row (docs/adr/0006).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from commissions.models import Break, BreakStep, Payout, RailBill
from commissions.payouts import answers
from commissions.reconciliation import refusals
from commissions.reconciliation.matching import Kind
from commissions.reconciliation.steps import take_step
from events.record import Actor
from merchants.errors import DomainError
from merchants.scoping import acting_for

LONGEST_NOTE = 500
State = Payout.State
WAITING = (State.SUBMITTED, State.UNKNOWN, State.HELD)
# By kind: what the payout may be when the bill's word is taken, and what answers it.
_WORDS = {
    Kind.STATE: (WAITING, answers.succeed),
    Kind.RETURNED: ((*WAITING, State.SUCCEEDED, State.CONTESTED), answers.come_back),
}
Cause = BreakStep.Cause


@dataclass(frozen=True)
class Taken:
    """How many payouts the bill's word has paid, and how many it could not."""

    paid: int
    refused: int


def explain(found: Break, *, note: str, by: Actor, at: datetime | None = None) -> Break:
    """It is as it is, and finance says why. DomainError `break.no_note`; Conflict `break.worked` unless it is open."""
    note = " ".join(note.split())
    if not 0 < len(note) <= LONGEST_NOTE:
        raise refusals.no_note()
    with _held(found, Break.State.OPEN) as row:
        take_step(row, Cause.EXPLAINED, note=note, by=by, at=at or timezone.now())
    return row


def reopen(found: Break, *, note: str = "", by: Actor, at: datetime | None = None) -> Break:
    """The explanation did not hold. Conflict `break.worked` unless it is explained."""
    with _held(found, Break.State.EXPLAINED) as row:
        take_step(
            row, Cause.REOPENED, note=" ".join(note.split())[:LONGEST_NOTE], by=by, at=at or timezone.now()
        )
    return row


def can_take_word(found: Break) -> bool:
    """Whether the bill proves, to the fen, that a payout was paid which waits for its answer, or that one came back
    which has not here. Comes loaded with its payout."""
    payout, (states, _answer) = found.payout, _WORDS.get(Kind(found.kind), ((), None))
    return (
        found.state in Break.LIVE
        and payout is not None
        and payout.state in states
        and payout.submitted_at is not None
    )


def take_word(found: Break, *, by: Actor, at: datetime | None = None) -> Payout:
    """The rail says that it paid, so the payout succeeds; or that it came back, so it is due again. Conflict
    `break.worked`; `break.no_word` for a payout that was never sent or has failed: what the rail moved then is a matter
    between people."""
    at = at or timezone.now()
    with _held(found, *Break.LIVE) as row:
        if not can_take_word(row) or row.payout is None:
            raise refusals.no_word()
        _states, answer = _WORDS[Kind(row.kind)]
        payout = answer(row.payout, by=by, at=at)
        take_step(row, Cause.WORD_TAKEN, by=by, at=at)
    return payout


def words_offered(bill: RailBill) -> list[Break]:
    """The bill's breaks that can take its word that it paid. What came back is looked at one by one: it will be paid
    anew. Inside its merchant's scope."""
    rows = Break.objects.filter(bill=bill, kind=Kind.STATE, state__in=Break.LIVE)
    return [row for row in rows.select_related("merchant", "payout").order_by("id") if can_take_word(row)]


def take_all_words(bill: RailBill, *, by: Actor, at: datetime | None = None) -> Taken:
    """The same for every break of the bill that allows it, each in a transaction of its own."""
    with acting_for(bill.merchant):
        wanted = words_offered(bill)
    paid = 0
    for row in wanted:
        try:
            take_word(row, by=by, at=at)
            paid += 1
        except DomainError:
            continue
    return Taken(paid, len(wanted) - paid)


@contextmanager
def _held(found: Break, *states: Break.State) -> Iterator[Break]:
    """The break as it is now, locked, inside its merchant's scope. Conflict `break.worked` in another state."""
    with acting_for(found.merchant), transaction.atomic():
        row = _locked(found)
        if row.state not in states:
            raise refusals.worked()
        yield row


def _locked(found: Break) -> Break:
    rows = Break.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("merchant", "line", "payout__merchant", "payout__payee").get(pk=found.pk)
