"""Log lines that tell no phone number, whatever was formatted into them, tracebacks included; and one line a
refusal."""

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


class RefusalInOneLine(logging.Filter):
    """Django logs a request that was refused (403, or 400) with a traceback, as if it had failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 500)
        if record.exc_info and status < 500:
            refusal = record.exc_info[1]
            code = getattr(refusal.__cause__, "code", type(refusal).__name__)
            path = record.request.path.encode("unicode_escape").decode()  # a line break in it begins no line
            record.msg, record.args = "%s %s %d %s", (record.request.method, path, status, code)
            record.exc_info = record.exc_text = None
        return True
