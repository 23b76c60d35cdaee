"""What may be rung up at a store: goods of the brands it has a live contract for, and its merchant's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from catalog.models import Sku
from merchants.errors import DomainError
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


def sku_for(*, store: Store, text: str, at: datetime, brand: Brand | None = None) -> Sellable:
    """What a code or barcode means at this store. DomainError if nothing, or more than one thing, of what it
    may sell."""
    return skus_for(store=store, asked=[(text, brand)], at=at)[0]


def skus_for(*, store: Store, asked: Iterable[tuple[str, Brand | None]], at: datetime) -> list[Sellable]:
    """The same for a whole receipt, in its order: one query for the contracts and one for each merchant's
    goods.

    Each entry is (code, barcode or ref; the brand if it was named).
    """
    asked = [(text.strip(), brand) for text, brand in asked]
    offered = _offered(store, {text for text, _brand in asked}, at)
    return [_the_one(text, brand, offered, store) for text, brand in asked]


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


def _offered(store: Store, texts: set[str], at: datetime) -> list[Sellable]:
    found = []
    for merchant, contracts in _sources(store, at):
        with scope(merchant=merchant):
            rows = _of_brands(merchant, contracts, store).filter(
                Q(code__in=texts) | Q(barcode__in=texts - {""}) | Q(ref__in=texts)
            )
            found += [_sellable(sku, contracts) for sku in rows.order_by("id")]
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


def _the_one(text: str, brand: Brand | None, offered: list[Sellable], store: Store) -> Sellable:
    matches = [
        offer
        for offer in offered
        if text in (offer.sku.code, offer.sku.barcode, offer.sku.ref)
        and (brand is None or offer.brand == brand)
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise DomainError(
            "sku.ambiguous",
            _("%(code)s means several things at this store.") % {"code": text},
            next_step=_("Name the brand, or scan the barcode."),
            field="sku",
            extra={"sku": text, "brands": sorted(offer.brand.ref for offer in matches if offer.brand)},
        )
    if brand is not None:
        raise DomainError(
            "sku.unknown",
            _("%(store)s may not sell %(code)s of %(brand)s.")
            % {"store": store.name, "code": text, "brand": brand.name},
            next_step=_("Check the code, and that the store has a live contract for the brand."),
            field="sku",
            extra={"sku": text, "brand": brand.ref},
        )
    raise DomainError(
        "sku.unknown",
        _("%(code)s is not among the goods of this store.") % {"code": text},
        next_step=_("Check the code; goods of a brand need a live contract with this store."),
        field="sku",
        extra={"sku": text},
    )
