import pytest
from django.utils import translation

from events import stream
from insights.telling import tell
from tests.streaming import number


@pytest.fixture
def told_to():
    """told_to(merchant) → the sentences of everything that happened to it, in English."""

    def read(merchant) -> list[str]:
        number()
        with translation.override("en"):
            events = stream.for_merchant(merchant.id).newest_first()
            return [told.text for told in tell(events, merchant=merchant)]

    return read
