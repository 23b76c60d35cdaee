"""A brand and a store agree, and part: who may sell what where, and how the money moves."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor
from merchants.errors import Conflict
from merchants.models import Brand, Merchant, OrgUnit
from merchants.refusing import refusing
from stores.announcing import announce
from stores.models import FEE_CAP, NO_TIME, Contract, Store
from stores.terms import Terms


def agree(
    *,
    brand: Brand,
    store: Store,
    brand_unit: OrgUnit,
    mode: str,
    settlement: str,
    guide_pay: str,
    starts_at: datetime,
    by: Actor,
    ends_at: datetime | None = None,
    reserve_ppm: int = 0,
    return_window_days: int = 7,
    store_bears_ppm: int = 0,
    brand_bears_ppm: int = 0,
    brand_tells_for_store: bool = False,
    store_tells_for_brand: bool = False,
    fee_bearer: str = Contract.FeeBearer.COLLECTOR,
    fee_cap_ppm: int = FEE_CAP,
) -> Contract:
    """The brand may be sold at the store from `starts_at` on; drafted and accepted in one step, for those who
    speak for both sides. The terms are those of `stores.terms.Terms`. `store_bears_ppm` is the most of the cost
    of the brand's coupons that the store's merchant bears, `brand_bears_ppm` the most of the store merchant's
    that the brand bears on its lines. `brand_tells_for_store` lets the brand's systems say that the store's
    merchant took the money of a sale, `store_tells_for_brand` the store's that the brand's owner did: either
    makes a debt. A principal that bears fees bears no more of what was paid than `fee_cap_ppm`. Conflict if a contract
    of the pair covers any of that time."""
    terms = Terms(
        brand_unit=brand_unit,
        mode=mode,
        settlement=settlement,
        guide_pay=guide_pay,
        starts_at=starts_at,
        ends_at=ends_at,
        reserve_ppm=reserve_ppm,
        return_window_days=return_window_days,
        store_bears_ppm=store_bears_ppm,
        brand_bears_ppm=brand_bears_ppm,
        brand_tells_for_store=brand_tells_for_store,
        store_tells_for_brand=store_tells_for_brand,
        fee_bearer=fee_bearer,
        fee_cap_ppm=fee_cap_ppm,
    )
    terms.check(brand)
    with transaction.atomic(), refusing("contract_never_overlaps", overlaps()):
        contract = Contract(
            merchant=brand.merchant,
            counterparty=store.merchant,
            brand=brand,
            store=store,
            accepted_at=timezone.now(),
            **terms.as_fields(),
        )
        contract.save(force_insert=True)
        announce("contract.accepted", contract, by=by, at=starts_at, hands=(brand.merchant, store.merchant))
    return contract


def terminate(
    *, contract: Contract, by: Actor, at: datetime | None = None, merchant: Merchant | None = None
) -> Contract:
    """End an accepted contract at `at` (now), by the hand of `merchant`, if one of the two sides. What was sold
    and shared while it lived, and what is owed for that, stays as it was. Conflict `contract.not_accepted` for a
    draft."""
    at = at or timezone.now()
    with scope(merchant=contract.merchant), transaction.atomic():
        contract = (
            Contract.objects.select_for_update(of=("self",))
            .select_related("merchant", "counterparty", "brand", "store")
            .get(pk=contract.pk)
        )
        if contract.accepted_at is None:
            raise Conflict(
                "contract.not_accepted",
                _("Nobody has accepted this contract, so there is nothing to end."),
                next_step=_("Withdraw or decline the draft instead."),
            )
        if contract.never_began or (contract.ends_at and contract.ends_at <= at):
            return contract
        # One that has not begun ends as soon as it begins: it never was in force, and its terms stay on record.
        contract.ends_at = max(at, contract.starts_at + NO_TIME)
        contract.save(update_fields=["ends_at"])
        announce("contract.ended", contract, by=by, at=at, hands=(merchant,) if merchant else ())
    return contract


def live_contract(*, brand: Brand, store: Store, at: datetime) -> Contract | None:
    """The contract under which the store may sell the brand at `at`; at most one, the database holds that."""
    with scope(merchant=store.merchant):
        return (
            Contract.party.filter(brand=brand, store=store)
            .live(at)
            .select_related("brand", "merchant", "counterparty")
            .first()
        )


def contracts_of(*, store: Store, at: datetime) -> list[Contract]:
    """Every contract in force at a store, with brand and both merchants: one query for a whole receipt."""
    with scope(merchant=store.merchant):
        return list(
            Contract.party.filter(store=store)
            .live(at)
            .select_related("brand", "brand__merchant", "merchant", "counterparty")
            .order_by("brand_id")
        )


def store_under_contract(*, brand: Brand, store_ref: str, at: datetime | None = None) -> Store | None:
    """A store that carries the brand at `at`, or carried it at any time when `at` is None."""
    with scope(merchant=brand.merchant):
        contracts = Contract.objects.filter(Q(brand=brand), Q(store__ref=store_ref)).accepted()
        contract = (contracts.live(at) if at else contracts).select_related("store__merchant").first()
    return contract.store if contract else None


def need_room(
    *,
    brand: Brand,
    store: Store,
    starts_at: datetime,
    ends_at: datetime | None,
    beside: Iterable[Contract | None] = (),
) -> None:
    """Conflict `contract.overlaps`, which names the contract, if an accepted one of the pair holds over part of that
    time; those `beside` it are not looked at. Inside the brand owner's scope."""
    rows = Contract.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=starts_at), brand=brand, store=store
    ).accepted()
    if ends_at:
        rows = rows.filter(starts_at__lt=ends_at)
    rows = rows.exclude(pk__in=[contract.pk for contract in beside if contract])
    other = rows.select_related("brand", "store").order_by("starts_at").first()
    if other:
        raise overlaps(other)


def overlaps(other: Contract | None = None) -> Conflict:
    """`other` is the one in the way, as far as it was looked for."""
    if other is None:
        told = _("This brand and this store have a contract over part of that time.")
    elif other.ends_at and not other.never_began:
        told = _("%(brand)s at %(store)s: a contract from %(begin)s until %(end)s covers part of that time.")
    else:
        told = _("%(brand)s at %(store)s: a contract from %(begin)s on covers part of that time.")
    ended = other is not None and other.never_began
    return Conflict(
        "contract.overlaps",
        told % _facts(other) if other else told,
        next_step=_("That one was ended before it began: begin a minute later.")
        if ended
        else _("Offer other terms in its place, end it first, or begin the new one after it."),
        field="starts_at",
        extra={"contract": other.ref} if other else {},
    )


def _facts(contract: Contract) -> dict[str, str]:
    zone = ZoneInfo(contract.store.time_zone)
    times = {"begin": contract.starts_at, "end": contract.ends_at or contract.starts_at}
    named = {"brand": contract.brand.local_name, "store": contract.store.name}
    return named | {name: f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for name, at in times.items()}
