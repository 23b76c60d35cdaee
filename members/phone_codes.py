"""One-time codes sent to a phone: who can read it aloud holds the phone.

Shoppers join and sign in with them, staff sign in with them; `purpose` keeps the two apart. A code is kept as
a fingerprint, lives five minutes, takes five tries and one use; a newer one for the same phone and purpose
ends it. Tries and sends are kept in the database: neither a lost cache nor a second tab gives more of them.
"""

import hmac
import math
import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from members.models import PhoneCode
from merchants import phones, sealing
from merchants.client_ip import household
from merchants.errors import DomainError
from notifications import sms

LIFETIME = timedelta(minutes=5)
TRIES = 5
PAUSE = timedelta(seconds=60)  # between two codes to one phone
A_DAY = timedelta(days=1)
CODES_A_DAY = 10  # to one phone for each of the two purposes: who asks as a shopper locks no guide out
CODES_AN_HOUR_AND_ADDRESS = 60  # for each purpose; a shop's customers share one address, its guides too


def send(*, phone: str, purpose: str, ip: str = "") -> None:
    """Send a fresh code to `phone` (E.164). Not from inside a transaction: the message leaves at once.

    Errors: `code.too_soon` (`extra["retry_after"]` seconds; `extra["spent"]`: the last one is of no use any more),
    `code.too_many` (sends), `code.unsent`, `phone.not_mobile`.
    """
    _reachable(phone)
    code = f"{secrets.randbelow(10**6):06d}"
    row = _lay_down(phone, purpose, ip, _fingerprint(phone, purpose, code))
    try:
        sms.send(
            phone=phone,
            text=_("[Tiandi] %(code)s is your code. It is valid for 5 minutes. Tell it to nobody.")
            % {"code": code},
        )
    except sms.Unsent:
        row.delete()  # the next attempt need not wait for a message that never left
        raise DomainError(
            "code.unsent",
            gettext_lazy("The code could not be sent."),
            next_step=gettext_lazy("Try again in a moment."),
        ) from None


def pretend(*, phone: str, purpose: str, ip: str = "") -> None:
    """For an unknown number: limits and answers as of `send`, but no message; nobody learns who is known."""
    _reachable(phone)
    _lay_down(phone, purpose, ip, secrets.token_bytes(32))


def check(*, phone: str, purpose: str, code: str) -> None:
    """Use the code up. Not inside a transaction: a wrong try counts even when the caller's work is undone.

    Errors: `code.wrong` (`extra["tries_left"]`), `code.expired`, `code.too_many` (tries).
    """
    with transaction.atomic(durable=True):
        refusal = _try(phone, purpose, code)
    if refusal:
        raise refusal


def fault(*, phone: str, purpose: str, code: str) -> DomainError | None:
    """What `check` would refuse, for a page that has other faults to tell with it: a wrong try counts as there, a
    right code is not used up."""
    try:
        with transaction.atomic(durable=True):
            if refusal := _try(phone, purpose, code):
                return refusal
            raise _Right
    except _Right:
        return None


class _Right(Exception):
    """Takes back that the code was used."""


def wait(*, phone: str, purpose: str) -> int:
    """Seconds until another code may be asked for; 0 when it may be at once."""
    sent = PhoneCode.objects.filter(phone_hash=phones.fingerprint(phone), purpose=purpose)
    latest = sent.order_by("-sent_at").values_list("sent_at", flat=True).first()
    return max(0, math.ceil((latest + PAUSE - timezone.now()).total_seconds())) if latest else 0


def demo_code(*, phone: str) -> str | None:
    """The code last sent to `phone`, for the page of a demo to show, while it can be used; None outside
    embedded mode."""
    if not settings.EMBEDDED:
        return None
    texts = [message.text for message in list(sms.outbox) if message.phone == phone]
    found = re.search(r"\d{6}", texts[-1]) if texts else None
    live = PhoneCode.objects.filter(
        phone_hash=phones.fingerprint(phone),
        used_at=None,
        expires_at__gt=timezone.now(),
        tries__lt=TRIES,
    )
    if found and any(
        hmac.compare_digest(bytes(row.code_hash), _fingerprint(phone, row.purpose, found.group()))
        for row in live
    ):
        return found.group()
    return None


def clear(*, before: datetime) -> int:
    """Forget codes sent before then; the limits look back one day. Returns how many."""
    return PhoneCode.objects.filter(sent_at__lt=before).delete()[0]


def _reachable(phone: str) -> None:
    if not phones.takes_messages(phone):
        raise DomainError(
            "phone.not_mobile",
            gettext_lazy("Codes are sent to mobile phones only."),
            next_step=gettext_lazy("Give the number of a mobile phone."),
            field="phone",
        )


