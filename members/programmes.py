"""A merchant's programmes of stored value: what it owes those who paid in advance, topped up, spent and put back.

`Programme.outstanding` is changed as soon as it is told; the ledger follows when the sale is booked. Behind the lock
stands a check of the database: it is never below zero. Locks: the programme's row, last (docs/adr/0005).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.record import Actor, record
from ledger.accounts import OWN_COST, held, stored
from ledger.transfers import Entry, Story, post
from members.models import Programme, TopUp
from merchants.business_day import business_date
from merchants.errors import Conflict, DomainError
from merchants.models import Merchant
from merchants.refusing import refusing
from merchants.scoping import acting_for
from merchants.storable import check_in_reach

MOST = 10**11  # minor units of one top-up
CLOCKS_DIFFER = timedelta(minutes=10)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@transaction.atomic
def register(*, merchant: Merchant, code: str, name: str, by: Actor) -> Programme:
    """A programme under a code of its own, which names its account for ever. DomainError `programme.code_invalid`,
    `programme.name_missing`; Conflict `programme.code_taken`."""
    if not _CODE.fullmatch(code):
        raise DomainError(
            "programme.code_invalid",
            _("A code is of plain letters, digits, hyphens and underscores, 32 at most."),
            next_step=_("Choose a short code such as gift-card."),
            field="code",
        )
    if not name.strip():
        raise DomainError(
            "programme.name_missing",
            _("A programme needs a name."),
            next_step=_("Say what your shoppers call it."),
            field="name",
        )
    taken = Conflict(
        "programme.code_taken",
        _("Another programme of yours has this code."),
        next_step=_("Choose another code."),
        field="code",
    )
    with acting_for(merchant), refusing("programme_code_once_a_merchant", taken):
        programme = Programme.objects.create(merchant=merchant, code=code, name=name.strip())
    record(
        "programme.registered",
        merchant_id=merchant.pk,
        subject=programme.ref,
        payload={"programme": programme.ref, "code": code},
        concerns=[],
        by=by,
    )
    return programme


@transaction.atomic
def top_up(
    *,
    programme: Programme,
    external_no: str,
    paid: int,
    place: str,
    by: Actor,
    bonus: int = 0,
    at: datetime | None = None,
) -> tuple[TopUp, bool]:
    """Store `paid` that reached `place`, and `bonus` that the merchant gives: (top-up, is_new); minor units.

    Once a number of the merchant: told again it changes nothing; Conflict `top_up.reused_number` if it says something
    else. DomainError `top_up.amount`, `top_up.place`, `top_up.number_invalid`, `top_up.in_future`.
    """
    now = timezone.now()
    _sane(external_no, paid, bonus, place, at, now)
    at, book = at or now, programme.merchant
    told = {"programme_id": programme.pk, "paid": paid, "bonus": bonus, "place": place}
    when = {"at": at, "business_date": business_date(at, zone=book.time_zone, cut_off=book.cut_off)}
    with acting_for(book):
        row, is_new = TopUp.objects.get_or_create(
            merchant=book, external_no=external_no, defaults=told | when | {"by": by.ref}
        )
        if any(getattr(row, name) != value for name, value in told.items()):
            raise Conflict(
                "top_up.reused_number",
                _("The number %(number)s was used for another top-up.") % {"number": external_no},
                next_step=_("Give this top-up a number of its own."),
                field="external_no",
                extra={"top_up": row.ref},
            )
        if is_new:
            post([_story(row, programme)])
            put_back({programme.code: row.stored})
            record(
                "stored_value.topped_up",
                merchant_id=book.pk,
                subject=programme.ref,
                payload={
                    "programme": programme.ref,
                    "top_up": row.ref,
                    "paid": paid,
                    "bonus": bonus,
                    "place": place,
                    "currency": book.currency,
                },
                concerns=[],
                by=by,
                at=at,
            )
    return row, is_new


def hold(names: Iterable[str]) -> dict[str, int]:
    """What may still be spent of each that is named by code or ref, by code, held until the transaction ends. Inside
    the issuer's scope."""
    named = Q(code__in=list(names)) | Q(ref__in=list(names))
    rows = Programme.objects.filter(named).select_for_update(no_key=True).order_by("code")
    return dict(rows.values_list("code", "outstanding"))


def spend(amounts: Mapping[str, int]) -> None:
    """Take from what `hold` found to be enough, by code. Inside the issuer's scope."""
    put_back({code: -amount for code, amount in amounts.items()})


def put_back(amounts: Mapping[str, int]) -> None:
    """What can be spent grows again, by the programme's code. Inside the issuer's scope."""
    for code, amount in sorted(amounts.items()):
        Programme.objects.filter(code=code).update(outstanding=F("outstanding") + amount)


def _story(row: TopUp, programme: Programme) -> Story:
    account, book = stored(programme.code), programme.merchant
    told = (
        Entry(book.pk, "top_up", held(row.place), account, row.paid),
        Entry(book.pk, "bonus", OWN_COST, account, row.bonus),
    )
    entries = tuple(entry for entry in told if entry.amount)
    return Story("top_up", row.ref, row.business_date, row.at, book.currency, entries)


def _sane(external_no: str, paid: int, bonus: int, place: str, at: datetime | None, now: datetime) -> None:
    if not 0 < len(external_no) <= 64 or not external_no.isprintable():
        raise DomainError(
            "top_up.number_invalid",
            _("A number has 1 to %(most)d characters, and no line break or other control character.")
            % {"most": 64},
            next_step=_("Correct the number and send it again."),
            field="external_no",
        )
    if paid < 0 or bonus < 0 or not 0 < paid + bonus <= MOST:
        raise DomainError(
            "top_up.amount",
            _("A top-up stores something: what was paid, what you add, or both."),
            next_step=_("Correct the amounts; neither is below zero."),
            field="paid",
        )
    if place not in TopUp.Place.values:
        raise DomainError(
            "top_up.place",
            _("No money of a top-up stands there."),
            next_step=_("Say how it was paid: cash, acquirer, psp or bank."),
            field="place",
        )
    check_in_reach(at=at)
    if at and at > now + CLOCKS_DIFFER:
        raise DomainError(
            "top_up.in_future",
            _("The top-up is dated in the future."),
            next_step=_("Set the clock and its time zone, then send it again."),
            field="at",
        )
