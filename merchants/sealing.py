"""Secrets at rest: sealed under a rotating key set, found again by a keyed fingerprint."""

import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def seal(text: str) -> bytes:
    """Encrypt under the newest key of SEALING_KEYS."""
    return _keys().encrypt(text.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Decrypt with whichever key of the set fits; RuntimeError when none does (a key was dropped too early)."""
    try:
        return _keys().decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise RuntimeError("no key of SEALING_KEYS opens this value") from None


def reseal(sealed: bytes | memoryview) -> bytes:
    """The same value under the newest key, for rotation."""
    return _keys().rotate(bytes(sealed))


def fingerprint(text: str, *, purpose: str) -> bytes:
    """HMAC-SHA-256 under FINGERPRINT_KEY: a stolen table cannot be tried value by value, nor joined across purposes."""
    return hmac.new(settings.FINGERPRINT_KEY.encode(), f"{purpose}:{text}".encode(), hashlib.sha256).digest()


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SEALING_KEYS])
