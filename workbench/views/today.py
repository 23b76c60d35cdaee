"""今日: what is left, how the day goes, who has just joined."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from commissions.earnings import Period, for_guide
from guides.targets import target_of
from members import followups
from members.models import FollowUp
from orders import takings
from workbench import access, shell
from workbench.access import Desk

MOST_TASKS = 5
MOST_ARRIVALS = 3


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    desk = access.desk(request)
    left, arrived = followups.open_for(guide=desk.guide), _arrivals(desk)
    tasks = left.exclude(pk__in=[task.pk for task in arrived["arrived"]])  # they have cards of their own
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
    """Ticked off where it stands: nothing moves under the next tap. On the member's own page it is gone then."""
    desk = access.desk(request)
    task = followups.done(follow_up=access.follow_up(desk, ref), by=desk.seat.actor)
    if not request.htmx:
        messages.success(request, _("“%(task)s” is done.") % {"task": task.get_kind_display()})
        return redirect("workbench:member", ref=task.member.ref)
    context = {"task": task, "now": timezone.now(), "ticked": True, **_left(desk)}
    return shell.fragment(request, "today/_task", context)


def _left(desk: Desk) -> dict[str, Any]:
    """For the heading: how much is left to do, new members to greet and tasks alike."""
    return {"desk": desk, "left": followups.open_for(guide=desk.guide).count()}


def _arrivals(desk: Desk) -> dict[str, Any]:
    """Who joined last and is still to be welcomed in time, and how many more there are."""
    waiting = followups.open_for(guide=desk.guide).filter(
        kind=FollowUp.Kind.WELCOME, due_at__gt=timezone.now()
    )
    arrived = list(waiting.reverse()[:MOST_ARRIVALS])
    return {"arrived": arrived, "more": waiting.count() - len(arrived)}


def _figures(desk: Desk) -> dict[str, Any]:
    day = desk.day
    return {
        "sold": takings.of_guide(desk.guide, day=day),
        "target": target_of(guide=desk.guide, day=day),
        "earned": for_guide(desk.guide, Period.month_of(day), today=day, limit=1),
    }
