"""今日: what is left, how the day goes, who has just joined."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from commissions.earnings import Period, for_guide
from guides.targets import target_of
from members import followups
from members.models import FollowUp
from orders import takings
from workbench import access, shell
from workbench.access import Desk

MOST_TASKS = 5


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    desk = access.desk(request)
    left, arrived = followups.open_for(guide=desk.guide), _arrivals(desk)
    newest = arrived["newest"]
    tasks = left.exclude(pk=newest.pk) if newest else left  # the newest has a card of its own
    context = {
        "now": timezone.now(),
        "tasks": tasks[:MOST_TASKS],
        **_left(desk),
        **arrived,
        **_figures(desk),
    }
    return shell.page(request, "today/today", context, tab="today")


@require_GET
def arrivals(request: HttpRequest) -> HttpResponse:
    """Who has joined, and with them the heading's count."""
    desk = access.desk(request)
    context = _arrivals(desk) | _left(desk) | {"arriving": True}
    return shell.fragment(request, "today/_arrivals", context)


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    desk = access.desk(request)
    return shell.fragment(request, "today/_figures", _figures(desk))


@require_POST
def follow_up_done(request: HttpRequest, ref: str) -> HttpResponse:
    """Ticked off where it stands: nothing moves under the next tap."""
    desk = access.desk(request)
    task = followups.done(follow_up=access.follow_up(desk, ref), by=desk.seat.actor)
    context = {"task": task, "now": timezone.now(), "ticked": True, **_left(desk)}
    return shell.fragment(request, "today/_task", context)


def _left(desk: Desk) -> dict[str, Any]:
    """For the heading: how much is left to do, new members to greet and tasks alike."""
    return {"desk": desk, "left": followups.open_for(guide=desk.guide).count()}


def _arrivals(desk: Desk) -> dict[str, Any]:
    """Who joined last and is still to be welcomed in time, and how many there are."""
    waiting = followups.open_for(guide=desk.guide).filter(
        kind=FollowUp.Kind.WELCOME, due_at__gt=timezone.now()
    )
    return {"newest": waiting.last(), "waiting": waiting.count()}


def _figures(desk: Desk) -> dict[str, Any]:
    day = desk.day
    return {
        "sold": takings.of_guide(desk.guide, day=day),
        "target": target_of(guide=desk.guide, day=day),
        "earned": for_guide(desk.guide, Period.month_of(day), today=day, limit=1),
    }
