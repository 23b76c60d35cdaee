"""What stores sell: the contracts in force and the articles that are asked for, of a whole batch of sales, read at
once and inside the seller's scope."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django_scopes import scope

from catalog.models import Sku
from events.compiled import compiled
from merchants.models import Merchant
from orders.facts import LineFacts
from stores.models import Contract, Store

Asked = tuple[Store, datetime, Sequence[LineFacts]]


@dataclass(frozen=True)
class Offer:
    """What one store sells at one instant: its contracts by brand, and the articles by each code that was asked
    for."""

    store: Store
    contracts: Mapping[int, Contract]
    by_code: Mapping[str, Sequence[Sku]]


class Goods:
    """With `brands_of`, whatever is not of that owner's brands is unknown, so that it cannot ask us what else the
    stores sell. Statements do not grow with sales, lines or brand owners."""

    def __init__(self, asked: Collection[Asked], *, brands_of: Merchant | None = None) -> None:
        self._brands_of = brands_of
        self._contracts: dict[int, list[Contract]] = defaultdict(list)
        instants = [at for _store, at, _lines in asked]
        stores = {store.pk: store for store, _at, _lines in asked}
        for contract in _between(stores=list(stores), first=min(instants), last=max(instants)):
            self._contracts[contract.store_id].append(contract)
        codes = {line.sku for _store, _at, lines in asked for line in lines} - {
            ""
        }  # empty is no missing barcode
        owners = {contract.brand.merchant for group in self._contracts.values() for contract in group}
        owners |= {store.merchant for store in stores.values()}
        if brands_of is not None:
            owners &= {brands_of}
        self._by_code: dict[str, list[Sku]] = defaultdict(list)
        for sku in skus(owners, codes):
            for code in {sku.ref, sku.code, sku.barcode}:
                self._by_code[code].append(sku)

    def contracts(self, store: Store, at: datetime) -> list[Contract]:
        """Every contract in force there and then, whoever asks."""
        return [
            contract
            for contract in self._contracts[store.pk]
            if contract.starts_at <= at and (contract.ends_at is None or contract.ends_at > at)
        ]

    def offer(self, store: Store, at: datetime, lines: Iterable[LineFacts]) -> Offer:
        owner = self._brands_of
        contracts = {
            contract.brand_id: contract
            for contract in self.contracts(store, at)
            if owner is None or contract.merchant_id == owner.pk
        }
        owners = {contract.brand.merchant_id for contract in contracts.values()}
        if owner is None:
            owners.add(store.merchant_id)
        by_code = {
            line.sku: [
                sku
                for sku in self._by_code.get(line.sku, ())
                if sku.merchant_id in owners
                and (sku.product.brand_id or sku.merchant_id == store.merchant_id)
            ]
            for line in lines
        }
        return Offer(store, contracts, by_code)

    def was_sold(self, sku: str, store: Store) -> bool:
        """Does a brand whose contract with this store has ended, or not begun, know the code?"""
        ever = _ever([store.pk])
        if self._brands_of is not None:
            ever = ever.filter(merchant=self._brands_of)
        return bool(skus({contract.brand.merchant for contract in ever}, {sku}))


def skus(owners: Iterable[Merchant], asked: Collection[str]) -> list[Sku]:
    """These owners' articles with any of these refs, codes or barcodes."""
    by_id = sorted(owners, key=lambda merchant: merchant.id)
    if not (by_id and asked):
        return []
    with scope(merchant=by_id):
        return _named(codes=asked)


@compiled
def _named(*, codes: Collection[str]) -> QuerySet[Sku]:
    found = Sku.objects.filter(Q(ref__in=codes) | Q(code__in=codes) | Q(barcode__in=codes))
    return found.select_related("product__brand").order_by("merchant_id", "id")


@compiled
def _between(*, stores: Collection[int], first: datetime, last: datetime) -> QuerySet[Contract]:
    return _ever(stores).filter(Q(ends_at=None) | Q(ends_at__gt=first), starts_at__lte=last)


def _ever(stores: Collection[int]) -> QuerySet[Contract]:
    return Contract.party.filter(store__in=stores).accepted().select_related("brand__merchant")
