import re

import pytest
from django.core.cache import cache

from notifications import sms


@pytest.fixture(autouse=True)
def fresh_limits():
    """Limits by address live in the cache, and all tests come from one address."""
    cache.clear()
    sms.outbox.clear()


@pytest.fixture
def code_sent_to():
    """The six digits of the last message to a phone."""

    def last_code(phone: str) -> str:
        texts = [message.text for message in sms.outbox if message.phone == phone]
        return re.search(r"\d{6}", texts[-1]).group()

    return last_code
