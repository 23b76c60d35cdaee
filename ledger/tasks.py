from celery import shared_task

from ledger import proving, snapshots


@shared_task
def roll_snapshots() -> int:
    return snapshots.roll()


@shared_task
def prove_books() -> int:
    return proving.prove_due()
