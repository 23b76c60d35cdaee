"""So many calls a minute for each key. The counter may be lost; then a key gets a fresh minute."""

import time

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from api.errors import TooMany
from merchants.models import ApiKey

_MINUTE = 60


def count(key: ApiKey) -> None:
    """One call more by this key; TooMany, with the seconds to wait, above API_CALLS_PER_MINUTE."""
    now = int(time.time())
    counter = f"api-calls:{key.ref}:{now // _MINUTE}"
    try:
        cache.add(counter, 0, timeout=2 * _MINUTE)
        calls = cache.incr(counter)
    except (RedisError, ValueError):  # away, or emptied in between: a till's sale is worth more than a limit
        return
    if calls > settings.API_CALLS_PER_MINUTE:
        raise TooMany(
            "key.too_many_calls",
            _("This key has made too many calls in this minute."),
            next_step=_("Wait for the seconds given in Retry-After, then send the request again."),
            extra={"retry_after": _MINUTE - now % _MINUTE},
        )
