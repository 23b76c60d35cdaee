import pytest

from events.record import Actor, record
from tests.streaming import number

TILL = Actor.system("till")
TOLD = {"paid": 1}


@pytest.fixture
def tell():
    """Record an event of a merchant in the words of the test, and number it."""

    def tell(merchant, kind, *concerns, subject="ord_1", by=TILL):
        record(kind, merchant_id=merchant.pk, subject=subject, payload=TOLD, concerns=concerns, by=by)
        number()

    return tell
