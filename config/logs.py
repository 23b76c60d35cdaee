"""Log lines that tell no phone number, whatever was formatted into them, tracebacks included."""

import logging
import re

_PHONE = re.compile(
    r"(?<![\w.])(\+\d{1,3}[ -]?)?(1[3-9]\d)([ -]?\d{4})([ -]?\d{4})(?![\w])|(?<![\w])\+\d{8,15}(?!\w)"
)


def discreet(text: str) -> str:
    """`text` with everything that looks like a phone number masked to its last two digits."""
    return _PHONE.sub(lambda found: "****" + found.group()[-2:], text)


class DiscreetFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return discreet(super().format(record))
