"""Somebody at the sender tells what became of a payout that no file tells of.

A payout by hand is told from beginning to end; one by bank file can only be called off before it is in a file, and
given up once its payee objects.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout
from commissions.payouts import answers
from events.record import Actor
from merchants.errors import Conflict

State = Payout.State


class Mark(models.TextChoices):
    SENT = "sent", _("I have sent it")
    PAID = "paid", _("It has arrived")
    LOST = "lost", _("No answer came")
    RETURNED = "returned", _("It came back")
    FAILED = "failed", _("It failed")
    CALLED_OFF = "called_off", _("Call it off")


_AFTER: dict[str, tuple[Mark, ...]] = {
    State.CREATED: (Mark.SENT, Mark.CALLED_OFF),
    State.SUBMITTED: (Mark.PAID, Mark.LOST, Mark.FAILED, Mark.RETURNED),
    State.UNKNOWN: (Mark.PAID, Mark.FAILED, Mark.RETURNED),
    State.SUCCEEDED: (Mark.RETURNED,),
    State.CONTESTED: (Mark.RETURNED,),
}


def offered(payout: Payout) -> tuple[Mark, ...]:
    """What can be told of it now."""
    marks = _AFTER.get(payout.state, ()) if payout.net else ()
    if payout.rail == Payout.Rail.MANUAL or payout.state == State.CONTESTED:
        return marks
    return tuple(mark for mark in marks if mark == Mark.CALLED_OFF)


def tell(payout: Payout, mark: str, *, by: Actor, reason: str = "") -> Payout:
    """`reason` for what failed or came back. Conflict `payout.not_by_hand` for what cannot be told of it, and
    whatever `answers` refuses; told a second time nothing changes."""
    if payout.rail != Payout.Rail.MANUAL and mark not in offered(payout) and mark != Mark.CALLED_OFF:
        raise _not_by_hand()
    if mark == Mark.SENT:
        return answers.submit(payout, by=by)
    if mark == Mark.PAID:
        return answers.succeed(payout, by=by)
    if mark == Mark.LOST:
        return answers.lost(payout, by=by)
    if mark == Mark.RETURNED:
        return answers.come_back(payout, by=by, reason=reason)
    if mark == Mark.FAILED:
        return answers.fail(payout, by=by, reason=reason)
    if mark == Mark.CALLED_OFF:
        return answers.call_off(payout, by=by)
    raise _not_by_hand()


def _not_by_hand() -> Conflict:
    return Conflict(
        "payout.not_by_hand",
        _("This cannot be told of this payout by hand."),
        next_step=_("Import the bank's file of results; it tells what became of it."),
    )
