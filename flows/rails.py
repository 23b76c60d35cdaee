"""The clock rings every rail that Tiandi speaks to, sender by sender. Tasks carry ids only; what there is to send or to
ask about is found in the database, so a lost bell costs a minute and no money."""

import logging

from celery import shared_task

from commissions.payouts.rails import RAILS
from merchants.models import Merchant

logger = logging.getLogger(__name__)


@shared_task
def ring_rails() -> int:
    """Returns how many senders were rung for."""
    rung = 0
    for name, rail in RAILS.items():
        for sender in rail.senders():
            work_rail.delay(rail=name, merchant_id=sender.pk)
            rung += 1
    return rung


@shared_task
def work_rail(*, rail: str, merchant_id: int) -> int:
    """One round of one rail for one sender. Two at once, or one killed anywhere, send nothing twice."""
    return RAILS[rail].work(Merchant.objects.get(pk=merchant_id))
