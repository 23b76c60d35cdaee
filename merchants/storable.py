"""Text that a database can keep."""

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """PostgreSQL's text has no place for NUL, and UTF-8 none for half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None
