"""Who is there to serve. On duty = assigned now, the store open now, not marked off."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from guides.models import Assignment, Guide, OffDuty
from merchants.errors import DomainError
from stores.models import Store


def on_duty(*, store: Store, at: datetime) -> list[Guide]:
    """The guides on duty at a store, by name."""
    return on_duty_at([store], at=at)[store.id]


def on_duty_at(stores: Iterable[Store], *, at: datetime) -> dict[int, list[Guide]]:
    """The guides on duty at each store, by its id: one query a merchant, none for closed stores."""
    stores = list(stores)
    found: dict[int, list[Guide]] = {store.id: [] for store in stores}
    by_merchant: dict[int, list[Store]] = {}
    for store in stores:
        if store.is_open(at):
            by_merchant.setdefault(store.merchant_id, []).append(store)
    for group in by_merchant.values():
        with scope(merchant=group[0].merchant):
            off = OffDuty.objects.filter(_covers(at), guide=OuterRef("guide"))
            for assignment in _assigned(group, at).exclude(Exists(off)):
                found[assignment.store_id].append(assignment.guide)
    return found


def assigned(*, store: Store, at: datetime) -> list[Guide]:
    """Everyone who serves at a store now, on duty or not, by name."""
    with scope(merchant=store.merchant):
        return [assignment.guide for assignment in _assigned([store], at)]


def assignment_of(*, guide: Guide, at: datetime) -> Assignment | None:
    """Where and at which level a guide serves at `at`."""
    with scope(merchant=guide.merchant):
        return (
            Assignment.objects.filter(_covers(at), guide=guide)
            .select_related("store__merchant", "store__org_unit", "guide")
            .first()
        )


def mark_off(*, guide: Guide, starts_at: datetime, by: Actor, ends_at: datetime | None = None) -> OffDuty:
    """The guide is away from `starts_at` until `ends_at`, or until marked on again."""
    if ends_at and ends_at <= starts_at:
        raise DomainError(
            "off_duty.ends_before_start",
            _("Time off ends after it begins."),
            next_step=_("Choose a later end, or none."),
            field="ends_at",
        )
    with transaction.atomic():
        off = OffDuty(merchant=guide.merchant, guide=guide, starts_at=starts_at, ends_at=ends_at)
        off.save(force_insert=True)
        _tell("guide.off_duty", guide, starts_at, by)
    return off


def mark_on(*, guide: Guide, at: datetime, by: Actor) -> None:
    """The guide is back: whatever time off covers `at` ends there."""
    with scope(merchant=guide.merchant), transaction.atomic():
        away = OffDuty.objects.filter(_covers(at), guide=guide)
        begun_now = away.filter(starts_at=at).delete()[0]
        if away.update(ends_at=at) or begun_now:
            _tell("guide.on_duty", guide, at, by)


def _covers(at: datetime) -> Q:
    return Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))


def _assigned(stores: list[Store], at: datetime) -> QuerySet[Assignment]:
    return (
        Assignment.objects.filter(_covers(at), store__in=stores, guide__status=Guide.Status.ACTIVE)
        .select_related("guide__user", "guide__merchant")
        .order_by("guide__pinyin", "guide_id")
    )


def _tell(kind: str, guide: Guide, at: datetime, by: Actor) -> None:
    record(
        kind,
        merchant_id=guide.merchant_id,
        subject=guide.ref,
        payload={"guide": guide.ref},
        concerns=[guide.ref],
        by=by,
        at=at,
    )
