"""Is this process up, and can it do its work? For proxies and orchestrators; it tells nothing else."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "up"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, and Redis where there is one; 503 naming the one that does not."""
    parts = {"database": database_answers()}
    if settings.REDIS_URL:
        parts["redis"] = redis_answers()
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def redis_answers() -> bool:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return False
    return True
