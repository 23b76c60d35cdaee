"""Public references: a prefix that tells the kind, then time and chance. The only ids the outside sees."""

import secrets
import time

from django.db import models

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_LENGTH = 23  # 48 bits of milliseconds and 67 of chance


def new_ref(prefix: str) -> str:
    """A fresh reference such as `ord_01k…`: sortable by time of making, not guessable."""
    number = (time.time_ns() // 1_000_000 << 67) | secrets.randbits(67)
    letters = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(letters))}"


def letters(count: int) -> str:
    """Letters of chance that are hard to misread, five bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


class RefField(models.CharField):
    """A row's public reference, made with the object, never changed."""

    def __init__(self, *, prefix: str, **kwargs):
        self.prefix = prefix
        super().__init__(**{"max_length": 32, "unique": True, "editable": False, **kwargs})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "prefix": self.prefix}

    def has_default(self) -> bool:
        return True

    def get_default(self) -> str:
        return new_ref(self.prefix)
