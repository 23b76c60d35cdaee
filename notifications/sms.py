"""Text messages to phones: one door, behind it the backend named by SMS_BACKEND.

A backend is called without arguments and has `send(*, phone, text)`; it raises `Unsent` when the message was
not accepted. `phone` is E.164.
"""

import json
import logging
import urllib.request
from collections import deque
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from merchants import phones

logger = logging.getLogger(__name__)

outbox: "deque[Sms]" = deque(maxlen=200)  # filled in embedded mode only: for a demo's screen, and for tests


@dataclass(frozen=True)
class Sms:
    phone: str
    text: str


class Unsent(Exception):
    """The message was not accepted; sending it again later may work."""


def send(*, phone: str, text: str) -> None:
    """Hand a message over; it leaves at once, so never from inside a transaction that may yet fail."""
    import_string(settings.SMS_BACKEND)().send(phone=phone, text=text)


class Console:
    """Writes messages to the log and keeps the last in memory. They hold codes, hence embedded mode only."""

    def __init__(self) -> None:
        if not settings.EMBEDDED:
            raise ImproperlyConfigured(
                "SMS_BACKEND shows messages on the console, which only embedded mode may."
            )

    def send(self, *, phone: str, text: str) -> None:
        outbox.append(Sms(phone, text))
        logger.info("SMS to %s: %s", phones.mask(phone), text)


class Gateway:
    """Posts `{"phone": …, "text": …}` to SMS_GATEWAY_URL with the bearer SMS_GATEWAY_TOKEN; 2xx accepts."""

    timeout = 5  # seconds; somebody waits for the page

    def send(self, *, phone: str, text: str) -> None:
        request = urllib.request.Request(
            settings.SMS_GATEWAY_URL,
            data=json.dumps({"phone": phone, "text": text}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout):
                pass
        except OSError as error:  # refused, timed out, or an answer other than 2xx
            logger.error("The SMS gateway did not accept a message: %s", type(error).__name__)
            raise Unsent from None
