from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.models import Rule
from commissions.splitting import Term
from dashboard.forms.fields import AskingForm, MomentField, PercentField
from merchants.models import Brand, Merchant
from stores.models import Contract

# What a brand may give out of a sale; the rest stays with who collects.
ROLES = (
    Rule.Role.BRAND,
    Rule.Role.CHANNEL,
    Rule.Role.STORE,
    Rule.Role.GUIDE,
    Rule.Role.BOUND,
    Rule.Role.SERVING,
)


class PlanForm(AskingForm):
    """The next version of a brand's plan: a ratio for each role, and who has the rest is nobody's to say."""

    FIELD_OF = {"rules": "", "scope": "partner"}

    brand = forms.ChoiceField(label=_("Brand"))
    mode = forms.ChoiceField(label=_("Settlement mode"), choices=Contract.Mode)
    partner = forms.ChoiceField(label=_("Holds for"), required=False)
    effective_from = MomentField(label=_("Holds from"))

    def __init__(self, *args, brands: Sequence[Brand], partners: Sequence[Merchant], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.brands = {brand.ref: brand for brand in brands}
        self.partners = {merchant.ref: merchant for merchant in partners}
        self.fields["brand"].choices = [(ref, brand.name) for ref, brand in self.brands.items()]
        everybody = [("", _("Every store of this mode"))]
        self.fields["partner"].choices = everybody + [(ref, m.name) for ref, m in self.partners.items()]
        for role in ROLES:
            self.fields[f"{role}_ratio"] = PercentField(label=role.label, required=False)

    @property
    def ratios(self) -> list[forms.BoundField]:
        return [self[f"{role}_ratio"] for role in ROLES]

    def terms(self) -> dict[str, Any]:
        """What `commissions.plans.publish` takes."""
        given = self.cleaned_data
        claims = [(role, given[f"{role}_ratio"]) for role in ROLES if given[f"{role}_ratio"]]
        rules = [Term(number, role, ppm) for number, (role, ppm) in enumerate(claims, start=1)]
        return {
            "brand": self.brands[given["brand"]],
            "mode": given["mode"],
            "scope": self.partners.get(given["partner"]),
            "rules": [*rules, Term(len(rules) + 1, Rule.Role.RESIDUAL, None)],
            "effective_from": given["effective_from"],
        }
