"""Find and permit together. What is not the acting merchant's is not there: 404 in an address, and 404
naming the field in a body, whether it is another's or nobody's."""

from typing import Any

from django.db import models

from coupons.campaigns import sendable
from coupons.models import Campaign
from events.compiled import compiled
from merchants.finding import every, not_found, one
from merchants.models import Brand
from stores.drafts import store_told
from stores.models import Contract, Store


def by_ref_or_code(model: type[models.Model], given: str, *, field: str, code: str = "code") -> Any:
    """The acting merchant's own row, by our id or by its own code; a code that looks like one of our ids
    is none."""
    prefix = model._meta.get_field("ref").prefix
    return one(model, field=field, **{"ref" if given.startswith(f"{prefix}_") else code: given})


def brand(given: str, *, field: str = "brand") -> Brand:
    """One of the acting merchant's own brands, by id or slug."""
    return by_ref_or_code(Brand, given, field=field, code="slug")


def store(given: str, *, field: str = "store") -> Store:
    """One of the acting merchant's own stores."""
    return by_ref_or_code(Store, given, field=field)


def store_that_sells_for(given: str, *, field: str = "store") -> Store:
    """An own store, or one (by id) that has a contract for a brand of the acting merchant, whenever: what a store
    sold while it was in force is told later too. Whether it was then is for who reads the sale."""
    for found in _own_store(given=given):
        return found
    contracts = every(Contract).exclude(accepted_at=None)
    if contract := contracts.filter(store__ref=given).select_related("store__merchant").first():
        return contract.store
    raise not_found(Store, field=field)


@compiled
def _own_store(*, given: str) -> models.QuerySet[Store]:
    own = every(Store).filter(models.Q(ref=given) | models.Q(code=given))
    return own.select_related("merchant").order_by("pk")


def offerable_store(given: str, *, field: str = "store") -> Store:
    """An own store by id or code, or another merchant's by the id that it told."""
    own = every(Store).filter(models.Q(ref=given) | models.Q(code=given))
    found = own.select_related("merchant", "org_unit__parent").first() or store_told(given)
    if found is None:
        raise not_found(Store, field=field)
    return found


def contracts(side: str) -> models.QuerySet[Contract]:
    """The acting merchant's: of its brands (`brand`), or at its stores (`store`)."""
    return every(Contract, by="objects" if side == "brand" else "party").with_sides()


def contract(ref: str) -> Contract:
    """One of the acting merchant's, on either side."""
    return contracts("brand").filter(ref=ref).first() or one(contracts("store"), ref=ref)


def campaign(ref: str, *, store: Store | None) -> Campaign:
    """One of the acting merchant's own campaigns, or one that its store may send now."""
    if own := every(Campaign).filter(ref=ref).select_related("brand", "merchant").first():
        return own
    offered = sendable(store=store) if store else []
    for found in offered:
        if found.ref == ref:
            return found
    raise not_found(Campaign)
