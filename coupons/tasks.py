from celery import shared_task
from django.utils import timezone

from coupons.expiry import expire


@shared_task
def expire_coupons() -> int:
    return expire(at=timezone.now())
