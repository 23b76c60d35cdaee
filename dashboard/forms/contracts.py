from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import PPM_A_PERCENT, AskingForm, MomentField, PercentField, WholeField
from merchants.models import Brand, OrgUnit
from merchants.scoping import Seat
from stores.models import FEE_CAP, Contract
from stores.terms import LONGEST_RETURN, NAMES, PARTS, Terms
from stores.visibility import offerable

SETTLEMENTS = (
    (Contract.Settlement.T0, _("At once, with the sale (T+0)")),
    (Contract.Settlement.T1, _("On the next business day (T+1)")),
)
_EMPTY = {"fee_cap_ppm": FEE_CAP}  # what a part left empty stands for, where it is not nothing


class TermsForm(AskingForm):
    """The terms of a draft; with which brand and store is settled already."""

    brand_unit = forms.ChoiceField(
        label=_("Hangs in"), help_text=_("Whoever answers for this part of your tree sees the store's sales.")
    )
    mode = forms.ChoiceField(label=_("Settlement mode"), choices=Contract.Mode)
    settlement = forms.ChoiceField(label=_("Time of settlement"), choices=SETTLEMENTS)
    guide_pay = forms.ChoiceField(label=_("Guides"), choices=Contract.GuidePay)
    fee_bearer = forms.ChoiceField(label=_("Payment fees are borne by"), choices=Contract.FeeBearer)
    fee_cap_ppm = PercentField(
        label=_("Of a payment the principal bears as its fee, in percent"),
        required=False,
        help_text=_("At most, and only where the principal bears fees. Left empty: 5."),
    )
    reserve_ppm = PercentField(
        label=_("Kept in reserve, in percent"),
        required=False,
        help_text=_("Of each share, until goods can no longer be returned."),
    )
    return_window_days = WholeField(
        label=_("Goods can be returned for, in days"), min_value=0, max_value=LONGEST_RETURN
    )
    store_bears_ppm = PercentField(
        label=_("Of the brand's coupons the store bears, in percent"), required=False, help_text=_("At most.")
    )
    brand_bears_ppm = PercentField(
        label=_("Of the store's coupons the brand bears, in percent"), required=False, help_text=_("At most.")
    )
    brand_tells_for_store = forms.BooleanField(
        label=_("The brand may say that the store took the money"),
        required=False,
        help_text=_("The store then owes the brand what the brand's systems tell."),
    )
    store_tells_for_brand = forms.BooleanField(
        label=_("The store may say that the brand took the money"),
        required=False,
        help_text=_("The brand then owes the store what the store's systems tell."),
    )
    starts_at = MomentField(label=_("In force from"))
    ends_at = MomentField(
        label=_("Until"), required=False, help_text=_("Left empty, it holds until somebody ends it.")
    )

    def __init__(self, *args, units: Sequence[OrgUnit], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.units = {unit.ref: unit for unit in units}
        least = min((unit.path.count("/") for unit in units), default=0)
        self.fields["brand_unit"].choices = [
            (unit.ref, "\u3000" * (unit.path.count("/") - least) + unit.name) for unit in units
        ]

    def terms(self) -> Terms:
        """What `stores.drafts` takes."""
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in NAMES}
        given |= {name: _EMPTY.get(name, 0) for name in PARTS if given[name] is None}
        return Terms(**given | {"brand_unit": self.units[given["brand_unit"]]})


class DraftForm(TermsForm):
    """A new contract's: which brand, with which store, on which terms."""

    brand = forms.ChoiceField(label=_("Brand"))
    store = forms.CharField(
        label=_("Store"),
        max_length=64,
        help_text=_(
            "Your own store's code, or the number that another merchant told you of its store: sto_…"
        ),
    )

    def __init__(self, *args, seat: Seat, brands: Sequence[Brand], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.seat = seat
        self.brands = {brand.ref: brand for brand in brands}
        self.fields["brand"].choices = [(ref, brand.local_name) for ref, brand in self.brands.items()]

    def clean_store(self):
        store = offerable(self.seat, self.cleaned_data["store"])
        if store is None:
            raise ValidationError(
                _(
                    "There is no such store. Its merchant finds the number on the store's page and can tell it "
                    "to you."
                )
            )
        return store

    @property
    def pair(self) -> dict[str, Any]:
        return {"brand": self.brands[self.cleaned_data["brand"]], "store": self.cleaned_data["store"]}


def as_initial(terms: Terms) -> dict[str, Any]:
    """Terms as the form shows them."""
    shown = terms.as_fields() | {"brand_unit": terms.brand_unit.ref}
    return shown | {name: _percent(shown[name], empty=_EMPTY.get(name, 0)) for name in PARTS}


def _percent(ppm: int, *, empty: int) -> str:
    """Nothing where nothing is written for as much."""
    return "" if ppm == empty == 0 else f"{Decimal(ppm) / PPM_A_PERCENT:f}"
