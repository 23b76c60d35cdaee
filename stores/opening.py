"""A store comes into the tree, changes, and closes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from merchants.errors import Conflict, DomainError
from merchants.models import Merchant, OrgUnit, Party
from merchants.onboarding import add_unit, root_of
from merchants.pinyin import pinyin_key
from merchants.refusing import refusing
from stores.geo import Point, gcj02_to_wgs84
from stores.hours import SpecialDays, Week, checked
from stores.models import Store

ABILITIES = ("pickup", "ship_from_store", "delivery")


def open_store(
    *,
    merchant: Merchant,
    code: str,
    name: str,
    kind: str,
    parent: OrgUnit | None,
    province: str,
    city: str,
    district: str,
    adcode: str,
    address: str,
    lng: float,
    lat: float,
    datum: str,
    hours: Week,
    abilities: Iterable[str],
    by: Actor,
    at: datetime | None = None,
    special_days: SpecialDays | None = None,
    time_zone: str | None = None,
    status: str = Store.Status.OPEN,
) -> Store:
    """A new leaf under `parent` (the root when None), with its party. Coordinates come in `datum` and are
    kept so beside the WGS-84 ones computed from them. Conflict if the merchant has a store of this code."""
    store = Store(
        merchant=merchant,
        code=code,
        name=name,
        kind=kind,
        province=province,
        city=city,
        district=district,
        adcode=adcode,
        address=address,
        hours=hours,
        special_days=special_days or {},
        time_zone=time_zone or merchant.time_zone,
        abilities=list(abilities),
        status=status,
        stopped_at=None if status == Store.Status.OPEN else at or timezone.now(),
    )
    _lay(store, lng=lng, lat=lat, datum=datum)
    taken = Conflict(
        "store.code_taken",
        _("A store with the code %(code)s is there already.") % {"code": code},
        next_step=_("Choose another code, or change that store."),
        field="code",
    )
    with scope(merchant=merchant), refusing("store_code_once_a_merchant", taken):
        store.party = Party.objects.create(kind=Party.Kind.STORE)
        store.org_unit = add_unit(
            merchant=merchant, parent=parent or root_of(merchant), kind=OrgUnit.Kind.STORE, name=name
        )
        _save(store)
        _tell("store.opened", store, by=by, at=at)
    return store


def put_store(
    *, merchant: Merchant, code: str, by: Actor, at: datetime | None = None, **facts: Any
) -> tuple[Store, bool]:
    """Open the store of this code, or revise it: (store, is_new). `facts` as `open_store` takes them; a
    system may send the same store any number of times."""
    with scope(merchant=merchant):
        store = Store.objects.filter(code=code).first()
        if store is None:
            try:
                return open_store(merchant=merchant, code=code, by=by, at=at, **facts), True
            except Conflict:  # the same request, a moment earlier
                store = Store.objects.get(code=code)
    facts.pop("parent", None)
    return revise(store=store, by=by, at=at, **facts), False


def revise(*, store: Store, by: Actor, at: datetime | None = None, **changes: Any) -> Store:
    """Change what is known of a store: any of `open_store`'s facts but its code and parent, and `status`.
    Nothing is written and nothing told if nothing changed. Conflict `store.closed_for_good`: that is
    for good."""
    with scope(merchant=store.merchant), transaction.atomic():
        store = Store.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=store.pk)
        before = {name: getattr(store, name) for name in _REVISABLE}
        given = Point(changes.pop("lng", store.given_lng), changes.pop("lat", store.given_lat))
        _lay(store, lng=given.lng, lat=given.lat, datum=changes.pop("datum", store.given_datum))
        for name, value in changes.items():
            if name not in _REVISABLE:
                raise TypeError(f"a store's {name} is not revised")
            setattr(store, name, list(value) if name == "abilities" else value)
        if store.status != before["status"]:
            _traded_until(store, before["status"], at or timezone.now())
        changed = sorted(name for name in _REVISABLE if getattr(store, name) != before[name])
        if changed:
            _save(store)
            _tell("store.revised", store, by=by, at=at, changed=changed)
    return store


_REVISABLE = (
    *(
        "name",
        "kind",
        "province",
        "city",
        "district",
        "adcode",
        "address",
        "hours",
        "special_days",
        "time_zone",
    ),
    *("abilities", "daily_capacity", "status", "lng", "lat", "given_lng", "given_lat", "given_datum"),
)


def _traded_until(store: Store, before: str, at: datetime) -> None:
    """A pause that becomes a closing stopped the store when it began."""
    if before == Store.Status.CLOSED:
        raise Conflict(
            "store.closed_for_good",
            _("%(store)s is closed for good and does not open again.") % {"store": store.name},
            next_step=_("Open a store of another code; a pause is what ends again."),
            field="status",
        )
    if store.status == Store.Status.OPEN:
        store.stopped_at = None
    elif before == Store.Status.OPEN:
        store.stopped_at = at


def _lay(store: Store, *, lng: float, lat: float, datum: str) -> None:
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise DomainError(
            "store.off_earth",
            _("These coordinates are not on the earth."),
            next_step=_("Give the longitude first (−180 to 180), then the latitude (−90 to 90)."),
            field="lng",
        )
    given = Point(lng, lat)
    true = gcj02_to_wgs84(given) if datum == Store.Datum.GCJ02 else given
    store.lng, store.lat = true
    store.given_lng, store.given_lat, store.given_datum = lng, lat, Store.Datum(datum)


def _save(store: Store) -> None:
    checked(store.hours, store.special_days, store.time_zone)
    if unknown := set(store.abilities) - set(ABILITIES):
        raise DomainError(
            "store.unknown_ability",
            _("Unknown ability: %(abilities)s.") % {"abilities": ", ".join(sorted(unknown))},
            next_step=_("Choose from: %(abilities)s.") % {"abilities": ", ".join(ABILITIES)},
            field="abilities",
        )
    store.pinyin = pinyin_key(store.name)
    store.save()


def _tell(kind: str, store: Store, *, by: Actor, at: datetime | None, **facts: Any) -> None:
    record(
        kind,
        merchant_id=store.merchant_id,
        subject=store.ref,
        payload={
            "store": store.ref,
            "code": store.code,
            "kind": str(store.kind),
            "status": str(store.status),
            **facts,
        },
        concerns=[store.ref],
        by=by,
        at=at,
    )
