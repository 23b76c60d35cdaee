"""Whose key is this? Asked before any merchant's scope is entered, so through this one door."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from events.compiled import compiled
from merchants.models import ApiKey
from merchants.onboarding import key_hash

# A key is looked up to learn the merchant, so there is no scope yet; `_base_manager` does not ask for one.
_every_key = ApiKey._base_manager
_USE_NOTED_EVERY = timedelta(minutes=1)


def key_for(secret: str, *, at: datetime) -> ApiKey | None:
    """The live key with this secret, its merchant with it; None if it is unknown or revoked. Its use is
    noted at most once a minute, so that a busy till does not write with every call."""
    key = next(iter(_live(hashed=key_hash(secret))), None)
    if key and (key.last_used_at is None or key.last_used_at <= at - _USE_NOTED_EVERY):
        _every_key.filter(pk=key.pk).update(last_used_at=at)
    return key


@compiled
def _live(*, hashed: bytes) -> QuerySet[ApiKey]:
    return _every_key.select_related("merchant").filter(hash=hashed, revoked_at=None)
