"""What a merchant has to set up before its first sale, and what of it is done."""

from dataclasses import dataclass

from commissions.models import PlanVersion
from guides.models import Guide
from merchants.models import ApiKey, Brand, Merchant
from orders.models import Order, OrderLine
from stores.models import Contract, Store


@dataclass(frozen=True)
class Step:
    name: str  # brand, key, store, contract, plan, guide, sale
    done: bool


def steps(merchant: Merchant) -> list[Step]:
    """In the order they are taken; [] once the merchant has sold. Inside its scope."""
    if (
        Order.objects.filter(merchant=merchant).exists()
        or OrderLine.about.filter(brand_owner=merchant).exists()
    ):
        return []
    wanted: dict[str, bool] = {}
    if merchant.is_brand_owner:
        wanted["brand"] = Brand.objects.filter(merchant=merchant).exists()
    wanted["key"] = ApiKey.objects.filter(revoked_at=None).exists()
    if merchant.is_channel:
        wanted["store"] = Store.objects.filter(merchant=merchant).exists()
        wanted["guide"] = Guide.objects.filter(merchant=merchant).exists()
    if merchant.is_brand_owner:
        wanted["contract"] = Contract.objects.filter(accepted_at__isnull=False).exists()
        wanted["plan"] = PlanVersion.objects.filter(published_at__isnull=False).exists()
    wanted["sale"] = False
    return [Step(name, done) for name, done in wanted.items()]
