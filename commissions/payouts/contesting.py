"""Whose word that a payout arrived: the payer says so and both books believe it, until the merchant who was to be paid
says that it did not. From then on only that merchant can say that it did, and only the payer that it came back
(docs/adr/0012).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout
from commissions.payouts import stories
from commissions.payouts.answers import REASON, held_payout, move
from events.record import Actor
from ledger.transfers import post
from merchants.errors import Conflict, Forbidden
from merchants.models import Merchant

State = Payout.State


@transaction.atomic
def contest(
    payout: Payout, *, merchant: Merchant, reason: str = "", by: Actor, at: datetime | None = None
) -> Payout:
    """It did not arrive, says the merchant it was for: the claim stands again in its book, and in the payer's the
    money is on its way. Told again it changes nothing. Once for each payout, and only while it counts as paid.

    Forbidden `payout.not_yours`; Conflict `payout.not_contestable`.
    """
    at = at or timezone.now()
    with held_payout(payout) as row:
        _need_payee(row, merchant)
        if row.state != State.CONTESTED:
            if not row.is_contestable:
                raise _not_contestable(row)
            row.contested_at, row.objection = at, reason[:REASON]
            post([stories.contested(row, at=at)])
            move(row, State.CONTESTED, by=by, at=at)
    return row


@transaction.atomic
def confirm(payout: Payout, *, merchant: Merchant, by: Actor, at: datetime | None = None) -> Payout:
    """It arrived after all, says the merchant that contested it: both books take it as paid, for good. Told again it
    changes nothing. Forbidden `payout.not_yours`; Conflict `payout.not_contestable`."""
    at = at or timezone.now()
    with held_payout(payout) as row:
        _need_payee(row, merchant)
        if row.state != State.SUCCEEDED:
            if row.state != State.CONTESTED:
                raise _not_contestable(row)
            post([stories.confirmed(row, at=at)])
            move(row, State.SUCCEEDED, by=by, at=at)
    return row


def _need_payee(payout: Payout, merchant: Merchant) -> None:
    if payout.guide_id or payout.payee_merchant_id != merchant.pk:
        raise Forbidden(
            "payout.not_yours",
            _("Only the merchant that was to be paid can say whether it was."),
            next_step=_("Ask that merchant to look."),
        )


def _not_contestable(payout: Payout) -> Conflict:
    return Conflict(
        "payout.not_contestable",
        _(
            "The payout %(number)s is in state “%(state)s”: there is nothing to object to, or it was answered before."
        )
        % {"number": payout.number, "state": payout.get_state_display()},
        next_step=_("Settle with the payer what is open."),
        extra={"number": payout.number, "state": str(payout.state)},
    )
