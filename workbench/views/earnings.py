"""收入: what was earned, and why."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from commissions.earnings import Period, for_guide
from commissions.payouts import reading
from insights.statements import Month
from workbench import access, shell
from workbench.access import Desk
from workbench.purses import shown

PAGE = 30
PAYOUTS = 20


@require_GET
def earnings(request: HttpRequest) -> HttpResponse:
    """A month (`?month=2026-11`, else this one), the newest first; `before` is the last line shown."""
    return shell.page(request, "earnings/earnings", _earnings(access.desk(request), request), tab="earnings")


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """The same, as it stands now, for the open page."""
    return shell.fragment(request, "earnings/_earnings", _earnings(access.desk(request), request))


def _earnings(desk: Desk, request: HttpRequest) -> dict[str, Any]:
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    this, month = (Month.read(text, today=desk.day) for text in ("", request.GET.get("month", "")))
    period = Period(month.first, month.last)
    earned = for_guide(desk.guide, period, today=desk.day, limit=PAGE, before=before)
    context = {"desk": desk, "earned": earned, "first": before is None, "month": month, "now": month == this}
    if before is None and month == this:
        context |= {"purses": shown(desk.guide), "payouts": reading.of_guide(desk.guide)[:PAYOUTS]}
    return context
