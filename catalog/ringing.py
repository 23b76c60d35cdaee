"""What a store may ring up: goods of the brands it has a live contract for, and its merchant's own.

What the lines of a sale mean is found by orders/receipts.py, which answers for each line by its number.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from django.db.models import Case, IntegerField, Q, Value, When
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
    """What a picker at this store lists, each merchant's goods by name. Searched for by a part of name or code, or a
    whole barcode, from all merchants: what is called exactly so comes first, then what begins so."""
    if search:
        found = [offer for source in _sources(store, at) for offer in _named(search, store, *source, limit)]
        return [offer for _rank, offer in sorted(found, key=itemgetter(0))[:limit]]
    listed: list[Sellable] = []
    for merchant, contracts in _sources(store, at):
        with scope(merchant=merchant):
            rows = _of_brands(merchant, contracts, store).order_by("name", "id")
            listed += [_sellable(sku, contracts) for sku in rows[: limit - len(listed)]]
        if len(listed) >= limit:
            break
    return listed


def _named(
    text: str, store: Store, merchant: Merchant, contracts: dict[int, Contract], limit: int
) -> list[tuple[int, Sellable]]:
    """The merchant's goods that fit, nearest first, each with how near. Two of its columns are read through for the
    goods it has here: no index helps with a part of a word."""
    exact = Q(code__iexact=text) | Q(barcode=text) | Q(name__iexact=text)
    begins = Q(code__istartswith=text) | Q(name__istartswith=text)
    rank = Case(
        When(exact, then=Value(0)), When(begins, then=Value(1)), default=Value(2), output_field=IntegerField()
    )
    with scope(merchant=merchant):
        rows = _of_brands(merchant, contracts, store).filter(
            Q(name__icontains=text) | Q(code__icontains=text) | Q(barcode=text)
        )
        # Sorted as numbers and names, and only what is shown is read whole: of 20,000 fitting that takes half the time.
        nearest = rows.annotate(rank=rank).order_by("rank", "name", "id").values_list("pk", "rank")
        ranks = dict(nearest[:limit])
        skus = _of_brands(merchant, contracts, store).in_bulk(list(ranks))
        return [(rank, _sellable(skus[pk], contracts)) for pk, rank in ranks.items()]


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
