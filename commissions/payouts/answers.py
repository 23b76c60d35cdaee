"""What a rail tells of a payout, whichever rail it is: sent, answer lost, arrived, failed, came back.

Each is safe to tell again: a state that was reached changes nothing. Of a payout whose answer is lost the rail is
asked by the same number; it is never sent a second time. Locks: the purse, then the payout's row (docs/adr/0006).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import BankFile, PayeeAccount, Payout
from commissions.payouts import stories
from commissions.payouts.paying import hold_purse
from commissions.payouts.telling import tell
from events.record import Actor
from ledger.transfers import post
from merchants.errors import Conflict
from merchants.scoping import acting_for

State = Payout.State
NAMED = ("merchant", "sender", "payee", "payee_merchant", "guide__user")  # by stories and events
_SAID_PAID = (State.SUCCEEDED, State.CONTESTED)
REASON = 200  # characters of the rail's words that are kept


def submit(
    payout: Payout,
    *,
    by: Actor,
    account: PayeeAccount | None = None,
    bank_file: BankFile | None = None,
    at: datetime | None = None,
) -> Payout:
    """It is handed to the rail. Conflict `payout.cannot` unless it was just made: nothing is sent twice."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        _need(row, State.CREATED)
        row.account = account or row.account  # some are bound to theirs from the start
        row.bank_file, row.submitted_at = bank_file, at
        move(row, State.SUBMITTED, by=by, at=at)
    return row


def lost(payout: Payout, *, by: Actor, at: datetime | None = None) -> Payout:
    """The rail did not say what became of it: ask by its number until it does."""
    return _turn(payout, State.UNKNOWN, State.SUBMITTED, by=by, at=at)


def hold(payout: Payout, *, by: Actor, at: datetime | None = None) -> Payout:
    """It waits: finance wants to look before it is sent, or the rail has stopped it."""
    return _turn(payout, State.HELD, State.CREATED, State.SUBMITTED, State.UNKNOWN, by=by, at=at)


def let_go(payout: Payout, *, by: Actor, at: datetime | None = None) -> Payout:
    """It goes on where it was held: to be sent if it never was, else waiting for the answer."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        _need(row, State.HELD)
        move(row, State.SUBMITTED if row.submitted_at else State.CREATED, by=by, at=at)
    return row


def succeed(payout: Payout, *, by: Actor, at: datetime | None = None) -> Payout:
    """The payee has the money. An answer that comes after the money came back, or after the payee objected, is an old
    one and changes nothing."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        if row.paid_at is None:
            _need(row, State.SUBMITTED, State.UNKNOWN, State.HELD, sent=True)
            row.paid_at = at
            post([stories.paid(row, at=at)])
            move(row, State.SUCCEEDED, by=by, at=at)
    return row


def fail(payout: Payout, *, by: Actor, reason: str = "", at: datetime | None = None) -> Payout:
    """It will not be paid, and never left: called off before it was sent, or refused by the rail."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        if row.state != State.FAILED:
            _need(row, State.CREATED, State.SUBMITTED, State.UNKNOWN, State.HELD)
            row.reason, row.given_back_at = reason[:REASON], at
            post([stories.failed(row, at=at)])
            move(row, State.FAILED, by=by, at=at)
    return row


def call_off(payout: Payout, *, by: Actor, at: datetime | None = None) -> Payout:
    """It is given up before it was sent. Conflict `payout.cannot` once it has been: the rail may have paid it."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        if row.state != State.FAILED or row.submitted_at:
            _need(row, State.CREATED, *([] if row.submitted_at else [State.HELD]))
            row.given_back_at = at
            post([stories.failed(row, at=at)])
            move(row, State.FAILED, by=by, at=at)
    return row


def come_back(payout: Payout, *, by: Actor, reason: str = "", at: datetime | None = None) -> Payout:
    """The money left and came back, perhaps days after it was said to have arrived."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        if row.state != State.RETURNED:
            _need(row, State.SUBMITTED, State.UNKNOWN, State.HELD, *_SAID_PAID, sent=True)
            row.reason, row.given_back_at = reason[:REASON], at
            post([stories.returned(row, was_paid=row.state == State.SUCCEEDED, at=at)])
            move(row, State.RETURNED, by=by, at=at)
    return row


def _turn(payout: Payout, state: State, *from_states: State, by: Actor, at: datetime | None) -> Payout:
    """To a state that moves no money; reached already, nothing changes."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        if row.state != state:
            _need(row, *from_states)
            move(row, state, by=by, at=at)
    return row


@contextmanager
def held_payout(payout: Payout) -> Iterator[Payout]:
    """The payout as it is now, its purse and its row locked, inside its payer's scope."""
    with acting_for(payout.merchant), transaction.atomic():
        hold_purse(payout.merchant, payout.payee, payout.currency)
        yield _locked(payout)


def _locked(payout: Payout) -> Payout:
    rows = Payout.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related(*NAMED).get(pk=payout.pk)


def _need(payout: Payout, *states: State, sent: bool = False) -> None:
    if payout.state in states and payout.net and (payout.submitted_at or not sent):
        return
    raise Conflict(
        "payout.cannot",
        _("The payout %(number)s is in state “%(state)s”, which this does not follow.")
        % {"number": payout.number, "state": payout.get_state_display()},
        next_step=_("Ask the bank or the payment service by this number before anything else is done."),
        extra={"number": payout.number, "state": str(payout.state)},
    )


def move(payout: Payout, state: State, *, by: Actor, at: datetime) -> None:
    payout.state = state
    payout.save(
        update_fields=[
            "state",
            "account",
            "bank_file",
            "submitted_at",
            "paid_at",
            "given_back_at",
            "reason",
            "contested_at",
            "objection",
        ]
    )
    tell(payout, by=by, at=at)
