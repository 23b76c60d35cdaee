from celery import shared_task

from ledger import snapshots


@shared_task
def roll_snapshots() -> int:
    return snapshots.roll()
