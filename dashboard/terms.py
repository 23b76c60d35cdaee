"""A contract's terms in words, one below the other, and beside those of the contract they would replace."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions.reasons import percent
from components.formatting import minute
from stores.models import Contract
from stores.terms import SHARED, differing


@dataclass(frozen=True)
class TermInWords:
    """`was`: what the contract says that would be replaced, where it says something else."""

    label: str
    text: str | SafeString
    was: str | SafeString = ""


def in_words(contract: Contract, *, beside: Contract | None = None) -> list[TermInWords]:
    changed = differing(contract, beside) if beside else set()
    return [
        TermInWords(label, words, _said(beside)[name][1] if name in changed and beside else "")
        for name, (label, words) in _said(contract).items()
    ]


def _said(contract: Contract) -> dict[str, tuple[str, str | SafeString]]:
    days = contract.return_window_days
    said = {
        "mode": (_("Settlement mode"), contract.get_mode_display()),
        "settlement": (
            _("Time of settlement"),
            _("At once, with the sale (T+0)")
            if contract.settlement == Contract.Settlement.T0
            else _("On the next business day (T+1)"),
        ),
        "guide_pay": (_("Guides"), contract.get_guide_pay_display()),
        "fee_bearer": (_("Payment fees are borne by"), contract.get_fee_bearer_display()),
        "fee_cap_ppm": (_("Of a payment the principal bears as its fee"), _borne(contract)),
        "reserve_ppm": (_("Kept in reserve"), _part(contract.reserve_ppm, "{part}")),
        "return_window_days": (
            _("Goods can be returned for"),
            ngettext("%(days)s day", "%(days)s days", days) % {"days": days},
        ),
        "store_bears_ppm": (
            _("Of the brand's coupons the store bears"),
            _part(contract.store_bears_ppm, _("up to {part}")),
        ),
        "brand_bears_ppm": (
            _("Of the store's coupons the brand bears"),
            _part(contract.brand_bears_ppm, _("up to {part}")),
        ),
        "brand_tells_for_store": (
            _("The brand may say that the store took the money"),
            _allowed(contract.brand_tells_for_store),
        ),
        "store_tells_for_brand": (
            _("The store may say that the brand took the money"),
            _allowed(contract.store_tells_for_brand),
        ),
        "starts_at": (_("In force from"), minute(contract.starts_at)),
        "ends_at": (_("Until"), minute(contract.ends_at) if contract.ends_at else _("Somebody ends it")),
    }
    assert set(said) == set(SHARED), "a term that nobody could read would be agreed unseen"
    return said


def _part(ppm: int, frame: str) -> str | SafeString:
    if not ppm:
        return _("Nothing")
    return format_html(frame, part=format_html('<span class="num">{}%</span>', percent(ppm)))


def _borne(contract: Contract) -> str | SafeString:
    charged = contract.fee_bearer == Contract.FeeBearer.PRINCIPAL
    return _part(contract.fee_cap_ppm if charged else 0, _("up to {part}"))


def _allowed(is_allowed: bool) -> str:
    return _("Allowed") if is_allowed else _("Not allowed")
