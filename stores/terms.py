"""What a brand and a store agree on. Pure but for the rows it names; `contracts` and `drafts` write it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError
from merchants.models import Brand, OrgUnit
from merchants.money import PPM
from merchants.storable import check_in_reach
from stores.models import FEE_CAP, Contract

LONGEST_RETURN = 365


@dataclass(frozen=True, kw_only=True)
class Terms:
    """`brand_unit` says where in the brand owner's tree the store hangs; it is the owner's own affair, all else
    is for both. Ratios in ppm, see the fields of Contract."""

    brand_unit: OrgUnit
    mode: str
    settlement: str
    guide_pay: str
    starts_at: datetime
    ends_at: datetime | None = None
    reserve_ppm: int = 0
    return_window_days: int = 7
    store_bears_ppm: int = 0
    brand_bears_ppm: int = 0
    brand_tells_for_store: bool = False
    store_tells_for_brand: bool = False
    fee_bearer: str = Contract.FeeBearer.COLLECTOR
    fee_cap_ppm: int = FEE_CAP

    @classmethod
    def of(cls, contract: Contract) -> "Terms":
        return cls(**{name: getattr(contract, name) for name in NAMES})

    def as_fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in NAMES}

    def check(self, brand: Brand) -> None:
        """DomainError `contract.foreign_unit`, `contract.not_a_part`, `contract.return_window`,
        `contract.ends_before_start`, `date.out_of_reach`; each names its field."""
        if self.brand_unit.merchant_id != brand.merchant_id:
            raise DomainError(
                "contract.foreign_unit",
                _("The store must hang in the brand owner's own tree."),
                next_step=_("Choose a unit of the brand owner, such as its region."),
                field="brand_unit",
            )
        self._check_parts()
        if not 0 <= self.return_window_days <= LONGEST_RETURN:
            raise DomainError(
                "contract.return_window",
                _("Goods can be returned for %(most)d days at most.") % {"most": LONGEST_RETURN},
                next_step=_("Correct the days."),
                field="return_window_days",
            )
        check_in_reach(starts_at=self.starts_at, ends_at=self.ends_at)
        check_order(self.starts_at, self.ends_at)

    def _check_parts(self) -> None:
        for field in PARTS:
            if not 0 <= getattr(self, field) <= PPM:
                raise DomainError(
                    "contract.not_a_part",
                    _("A part is between 0 and 100 percent."),
                    next_step=_("Correct the terms and agree again."),
                    field=field,
                )


NAMES = tuple(field.name for field in fields(Terms))
SHARED = tuple(name for name in NAMES if name != "brand_unit")  # what both sides read and agree on
PARTS = ("reserve_ppm", "store_bears_ppm", "brand_bears_ppm", "fee_cap_ppm")


def differing(contract: Contract, other: Contract) -> set[str]:
    """The shared terms in which two contracts differ, by their fields' names."""
    return {name for name in SHARED if getattr(contract, name) != getattr(other, name)}


def check_order(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at and ends_at <= starts_at:
        raise DomainError(
            "contract.ends_before_start",
            _("A contract ends after it begins."),
            next_step=_("Choose a later end, or none."),
            field="ends_at",
        )
