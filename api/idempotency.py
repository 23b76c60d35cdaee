"""A POST may be sent again: what it did is done once, and its answer is given again.

The answer is kept in the transaction of the deed, so neither can be there without the other: after a crash
either both stand or neither, and the same request simply does it. Two at once are told apart by a lock that
PostgreSQL itself releases when the transaction ends, however it ends; there is no lease that could run out
under a slow request, and none to wait for after a dead one.

What the verb refuses (4xx) is undone to a savepoint and kept as the answer. What failed (5xx) is undone whole
and not kept, so it may be tried again.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import Unreadable
from api.rendering import plain
from events.compiled import compiled
from merchants import sealing
from merchants.errors import Conflict, DomainError
from merchants.models import ApiKey, IdempotencyKey

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(days=7)
LONGEST = IdempotencyKey._meta.get_field("key").max_length


def idempotent(post: Callable[..., Response]) -> Callable[..., Response]:
    """For every `post` of a Call: do it once for each key of the client."""

    @wraps(post)
    def once(call, request: Request, **kwargs: Any) -> Response:
        key, asked = _key_of(request), _hash_of(request)
        with transaction.atomic():
            if not _alone(request.auth, key):
                raise _in_flight()
            for kept in _kept(api_key=request.auth, key=key):
                return _replay(kept, asked)
            response = _done(post, call, request, kwargs)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            else:
                _keep(request, key, asked, response)
        return response

    once.idempotent = True
    return once


def forget(*, before: datetime) -> int:
    """Drop the answers kept before then, and how many that were. What was done stays done: a sale by its number,
    a claim by its key."""
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise Unreadable(
            "idempotency.key_missing",
            _("The header Idempotency-Key is missing."),
            next_step=_(
                "Send a fresh random value with each new request, and the same one when you repeat it."
            ),
        )
    if len(key) > LONGEST or not key.isascii() or not key.isprintable():
        raise Unreadable(
            "idempotency.key_unusable",
            _("The Idempotency-Key is too long or holds characters that are not plain ASCII."),
            next_step=_("Use a UUID or another short random text."),
        )
    return key


def _hash_of(request: Request) -> bytes:
    """Of what is asked, not of how it was typed: spaces and the order of fields do not count."""
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode()).digest()


def _alone(api_key: ApiKey, key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [key, api_key.pk])
        return cursor.fetchone()[0]


@compiled
def _kept(*, api_key: ApiKey, key: str) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(api_key=api_key, key=key)


def _done(post: Callable[..., Response], call, request: Request, kwargs: dict[str, Any]) -> Response:
    try:
        with transaction.atomic():
            return post(call, request, **kwargs)
    except Exception as error:
        return call.handle_exception(error)


def _keep(request: Request, key: str, asked: bytes, response: Response) -> None:
    IdempotencyKey.objects.create(
        api_key=request.auth,
        key=key,
        method_path=f"{request.method} {request.path}"[:255],
        body_hash=asked,
        status=response.status_code,
        answer_sealed=sealing.seal(json.dumps(plain(response.data), ensure_ascii=False)),
    )


def _replay(kept: IdempotencyKey, asked: bytes) -> Response:
    if bytes(kept.body_hash) != asked:
        raise DomainError(
            "idempotency.key_reused",
            _("This Idempotency-Key was used before for another request."),
            next_step=_("Use a fresh key for a new request; repeat an old one with the very same body."),
            field=HEADER,
        )
    kind = "application/problem+json" if kept.status >= 400 else None
    return Response(
        json.loads(sealing.unseal(kept.answer_sealed)),
        status=kept.status,
        content_type=kind,
        headers={"Idempotency-Replayed": "true"},
    )


def _in_flight() -> Conflict:
    return Conflict(
        "idempotency.in_flight",
        _("The first request with this Idempotency-Key is still being worked on."),
        next_step=_("Wait a moment and send it again: you will get the first one's answer."),
        extra={"retry_after": 1},
    )