def _lay_down(phone: str, purpose: str, ip: str, code_hash: bytes) -> PhoneCode:
    """The row of a new code, after the limits; whatever was live for this phone and purpose ends."""
    _count_address(ip, purpose)
    phone_hash = phones.fingerprint(phone)
    with transaction.atomic(durable=True):
        _one_at_a_time(phone_hash)
        now = timezone.now()
        sent = list(
            PhoneCode.objects.filter(phone_hash=phone_hash, purpose=purpose, sent_at__gt=now - A_DAY)
            .order_by("-sent_at")
            .only("sent_at", "used_at", "tries")
        )
        latest = sent[0] if sent else None
        if latest and now - latest.sent_at < PAUSE:
            raise _too_soon(
                PAUSE - (now - latest.sent_at), spent=bool(latest.used_at) or latest.tries >= TRIES
            )
        if len(sent) >= CODES_A_DAY:
            raise _too_many_sent()
        PhoneCode.objects.filter(phone_hash=phone_hash, purpose=purpose, expires_at__gt=now).update(
            expires_at=now
        )
        return PhoneCode.objects.create(
            phone_hash=phone_hash,
            purpose=purpose,
            code_hash=code_hash,
            sent_at=now,
            expires_at=now + LIFETIME,
        )


def _one_at_a_time(phone_hash: bytes) -> None:
    """Two tabs ask at once: the second waits, then meets the first one's code. There is no row to lock."""
    with connection.cursor() as cursor:
        key = int.from_bytes(phone_hash[:8], "big", signed=True)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _count_address(ip: str, purpose: str) -> None:
    """In the cache: it only slows somebody who walks through many phones, and may be lost."""
    if not ip:
        return
    key = f"phone-codes:{purpose}:{sealing.fingerprint(household(ip), purpose='address').hex()}"
    cache.add(key, 0, timeout=3600)
    try:
        sent = cache.incr(key)
    except ValueError:  # it ran out in between
        return
    if sent > CODES_AN_HOUR_AND_ADDRESS:
        raise _too_many_sent()


def _try(phone: str, purpose: str, code: str) -> DomainError | None:
    row = (
        PhoneCode.objects.select_for_update()
        .filter(phone_hash=phones.fingerprint(phone), purpose=purpose)
        .order_by("-sent_at")
        .first()
    )
    now = timezone.now()
    if row is None or row.used_at or row.expires_at <= now:
        return _expired()
    if row.tries >= TRIES:
        return _too_many_tries()
    if hmac.compare_digest(bytes(row.code_hash), _fingerprint(phone, purpose, code)):
        row.used_at = now
        row.save(update_fields=["used_at"])
        return None
    row.tries += 1
    row.save(update_fields=["tries"])
    return _wrong(TRIES - row.tries) if row.tries < TRIES else _too_many_tries()


def _fingerprint(phone: str, purpose: str, code: str) -> bytes:
    digits = re.sub(r"\s", "", code)
    return sealing.fingerprint(f"{phone}:{digits}", purpose=f"code:{purpose}")


def _wrong(tries_left: int) -> DomainError:
    return DomainError(
        "code.wrong",
        gettext_lazy("This code is not right."),
        next_step=ngettext_lazy(
            "Check the newest message. %(left)d try left.",
            "Check the newest message. %(left)d tries left.",
            "left",
        )
        % {"left": tries_left},
        field="code",
        extra={"tries_left": tries_left},
    )


def _expired() -> DomainError:
    return DomainError(
        "code.expired",
        gettext_lazy("This code is no longer valid."),
        next_step=gettext_lazy("Ask for a new code."),
        field="code",
    )


def _too_many_tries() -> DomainError:
    return DomainError(
        "code.too_many",
        gettext_lazy("This code was tried too often and is void."),
        next_step=gettext_lazy("Ask for a new code."),
        field="code",
    )


def _too_soon(wait: timedelta, *, spent: bool) -> DomainError:
    seconds = math.ceil(wait.total_seconds())
    if spent:
        happened = gettext_lazy("A code was sent a moment ago and cannot be used again.")
        next_step = gettext_lazy("Ask for a new one in %(seconds)d s.")
    else:
        happened = gettext_lazy("A code was sent a moment ago.")
        next_step = gettext_lazy("Use that one, or ask again in %(seconds)d s.")
    return DomainError(
        "code.too_soon",
        happened,
        next_step=next_step % {"seconds": seconds},
        field="phone",
        extra={"retry_after": seconds, "spent": spent},
    )


def _too_many_sent() -> DomainError:
    return DomainError(
        "code.too_many",
        gettext_lazy("Too many codes were asked for today."),
        next_step=gettext_lazy("Try again tomorrow, or ask the store for help."),
        field="phone",
    )
