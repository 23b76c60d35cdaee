"""The phone's frame around every page: five tabs, the third of them the seal."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, tab: str = "", status: int = 200
) -> HttpResponse:
    """A page; with `tab` (a url name) it stands under the tab bar, without it is a task of its own."""
    return render(request, f"workbench/{template}.html", context | {"tabs": _tabs(tab)}, status=status)


def fragment(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    return render(request, f"workbench/{template}.html", context, status=status)


def _tabs(current: str) -> list[dict[str, object]]:
    if not current:
        return []
    tabs = (
        ("today", _("Today"), "today"),
        ("members", _("Members"), "members"),
        ("scan", _("Redeem"), ""),
        ("earnings", _("Earnings"), "coins"),
        ("mine", _("Me"), "user"),
    )
    return [
        {"url": reverse(f"workbench:{name}"), "label": label, "icon": icon, "current": name == current}
        for name, label, icon in tabs
    ]
