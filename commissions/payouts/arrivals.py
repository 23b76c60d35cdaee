"""Money that a book has counted on arrives somewhere nearer: a platform's red envelope on the bank account."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.payouts.paying import PLACES
from events.record import Actor, record
from ledger.accounts import held
from ledger.transfers import Entry, Story, post
from merchants.business_day import business_date
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for


def arrive(
    *,
    book: Merchant,
    source: str,
    frm: str,
    to: str,
    amount: int,
    by: Actor,
    at: datetime | None = None,
) -> bool:
    """Money moved from one place where the book holds it to another, such as `platform` → `bank`; minor units.

    `source` names it (a line of a bank statement, say): told again, nothing changes. True if it was new. Conflict
    `ledger.source_reused` for the same source with other money; DomainError `arrival.invalid`.
    """
    at = at or timezone.now()
    if amount <= 0 or frm == to or not {frm, to} <= set(PLACES) or not 0 < len(source) <= 48:
        raise DomainError(
            "arrival.invalid",
            _("An arrival needs a source, two different places and an amount above zero."),
            next_step=_("Check what was entered."),
        )
    on = business_date(at, zone=book.time_zone, cut_off=book.cut_off)
    moved = Entry(book.pk, "arrival", held(to), held(frm), amount)
    with acting_for(book), transaction.atomic():
        is_new = bool(post([Story("arrival", source, on, at, book.currency, (moved,))]))
        if is_new:
            record(
                "money.arrived",
                merchant_id=book.pk,
                subject=book.ref,
                payload={"from": frm, "to": to, "amount": amount, "currency": book.currency},
                concerns=[],
                by=by,
                at=at,
            )
    return is_new
