"""A guide as a brand's shopper finds them: by the code on their card, wherever they serve under a
contract."""

from datetime import datetime

from django.db.models import Q
from django_scopes import scope

from guides.models import Guide
from merchants.models import Brand
from stores.models import Contract, Store


def serving_the_brand(*, brand: Brand, guide_ref: str, at: datetime) -> tuple[Guide, Store] | None:
    """The guide and the store they serve at, if it carries the brand at `at`; whoever employs them."""
    with scope(merchant=brand.merchant):
        there = Contract.objects.live(at).filter(
            Q(store__assignments__ends_at=None) | Q(store__assignments__ends_at__gt=at),
            brand=brand,
            store__assignments__guide__ref=guide_ref,
            store__assignments__guide__status=Guide.Status.ACTIVE,
            store__assignments__starts_at__lte=at,
        )
        contract = there.select_related("store__merchant").first()
    if contract is None:
        return None
    with scope(merchant=contract.store.merchant):
        guide = Guide.objects.select_related("merchant", "user").get(ref=guide_ref)
    return guide, contract.store
