"""What a store may ring up: goods of the brands it has a live contract for, and its merchant's own.

What the lines of a sale mean is found by orders/receipts.py, which answers for each line by its number.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django_scopes import scope

from catalog.models import Sku
from merchants.models import Brand, Merchant
from stores.contracts import contracts_of
from stores.models import Contract, Store


@dataclass(frozen=True)
class Sellable:
    """A SKU at a store, with the contract it is sold under; both empty for the store merchant's own goods."""

    sku: Sku
    brand: Brand | None
    contract: Contract | None

    @property
    def brand_owner(self) -> Merchant:
        return self.sku.merchant


def offers(*, store: Store, at: datetime, search: str = "", limit: int = 50) -> list[Sellable]:
    """What a picker at this store lists: by name or code, each merchant's goods by name."""
    found: list[Sellable] = []
    for merchant, contracts in _sources(store, at):
        with scope(merchant=merchant):
            rows = _of_brands(merchant, contracts, store)
            if search:
                rows = rows.filter(
                    Q(name__icontains=search) | Q(code__istartswith=search) | Q(barcode=search)
                )
            found += [_sellable(sku, contracts) for sku in rows.order_by("name", "id")[: limit - len(found)]]
        if len(found) >= limit:
            break
    return found


def _sources(store: Store, at: datetime) -> list[tuple[Merchant, dict[int, Contract]]]:
    """Each merchant whose goods may be sold here, with its contracts by brand; the store's own merchant is
    always one."""
    sources: dict[int, tuple[Merchant, dict[int, Contract]]] = {store.merchant_id: (store.merchant, {})}
    for contract in contracts_of(store=store, at=at):
        sources.setdefault(contract.merchant_id, (contract.merchant, {}))[1][contract.brand_id] = contract
    return list(sources.values())


def _of_brands(merchant: Merchant, contracts: dict[int, Contract], store: Store):
    carried = Q(product__brand__in=list(contracts))
    if merchant.id == store.merchant_id:
        carried |= Q(product__brand=None)
    return Sku.objects.filter(carried).select_related("product__brand", "merchant")


def _sellable(sku: Sku, contracts: dict[int, Contract]) -> Sellable:
    return Sellable(sku, sku.product.brand, contracts.get(sku.product.brand_id))
