"""Strict readers of the environment: a wrong value stops the start and says which one and why."""

import os
from base64 import urlsafe_b64decode
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_GIVEAWAYS = ("insecure", "changeme", "change-me", "example", "placeholder", "password")


def text(name: str, default: str | None = None) -> str:
    """The variable as given; without a default its absence, or an empty value, is an error."""
    value = os.environ.get(name, default)
    if value is None or (value == "" and default is None):
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment; see the settings table in README.md."
        )
    return value


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name, "1" if default else "0").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Write 1 or 0.")


def number(name: str, default: int, *, at_least: int = 0) -> int:
    value = os.environ.get(name, str(default))
    try:
        result = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from None
    if result < at_least:
        raise ImproperlyConfigured(f"{name}={result} is too small; {at_least} is the least.")
    return result


def items(name: str, default: str = "") -> list[str]:
    """Comma-separated values, blanks dropped."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def secret(name: str, *, at_least: int = 32) -> str:
    """A secret somebody made for this installation: present, long enough, and no sample value."""
    value = text(name)
    if len(value) < at_least:
        raise ImproperlyConfigured(f"{name} is shorter than {at_least} characters. {_make_one(name)}")
    if len(set(value)) < 8 or any(word in value.lower() for word in _GIVEAWAYS):
        raise ImproperlyConfigured(f"{name} looks like a default or sample value. {_make_one(name)}")
    return value


def fernet_keys(name: str) -> list[str]:
    """Comma-separated Fernet keys, the newest first: each 32 random bytes in URL-safe base64."""
    values = items(name)
    if not values:
        raise ImproperlyConfigured(f"{name} is not set. {_make_one(name)}")
    for value in values:
        try:
            raw = urlsafe_b64decode(value)
        except ValueError:
            raw = b""
        if len(raw) != 32 or len(set(raw)) < 8:
            raise ImproperlyConfigured(f"A key of {name} is not 32 random bytes in base64. {_make_one(name)}")
    return values


def _make_one(name: str) -> str:
    recipe = "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"
    return f"Make one with python3 -c '{recipe}' and set {name} to it."


def database(url: str) -> dict[str, object]:
    """A Django DATABASES entry from postgresql://user:password@host:port/name?host=/socket/folder."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "The database address must begin with postgresql:// — Tiandi runs on PostgreSQL only."
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", "") or unquote(parts.hostname or "")
    port = query.pop("port", "") or (str(parts.port) if parts.port else "")
    name = unquote(parts.path.lstrip("/"))
    if not name or not parts.username:
        raise ImproperlyConfigured("The database address must name a user and a database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": query,
    }
