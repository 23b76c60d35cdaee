"""Every template keeps the content security policy: no inline style, script or handler, no other host."""

import re

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
FORBIDDEN = {
    "an inline style": re.compile(r"<style|\sstyle\s*=", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.I),
    "an inline handler": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[\w:-]*)\s*=", re.I),
    "a value that needs eval": re.compile(r"""=["']\s*(js|javascript):""", re.I),
    "another host": re.compile(r"""(src|href|action)\s*=\s*["'](https?:)?//""", re.I),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what):
    places = [
        f"{path.relative_to(settings.BASE_DIR)}: {match.group()[:60]!r}"
        for path in TEMPLATES
        for match in FORBIDDEN[what].finditer(path.read_text())
    ]
    assert places == []
