"""Every route of a URLconf, with an address that reaches it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters
from django.urls.resolvers import RegexPattern, RoutePattern

PART = re.compile(r"<(?:(?P<kind>[^>:]+):)?(?P<name>[^>]+)>")
GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?P<inner>(?:[^()]|\([^()]*\))*)\)")
# Tried in turn until one fits the converter: a word, a number, a uuid, a ref, a coupon's code.
SAMPLES = (
    "x",
    "1",
    "00000000-0000-0000-0000-000000000000",
    "abc_01kaaaaaaaaaaaaaaaaaaaa",
    "abc_01kaaaaaaaaaaaaaaaaaaaaa",
    "8264000000000000",
    "2026-11-22",
)


@dataclass(frozen=True)
class Route:
    name: str  # with its namespaces; empty for an unnamed one
    path: str  # an address that resolves to it
    view: Any

    def __str__(self) -> str:
        return self.name or self.path


def routes(urlconf: str | None = None) -> list[Route]:
    return list(_walk(get_resolver(urlconf).url_patterns, "/", ""))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str, names: str) -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + sample_of(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from _walk(pattern.url_patterns, path, inside)
        else:
            yield Route(f"{names}{pattern.name}" if pattern.name else "", path, pattern.callback)


def sample_of(pattern: RoutePattern | RegexPattern) -> str:
    """Text the pattern matches. AssertionError when none is found: give SAMPLES one more."""
    if isinstance(pattern, RoutePattern):
        text = PART.sub(lambda part: _fitting(get_converters()[part["kind"] or "str"].regex), pattern._route)
    else:
        text = GROUP.sub(lambda group: _fitting(group["inner"]), pattern._regex).strip("^$")
        text = text.replace("\\Z", "").replace("\\", "")
    assert pattern.match(text) is not None, f"no sample fits {pattern}"
    return text


def _fitting(regex: str) -> str:
    """A sample for one argument; of plain alternatives (`auth|account`) the first."""
    return next((sample for sample in (*SAMPLES, *regex.split("|")) if re.fullmatch(regex, sample)), "x")
