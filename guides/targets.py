"""What a guide should sell on a day."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from guides.models import Guide, Target
from merchants.errors import DomainError


def set_target(*, guide: Guide, day: date, amount: int, by: Actor) -> Target:
    """Set or change a guide's target of a business date, in fen above zero."""
    if amount <= 0:
        raise DomainError(
            "target.not_above_zero",
            _("A target is above zero."),
            next_step=_("Give an amount in fen, or leave the day without a target."),
            field="amount",
        )
    with scope(merchant=guide.merchant), transaction.atomic():
        target, _made = Target.objects.update_or_create(
            guide=guide,
            day=day,
            defaults={"amount": amount},
            create_defaults={"amount": amount, "merchant": guide.merchant},
        )
        record(
            "target.set",
            merchant_id=guide.merchant_id,
            subject=guide.ref,
            payload={"guide": guide.ref, "day": day.isoformat(), "amount": amount},
            concerns=[guide.ref, guide.user.ref],
            by=by,
        )
    return target


def target_of(*, guide: Guide, day: date) -> int | None:
    """The day's target in fen, if one is set."""
    with scope(merchant=guide.merchant):
        return Target.objects.filter(guide=guide, day=day).values_list("amount", flat=True).first()
