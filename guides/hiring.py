"""A guide comes, moves between stores, and leaves. The guide's seat on the workbench goes the same way."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from guides.models import Assignment, Guide
from merchants.errors import Conflict, DomainError
from merchants.models import Appointment, Merchant, Party, User
from merchants.onboarding import appoint
from merchants.pinyin import pinyin_key
from merchants.refusing import refusing
from merchants.roles import Role
from merchants.storable import check_in_reach
from stores.models import Store

A_YEAR = timedelta(days=366)


def hire(
    *,
    merchant: Merchant,
    user: User,
    code: str,
    name: str,
    store: Store,
    starts_at: datetime,
    by: Actor,
    level: int = 1,
) -> Guide:
    """A user serves at a store from `starts_at` on: guide, party, assignment and a guide's seat over that
    store. Conflict if the merchant has a guide of this code, or this user is one already."""
    check_in_reach(starts_at=starts_at)
    _own_store(merchant, store)
    code_taken = Conflict(
        "guide.code_taken",
        _("A guide with the code %(code)s is there already.") % {"code": code},
        next_step=_("Choose another code, or move that guide."),
        field="code",
    )
    user_taken = Conflict(
        "guide.user_taken",
        _("This user is a guide of the merchant already."),
        next_step=_("Move that guide instead."),
        field="user",
    )
    with (
        scope(merchant=merchant),
        transaction.atomic(),
        refusing("guide_code_once_a_merchant", code_taken),
        refusing("guide_once_a_user_and_merchant", user_taken),
    ):
        guide = Guide(merchant=merchant, user=user, code=code, name=name, pinyin=pinyin_key(name))
        guide.party = Party.objects.create(kind=Party.Kind.GUIDE)
        guide.save(force_insert=True)
        _assign(guide, store, level, starts_at, by)
        _tell("guide.hired", guide, by=by, at=starts_at, store=store.ref, level=level)
    return guide


def put_guide(
    *,
    merchant: Merchant,
    user: User,
    code: str,
    name: str,
    store: Store,
    by: Actor,
    starts_at: datetime | None = None,
    level: int = 1,
) -> tuple[Guide, bool]:
    """Hire the guide of this code, or rename and move them: (guide, is_new). For systems that send all their
    guides. DomainError `guide.too_long_ago` if that was more than a year ago."""
    now = timezone.now()
    starts_at = starts_at or now
    if starts_at < now - A_YEAR:
        raise DomainError(
            "guide.too_long_ago",
            _("A guide's beginning can be told up to a year later."),
            next_step=_("Send a later “starts_at”, or leave it out for now."),
            field="starts_at",
        )
    with scope(merchant=merchant), transaction.atomic():
        guide = Guide.objects.filter(code=code).select_related("merchant", "user").first()
        if guide is None:
            facts = {"merchant": merchant, "user": user, "code": code, "name": name, "store": store}
            return hire(**facts, level=level, starts_at=starts_at, by=by), True
        if guide.name != name:
            guide.name, guide.pinyin = name, pinyin_key(name)
            guide.save(update_fields=["name", "pinyin"])
            _tell("guide.renamed", guide, by=by)
        return move(guide=guide, store=store, level=level, at=starts_at, by=by), False


def move(*, guide: Guide, store: Store, at: datetime, by: Actor, level: int = 1) -> Guide:
    """From `at` on the guide serves at `store` at `level`; nothing happens if they do so already."""
    check_in_reach(starts_at=at)
    _own_store(guide.merchant, store)
    with scope(merchant=guide.merchant), transaction.atomic():
        guide = (
            Guide.objects.select_for_update(of=("self",)).select_related("merchant", "user").get(pk=guide.pk)
        )
        now = _assignments(guide, at).first()
        if now and (now.store_id, now.level) == (store.id, level):
            return guide
        if Assignment.objects.filter(guide=guide, starts_at__gte=at).exists():
            raise Conflict(
                "guide.moved_later",
                _("The guide began at another store after that time."),
                next_step=_("Choose a moment after the guide's latest move."),
                field="starts_at",
            )
        if guide.status == Guide.Status.LEFT:
            guide.status = Guide.Status.ACTIVE
            guide.save(update_fields=["status"])
        _end_service(guide, at)
        _assign(guide, store, level, at, by)
        _tell("guide.moved", guide, by=by, at=at, store=store.ref, level=level)
    return guide


def leave(*, guide: Guide, at: datetime, by: Actor) -> Guide:
    """The guide's last moment is `at`: no store, no seat. Bindings stay for a hand-over, earned shares stay
    theirs."""
    check_in_reach(ends_at=at)
    with scope(merchant=guide.merchant), transaction.atomic():
        guide = (
            Guide.objects.select_for_update(of=("self",)).select_related("merchant", "user").get(pk=guide.pk)
        )
        if guide.status == Guide.Status.LEFT:
            return guide
        guide.status = Guide.Status.LEFT
        guide.save(update_fields=["status"])
        _end_service(guide, at)
        _tell("guide.left", guide, by=by, at=at)
    return guide


def guide_by_ref(*, merchant: Merchant, ref: str) -> Guide | None:
    with scope(merchant=merchant):
        return Guide.objects.select_related("merchant", "user").filter(ref=ref).first()


def _own_store(merchant: Merchant, store: Store) -> None:
    if store.merchant_id != merchant.id:
        raise DomainError(
            "guide.foreign_store",
            _("A guide serves at a store of their own employer."),
            next_step=_("Choose one of the merchant's own stores."),
            field="store",
        )


def _assignments(guide: Guide, at: datetime):
    return Assignment.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), guide=guide).order_by("starts_at")


def _assign(guide: Guide, store: Store, level: int, at: datetime, by: Actor) -> None:
    Assignment.objects.create(merchant=guide.merchant, guide=guide, store=store, level=level, starts_at=at)
    appoint(
        user=guide.user,
        merchant=guide.merchant,
        role=Role.GUIDE,
        org_unit=store.org_unit,
        by=by,
        starts_at=at,
    )


def _end_service(guide: Guide, at: datetime) -> None:
    """End what runs at `at`, and drop what was to begin later: it never happened."""
    for rows in (
        _assignments(guide, at),
        Appointment.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), user=guide.user, role=Role.GUIDE),
    ):
        rows.filter(starts_at__gte=at).delete()
        rows.filter(starts_at__lt=at).update(ends_at=at)


def _tell(kind: str, guide: Guide, *, by: Actor, at: datetime | None = None, **facts) -> None:
    record(
        kind,
        merchant_id=guide.merchant_id,
        subject=guide.ref,
        payload={"guide": guide.ref, "code": guide.code, **facts},
        concerns=[guide.ref, guide.user.ref, facts.get("store")],
        by=by,
        at=at,
    )
