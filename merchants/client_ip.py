"""Where a request comes from, for limits by address."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The address of the nearest machine that is not ours. Behind our proxy it is the last one in the header:
    everything further left is the client's own word."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def household(address: str) -> str:
    """What a limit counts as one: an IPv4 address, or the /64 that an IPv6 subscriber chooses freely from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
