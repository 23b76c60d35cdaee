"""What the tests of purchases ask: who was told, and why a sale was refused."""

import pytest

from events.models import Event
from flows import purchase
from merchants.errors import DomainError
from tests.selling import TILL


def told(kind: str, merchant) -> list[Event]:
    return list(Event.objects.filter(kind=kind, merchant_id=merchant.id).order_by("id"))


def refusal(facts, **given) -> DomainError:
    with pytest.raises(DomainError) as caught:
        purchase.paid(facts, by=TILL, **given)
    return caught.value
