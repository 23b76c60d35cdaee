"""Until when a line may be appealed, and until when its book's owner answers: dated, by the business date sold."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import AppealPolicy, Split
from events.record import Actor, record
from merchants.business_day import business_date
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.models import OrderLine


def policy_of(book: Merchant, sold_on: date) -> AppealPolicy:
    """What holds for the book's sales of that date; the defaults, unsaved, where nothing was set."""
    with acting_for(book):
        rows = AppealPolicy.objects.filter(merchant=book, starts_on__lte=sold_on)
        return rows.order_by("-starts_on", "-id").first() or AppealPolicy(merchant=book, starts_on=sold_on)


def last_day(split: Split) -> date:
    """The last business date of its store on which the line may be appealed; its merchant is loaded."""
    return split.business_date + timedelta(days=policy_of(split.merchant, split.business_date).days)


def is_given_back(line: OrderLine) -> bool:
    """All of it: nobody holds a share of it that could move."""
    return 0 < line.paid == line.refunded


def set_policy(
    *, book: Merchant, starts_on: date, days: int, answer_days: int, by: Actor, at: datetime | None = None
) -> AppealPolicy:
    """From sales of `starts_on` on: `days` after the business date to appeal, `answer_days` to answer.

    DomainError for a date that is over (`appeal_policy.too_late`) or days out of bounds (`appeal_policy.days`)."""
    at = at or timezone.now()
    if starts_on < business_date(at, zone=book.time_zone, cut_off=book.cut_off):
        raise DomainError(
            "appeal_policy.too_late",
            _("That business date is over: its sales keep their deadline."),
            next_step=_("Let it hold from today or later."),
            field="starts_on",
        )
    if not (0 <= days <= 366 and 1 <= answer_days <= 366):
        raise DomainError(
            "appeal_policy.days",
            _("A deadline lies within a year, and an answer takes at least a day."),
            next_step=_("Correct the number of days."),
            field="days",
        )
    with acting_for(book), transaction.atomic():
        policy = AppealPolicy.objects.create(
            merchant=book, starts_on=starts_on, days=days, answer_days=answer_days
        )
        payload = {"starts_on": starts_on.isoformat(), "days": days, "answer_days": answer_days}
        record(
            "appeal.policy_set",
            merchant_id=book.pk,
            subject=policy.ref,
            payload=payload,
            concerns=[],
            by=by,
            at=at,
        )
    return policy
