"""A member gets a guide of their own, on two clocks: validity, and the protection that keeps the sales theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from guides.models import Guide
from members.acting import as_member
from members.followups import WELCOME_WITHIN, open_follow_up
from members.models import Binding, FollowUp, Member
from merchants.errors import Conflict
from merchants.refusing import refusing
from stores.models import Store

VALIDITY = timedelta(days=365)
PROTECTION = timedelta(days=30)


def bind(*, member: Member, guide: Guide, store: Store, by: Actor, at: datetime) -> Binding:
    """Bind member and guide of one merchant from `at` on, with a welcome to be done within a day. Bound to
    this guide already: that binding. Conflict if another guide holds the member."""
    taken = Conflict(
        "binding.exists",
        _("This member has a guide already."),
        next_step=_("Ask the store manager to hand the member over."),
        extra={"member": member.ref},
    )
    with scope(merchant=member.merchant), transaction.atomic():
        Member.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=member.pk
        )  # two tabs wait here for each other
        live = binding_of(member=member, at=at)
        if live and live.guide_id == guide.id:
            return live
        if live:
            raise taken
        with refusing("binding_one_live_a_member", taken):
            binding = Binding(
                merchant=member.merchant,
                member=member,
                guide=guide,
                store=store,
                starts_at=at,
                ends_at=at + VALIDITY,
                protected_until=at + PROTECTION,
            )
            binding.save(force_insert=True)
        by = as_member(by, member)
        record(
            "binding.made",
            merchant_id=member.merchant_id,
            subject=member.ref,
            payload=facts(binding, member=member),
            concerns=[member.ref, guide.ref, store.ref, guide.user.ref],
            by=by,
            at=at,
        )
        open_follow_up(
            member=member, guide=guide, kind=FollowUp.Kind.WELCOME, due_at=at + WELCOME_WITHIN, by=by, at=at
        )
    return binding


def binding_of(*, member: Member, at: datetime) -> Binding | None:
    """The member's live binding at `at`, with guide and store."""
    with scope(merchant=member.merchant):
        return (
            Binding.objects.live(at)
            .filter(member=member)
            .select_related("guide__user", "guide__merchant", "store")
            .first()
        )


def fewest_bound(guides: Sequence[Guide], *, at: datetime) -> Guide | None:
    """Of guides of one merchant, the one with the fewest live bindings; ties to the longest serving (the
    lower id)."""
    if not guides:
        return None
    with scope(merchant=guides[0].merchant):
        rows = Binding.objects.live(at).filter(guide__in=guides).order_by()
        held = dict(rows.values_list("guide").annotate(count=Count("id")))
    return min(guides, key=lambda guide: (held.get(guide.id, 0), guide.id))


def facts(binding: Binding, *, member: Member) -> dict[str, str]:
    """What an event says of a binding, in the words of the merchant whose `member` it names."""
    return {
        "binding": binding.ref,
        "member": member.ref,
        "guide": binding.guide.ref,
        "store": binding.store.ref,
        "ends_at": binding.ends_at.isoformat(),
        "protected_until": binding.protected_until.isoformat(),
    }
