"""A merchant's own system tells of a member: the person is found by phone, the record by its source."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.record import Actor
from guides.duty import assignment_of
from guides.models import Guide
from members import binding
from members.identity import hold, identify, person_for
from members.joining import join
from members.models import Member
from merchants.errors import Conflict
from merchants.models import Merchant
from stores.models import Store


@transaction.atomic
def enrol(
    *,
    merchant: Merchant,
    phone: str,
    name: str,
    by: Actor,
    source: tuple[str, str] | None = None,
    store: Store | None = None,
    guide: Guide | None = None,
    consents: Mapping[str, bool] | None = None,
    at: datetime | None = None,
) -> tuple[Member, bool]:
    """The merchant's one member of this phone, and whether it is new; known to `source` (system, value)
    from now on.

    A guide becomes the member's own if none is: who has one keeps them. Who left stays as they are, LEFT, unless
    `consents` brings a yes to membership of after that (members.joining). DomainError when the phone is no
    number; Conflict `member.source_taken` when the source's record is another member."""
    person = person_for(phone=phone)
    hold(person)
    at = at or timezone.now()  # not before the wait: else a binding made meanwhile would lie in the future
    member, is_new = join(
        merchant=merchant,
        person=person,
        name=name,
        home_store=store,
        origin=Member.Origin.API,
        guide=guide,
        consents=consents or {},
        by=by,
        at=at,
    )
    if member.status == Member.Status.LEFT:
        return member, False
    if source and identify(member=member, system=source[0], value=source[1]).member_id != member.id:
        raise Conflict(
            "member.source_taken",
            _("That record of the source system is another member, with another phone."),
            next_step=_("Check the phone; to move the record, change the phone of that member."),
            field="source.external_id",
        )
    if guide and binding.binding_of(member=member, at=at) is None:
        post = assignment_of(guide=guide, at=at)
        if where := (post.store if post else store):
            binding.bind(member=member, guide=guide, store=where, by=by, at=at)
    return member, is_new
