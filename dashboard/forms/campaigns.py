from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Sku
from components.forms import YuanField
from coupons.campaigns import MOST_PIECES
from coupons.models import Campaign
from dashboard.forms.fields import AskingForm, MomentField, PercentField, WholeField
from merchants import finding
from merchants.models import Brand

WHOLE_RECEIPT = "receipt"


class OfferForm(AskingForm):
    """What all campaigns ask. Without a brand it counts on the whole receipt of one's own stores."""

    FIELD_OF = {"bearers": "brand_part", "sku": "article"}
    KIND: Campaign.Kind

    form_key = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Members see it on their coupon."))
    brand = forms.ChoiceField(label=_("Counts on"))
    issue_limit = WholeField(label=_("Coupons in all"), min_value=1, max_value=2**31 - 1)
    per_member_limit = WholeField(label=_("Coupons a member"), min_value=1, max_value=32_767, initial=1)
    claim_from = MomentField(label=_("Can be sent from"))
    claim_until = MomentField(label=_("Can be sent until"))
    use_from = MomentField(label=_("Usable from"))
    use_until = MomentField(label=_("Usable until"))
    brand_part = PercentField(
        label=_("The brand bears, in percent"), required=False, help_text=_("Together they come to 100.")
    )
    store_part = PercentField(
        label=_("The store bears, in percent"),
        required=False,
        help_text=_(
            "Another merchant's store takes these coupons only if its contract agrees to bear as much."
        ),
    )

    def __init__(self, *args, brands: Sequence[Brand], runs_stores: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.brands = {brand.ref: brand for brand in brands}
        whole = [(WHOLE_RECEIPT, _("The whole receipt, in own stores"))] if runs_stores else []
        self.fields["brand"].choices = [(ref, brand.local_name) for ref, brand in self.brands.items()] + whole

    def terms(self) -> dict[str, Any]:
        """What `coupons.campaigns.create` takes."""
        given = dict(self.cleaned_data) | {"kind": self.KIND}
        given["brand"] = brand = self.brands.get(given["brand"])
        parts = [("brand", given.pop("brand_part")), ("store", given.pop("store_part"))]
        named = [(role, ppm) for role, ppm in parts if ppm]
        return given | {"bearers": named if brand and named else None}


class CampaignForm(OfferForm):
    """A full reduction."""

    KIND = Campaign.Kind.FULL_REDUCTION

    threshold = YuanField(label=_("Spend at least"))
    amount_off = YuanField(label=_("Amount off"))


class ExchangeForm(OfferForm):
    """A coupon that is exchanged for whole pieces."""

    KIND = Campaign.Kind.EXCHANGE

    pieces = WholeField(label=_("Pieces for a coupon"), min_value=1, max_value=MOST_PIECES, initial=1)
    article = forms.CharField(
        label=_("Only article (code)"),
        max_length=64,
        required=False,
        help_text=_("Left empty, any of these goods; the dearest on the receipt goes off."),
    )

    def clean_article(self) -> Sku | None:
        code = self.cleaned_data["article"]
        article = finding.every(Sku).filter(code=code).select_related("product").first() if code else None
        if code and article is None:
            raise forms.ValidationError(_("There is no article with this code."))
        return article

    def terms(self) -> dict[str, Any]:
        given = super().terms()
        return given | {"sku": given.pop("article")}
