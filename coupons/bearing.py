"""Nobody bears a coupon's cost on another's word: what a campaign lays on others, their contracts must allow."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from coupons.models import Campaign
from merchants.errors import DomainError
from stores.models import Contract


def agreed(campaign: Campaign, contracts: Iterable[Contract]) -> bool:
    """Is what the campaign lays on other merchants than its own within the contracts of a store?

    A brand's campaign asks that brand's contract, one over the whole receipt every contract. Goods without one are
    the store's own: there every role is its merchant.
    """
    parts = dict(campaign.bearers)
    on_store, on_brand = parts.get("store", 0) + parts.get("channel", 0), parts.get("brand", 0)
    return all(
        (contract.counterparty_id == campaign.merchant_id or on_store <= contract.store_bears_ppm)
        and (contract.merchant_id == campaign.merchant_id or on_brand <= contract.brand_bears_ppm)
        for contract in contracts
        if campaign.brand_id in (None, contract.brand_id)
    )


def not_agreed(campaign: Campaign, *, field: str = "") -> DomainError:
    return DomainError(
        "coupon.cost_not_agreed",
        _("Who bears the cost of “%(name)s” is not agreed for this store.") % {"name": campaign.name},
        next_step=_("Agree the cost share in the contract, or choose another campaign."),
        field=field,
    )
