"""A coupon's code on its way from page to page: sealed, because addresses end up in logs and histories."""

from merchants import sealing


def carried(code: str) -> str:
    return sealing.seal(code).decode() if code else ""


def unpacked(text: str) -> str:
    """The code; "" for what we did not seal."""
    try:
        return sealing.unseal(text.encode()) if text else ""
    except RuntimeError:
        return ""
