"""What the worker does: let a follower act. A task carries its name only; the stream holds the work."""

from celery import shared_task

from flows import followers as _table  # noqa: F401  (makes the followers known)
from flows import following


@shared_task
def follow(name: str) -> None:
    """Bring one follower up to date. Ringing twice, late, or while it runs is harmless."""
    following.named(name).catch_up()


@shared_task
def ring_everyone() -> None:
    """By the clock: for bells that were lost with the broker, and for faults that are due again."""
    for name in following.everyone():
        follow.delay(name)
