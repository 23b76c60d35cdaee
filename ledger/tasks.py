from celery import shared_task
from django.utils import timezone

from ledger import months, proving, snapshots


@shared_task
def roll_snapshots() -> int:
    return snapshots.roll()


@shared_task
def prove_books() -> int:
    return proving.prove_due()


@shared_task
def open_months() -> int:
    return months.open_ahead(today=timezone.now().date())
