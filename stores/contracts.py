"""A brand and a store agree, and part: who may sell what where, and how the money moves."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, Happening, record_many
from merchants.errors import Conflict, DomainError
from merchants.models import Brand, OrgUnit
from merchants.money import PPM
from merchants.refusing import refusing
from stores.models import Contract, Store


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
) -> Contract:
    """The brand may be sold at the store from `starts_at` on; drafted and accepted in one step. `brand_unit`
    says where in the brand owner's tree the store hangs. `store_bears_ppm` is the most of the cost of the
    brand's coupons that the store's merchant bears, `brand_bears_ppm` the most of the store merchant's that the
    brand bears on its lines. `brand_tells_for_store` lets the brand's systems say that the store's merchant took
    the money of a sale, `store_tells_for_brand` the store's that the brand's owner did: either makes a debt.
    Conflict if a contract of the pair covers any of that time."""
    _unit_of_the_brand(brand_unit, brand)
    _parts(reserve_ppm=reserve_ppm, store_bears_ppm=store_bears_ppm, brand_bears_ppm=brand_bears_ppm)
    _in_order(starts_at, ends_at)
    overlaps = Conflict(
        "contract.overlaps",
        _("This brand and this store have a contract over part of that time."),
        next_step=_("End that contract first, or begin the new one after it."),
        field="starts_at",
    )
    with transaction.atomic(), refusing("contract_never_overlaps", overlaps):
        contract = Contract(
            merchant=brand.merchant,
            counterparty=store.merchant,
            brand=brand,
            store=store,
            brand_unit=brand_unit,
            mode=mode,
            settlement=settlement,
            guide_pay=guide_pay,
            reserve_ppm=reserve_ppm,
            return_window_days=return_window_days,
            store_bears_ppm=store_bears_ppm,
            brand_bears_ppm=brand_bears_ppm,
            brand_tells_for_store=brand_tells_for_store,
            store_tells_for_brand=store_tells_for_brand,
            starts_at=starts_at,
            ends_at=ends_at,
            accepted_at=timezone.now(),
        )
        contract.save(force_insert=True)
        _tell_both("contract.agreed", contract, by=by, at=starts_at)
    return contract


def terminate(*, contract: Contract, by: Actor, at: datetime | None = None) -> Contract:
    """End a contract at `at` (now). What was sold and shared while it lived stays as it was."""
    at = at or timezone.now()
    with scope(merchant=contract.merchant), transaction.atomic():
        contract = (
            Contract.objects.select_for_update(of=("self",))
            .select_related("merchant", "counterparty", "brand", "store")
            .get(pk=contract.pk)
        )
        if contract.ends_at and contract.ends_at <= at:
            return contract
        _in_order(contract.starts_at, at)
        contract.ends_at = at
        contract.save(update_fields=["ends_at"])
        _tell_both("contract.ended", contract, by=by, at=at)
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
        contracts = Contract.objects.filter(
            Q(brand=brand), Q(store__ref=store_ref), accepted_at__isnull=False
        )
        contract = (contracts.live(at) if at else contracts).select_related("store__merchant").first()
    return contract.store if contract else None


def _unit_of_the_brand(unit: OrgUnit, brand: Brand) -> None:
    if unit.merchant_id != brand.merchant_id:
        raise DomainError(
            "contract.foreign_unit",
            _("The store must hang in the brand owner's own tree."),
            next_step=_("Choose a unit of the brand owner, such as its region."),
            field="brand_unit",
        )


def _parts(**ratios: int) -> None:
    for field, ppm in ratios.items():
        if not 0 <= ppm <= PPM:
            raise DomainError(
                "contract.not_a_part",
                _("A part is between 0 and 100 percent."),
                next_step=_("Correct the terms and agree again."),
                field=field,
            )


def _in_order(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at and ends_at <= starts_at:
        raise DomainError(
            "contract.ends_before_start",
            _("A contract ends after it begins."),
            next_step=_("Choose a later end, or none."),
            field="ends_at",
        )


def _tell_both(kind: str, contract: Contract, *, by: Actor, at: datetime) -> None:
    """One event for each side; a merchant that contracts with its own store hears it once."""
    payload = {
        "contract": contract.ref,
        "brand": contract.brand.ref,
        "store": contract.store.ref,
        "mode": str(contract.mode),
        "settlement": str(contract.settlement),
        "store_bears_ppm": contract.store_bears_ppm,
        "brand_bears_ppm": contract.brand_bears_ppm,
        "brand_tells_for_store": contract.brand_tells_for_store,
        "store_tells_for_brand": contract.store_tells_for_brand,
    }
    sides = dict.fromkeys([contract.merchant_id, contract.counterparty_id])
    record_many(
        [
            Happening(kind, side, contract.ref, payload, [contract.ref, contract.store.ref], at)
            for side in sides
        ],
        by=by,
    )
