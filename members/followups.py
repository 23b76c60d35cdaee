"""A guide's tasks about members: opened once, done once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scope

from events.record import Actor, record
from guides.models import Guide
from members.models import FollowUp, Member

WELCOME_WITHIN = timedelta(hours=24)


def open_follow_up(
    *, member: Member, guide: Guide, kind: str, due_at: datetime, by: Actor, at: datetime | None = None
) -> tuple[FollowUp, bool]:
    """A task for the guide, unless one of this kind about this member is open with them: (follow-up,
    is_new)."""
    with scope(merchant=member.merchant), transaction.atomic():
        follow_up, is_new = FollowUp.objects.get_or_create(
            member=member,
            guide=guide,
            kind=kind,
            done_at=None,
            defaults={"merchant": member.merchant, "due_at": due_at},
        )
        if is_new:
            _tell("followup.opened", follow_up, at, by)
    return follow_up, is_new


def done(*, follow_up: FollowUp, by: Actor, at: datetime | None = None) -> FollowUp:
    """Tick it off; a second tick changes nothing."""
    at = at or timezone.now()
    with scope(merchant=follow_up.merchant), transaction.atomic():
        if FollowUp.objects.filter(pk=follow_up.pk, done_at=None).update(done_at=at):
            follow_up.done_at = at
            _tell("followup.done", follow_up, at, by)
    return follow_up


def welcomed(*, member: Member, guide: Guide, by: Actor, at: datetime | None = None) -> None:
    """The guide has turned to the new member, by a sale or a coupon: the welcome is done, if one is open."""
    with scope(merchant=member.merchant):
        for follow_up in open_for(guide=guide).filter(member=member, kind=FollowUp.Kind.WELCOME):
            done(follow_up=follow_up, by=by, at=at)


def open_for(*, guide: Guide) -> QuerySet[FollowUp]:
    """What the guide has left to do, most pressing first; call inside the guide's merchant."""
    return (
        FollowUp.objects.filter(guide=guide, done_at=None)
        .select_related("member__person", "member__home_store", "merchant", "guide__user")
        .order_by("due_at", "id")
    )


def _tell(kind: str, follow_up: FollowUp, at: datetime | None, by: Actor) -> None:
    record(
        kind,
        merchant_id=follow_up.merchant_id,
        subject=follow_up.ref,
        payload={
            "follow_up": follow_up.ref,
            "kind": str(follow_up.kind),
            "member": follow_up.member.ref,
            "guide": follow_up.guide.ref,
        },
        concerns=[follow_up.member.ref, follow_up.guide.ref, follow_up.guide.user.ref],
        by=by,
        at=at,
    )
