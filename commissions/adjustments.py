"""Finance gives a payee something of goodwill, or gives up what a person owes: money of no sale, told once.

Locks: the payee's purse (docs/adr/0006).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions import purses, stories
from commissions.models import Adjustment
from commissions.stories import DUE, OWED, Owing
from events.record import Actor, record
from guides.models import Guide
from ledger import accounts, balances
from ledger.accounts import Place, named
from ledger.transfers import post
from merchants.business_day import business_date
from merchants.errors import Conflict, DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for

Kind = Adjustment.Kind


@transaction.atomic
def adjust(
    *,
    book: Merchant,
    payee: Guide | Merchant,
    amount: int,
    kind: str,
    key: str,
    by: Actor,
    at: datetime | None = None,
) -> Adjustment:
    """Goodwill: `amount` (minor units, not 0; below 0 takes back, what is due first) is due to the payee against the
    book's result. Write-off: `amount` of what a guide owes the book is owed no more.

    Once a `key`: told again it answers the row that stands; Conflict `adjustment.key_reused` if that says something
    else. DomainError `adjustment.nothing`, `adjustment.not_owed` for a write-off of more than is owed.
    """
    at = at or timezone.now()
    if not amount or (kind == Kind.WRITE_OFF and amount < 0) or payee.party_id == book.party_id:
        raise _nothing()
    with acting_for(book):
        told = {"payee_id": payee.party_id, "kind": kind, "amount": amount}
        row, is_new = Adjustment.objects.get_or_create(
            merchant=book, key=key, defaults=told | {"at": at, "by": by.ref}
        )
        if any(getattr(row, name) != value for name, value in told.items()):
            raise Conflict(
                "adjustment.key_reused",
                _("This number was used for another adjustment."),
                next_step=_("Nothing was booked. Use a new number."),
                field="key",
            )
        if is_new:
            _book(row, book, payee, at)
            record(
                "commission.adjusted",
                merchant_id=book.pk,
                subject=payee.ref,
                payload={"payee": payee.ref, "amount": amount, "kind": str(kind), "source": row.ref},
                concerns=[payee.ref],
                by=by,
                at=at,
            )
    return row


def _book(row: Adjustment, book: Merchant, payee: Guide | Merchant, at: datetime) -> None:
    is_guide = isinstance(payee, Guide)
    to = Owing(book.pk, book.party_id, payee.party_id, payee.party_id, None if is_guide else payee.pk)
    pieces: stories.Pieces = [(DUE, abs(row.amount))]
    if row.kind == Kind.WRITE_OFF:
        _check_owed(row, book, is_guide=is_guide)
        pieces = [(OWED, row.amount)]
    elif row.amount < 0 and is_guide:
        pieces = purses.hold([(to.purse, book.currency)]).take(to.purse, -row.amount)
    on = business_date(at, zone=book.time_zone, cut_off=book.cut_off)
    post(
        [
            stories.adjusted(
                row.kind, row.ref, to, pieces, up=row.amount > 0, on=on, at=at, currency=book.currency
            )
        ]
    )


def _check_owed(row: Adjustment, book: Merchant, *, is_guide: bool) -> None:
    place = Place(book.pk, named(OWED, row.payee_id), book.currency)
    ids = accounts.ids_of([place])
    accounts.lock(ids.values())
    owed = -balances.of_accounts(ids.values())[ids[place]]
    if not is_guide or row.amount > owed:
        raise DomainError(
            "adjustment.not_owed",
            _("That is more than is owed."),
            next_step=_("Write off no more than what is owed."),
            field="amount",
            extra={"owed": max(owed, 0)},
        )


def _nothing() -> DomainError:
    return DomainError(
        "adjustment.nothing",
        _("An adjustment moves an amount to or from somebody else."),
        next_step=_("Enter the amount and the payee."),
        field="amount",
    )
