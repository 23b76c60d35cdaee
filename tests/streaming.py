"""Let the stream flow inside a test's transaction: number what was recorded, then let the followers act."""

from django.db import connection

from events import relay
from flows import followers as _table  # noqa: F401  (makes the followers known)
from flows import following


def flow() -> None:
    """Until nobody has anything left to do. For tests that commit nothing; the others run a relay."""
    while True:
        number()
        if not sum(following.named(name).catch_up() for name in following.everyone()):
            return


def number() -> None:
    """The relay sees commits only; starting over, it numbers whatever this transaction sees."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_relaystate")
    relay.number_now()
