"""What a draft of a plan may not say about its brand's goods, its contract and its time, and that it is the one which
was read; its rules are checked by `checking`."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from catalog.models import Sku
from commissions.models import PlanVersion
from commissions.splitting import Term
from merchants.errors import Conflict, DomainError
from merchants.models import Brand
from stores.models import Contract


def ends_later(begins: datetime, ends: datetime | None) -> None:
    if ends is not None and ends <= begins:
        raise DomainError(
            "plan.ends_before_start",
            _("A version ends after it begins."),
            next_step=_("Let it end later, or leave its end open."),
            field="effective_until",
        )


def fits_mode(contract: Contract | None, brand: Brand, mode: str) -> None:
    if contract and (contract.brand_id != brand.id or contract.mode != mode):
        raise DomainError(
            "plan.wrong_mode",
            _("A plan is for contracts of its own brand and mode."),
            next_step=_("Choose a contract of this brand and mode."),
            field="scope",
        )


def of_brand(rules: Sequence[Term], brand: Brand) -> None:
    wanted = {term.sku for term in rules if term.sku is not None}
    if wanted and Sku.objects.filter(pk__in=wanted, product__brand=brand).count() != len(wanted):
        raise DomainError(
            "plan.sku_unknown",
            _("A rule names an article that is not of this brand."),
            next_step=_("Choose articles of this brand."),
            field="rules",
        )


def digest(version: PlanVersion) -> str:
    """Of all that the version says: who reads it and then decides names what was read."""
    ends = version.effective_until
    said = (
        bytes(version.rules_sha256).hex(),
        version.basis,
        str(version.ceiling_ppm),
        version.effective_from.astimezone(UTC).isoformat(),
        ends.astimezone(UTC).isoformat() if ends else "",
    )
    return hashlib.sha256("|".join(said).encode()).hexdigest()[:16]


def is_the_one_read(version: PlanVersion, read: str | None) -> None:
    if read is not None and read != digest(version):
        raise Conflict(
            "plan.changed",
            _("This draft was changed after it was read; nothing was done."),
            next_step=_("Read it as it stands now, and decide again."),
            field="digest",
        )
