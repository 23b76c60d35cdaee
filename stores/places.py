"""Where a brand can be found, for those who do not share their location: provinces, cities, stores."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django_scopes import scope

from merchants.models import Brand
from stores.models import Contract, Store


@dataclass(frozen=True)
class City:
    province: str
    name: str
    stores: int


def cities(*, brand: Brand, at: datetime) -> list[City]:
    """Every city with a trading store of the brand; the province and city with most stores first."""
    with scope(merchant=brand.merchant):
        rows = (
            _carrying(brand, at)
            .values_list("store__province", "store__city")
            .annotate(stores=Count("id"))
            .order_by("-stores", "store__city")
        )
        found = [City(*row) for row in rows]
    in_province: dict[str, int] = {}
    for city in found:
        in_province[city.province] = in_province.get(city.province, 0) + city.stores
    return sorted(
        found, key=lambda city: (-in_province[city.province], city.province, -city.stores, city.name)
    )


def stores_in(*, brand: Brand, province: str, city: str, at: datetime) -> list[Store]:
    """The brand's trading stores of a city, by district and name."""
    with scope(merchant=brand.merchant):
        rows = (
            _carrying(brand, at)
            .filter(store__province=province, store__city=city)
            .select_related("store__merchant")
            .order_by("store__district", "store__pinyin", "store_id")
        )
        return [contract.store for contract in rows]


def _carrying(brand: Brand, at: datetime):
    return Contract.objects.filter(brand=brand, store__status=Store.Status.OPEN).live(at)
