from celery import shared_task
from django.utils import timezone

from api import idempotency


@shared_task
def forget_answers() -> int:
    """Answers hold names: they are kept no longer than a client may reasonably repeat itself."""
    return idempotency.forget(before=timezone.now() - idempotency.KEPT_FOR)
