"""Showing a member's full phone number: allowed, and never unnoticed."""

from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from events.record import Actor, record
from members.models import Member
from merchants.errors import DomainError


class Reason(models.TextChoices):
    """Why somebody looks; a code, because the stream keeps no free text."""

    CALL = "call", _("To call the member")
    DELIVERY = "delivery", _("For a delivery")
    DISPUTE = "dispute", _("To settle a complaint")


@transaction.atomic
def reveal(*, member: Member, by: Actor, reason: str, at: datetime | None = None) -> str:
    """The member's phone in E.164, and an event: who looked, and why. The face asks for `members.reveal`."""
    if reason not in Reason.values:
        raise DomainError(
            "reveal.no_reason",
            _("A full phone number is shown for a reason only."),
            next_step=_("Choose why you need the number."),
            field="reason",
        )
    record(
        "phone.revealed",
        merchant_id=member.merchant_id,
        subject=member.ref,
        payload={"member": member.ref, "reason": str(reason)},
        concerns=[member.ref, by.ref],
        by=by,
        at=at,
    )
    return member.person.phone
