from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dashboard.forms.fields import AskingForm
from merchants.models import ApiKey
from merchants.onboarding import API_SCOPES

WHAT = {
    "stores": _("Stores"),
    "guides": _("Guides"),
    "contracts": _("Contracts"),
    "catalog": _("Goods and articles"),
    "members": _("Members"),
    "campaigns": _("Campaigns and coupons"),
    "orders": _("Orders and refunds"),
    "programmes": _("Programmes of stored value"),
    "plans": _("Commission plans"),
    "ledger": _("Ledger"),
    "payouts": _("Payouts"),
    "events": _("Events"),
}
HOW = {"read": _("%(what)s: read"), "write": _("%(what)s: write")}


def _labelled(scope: str) -> str:
    """In words, with the code that the API's answers and documents call it by."""
    what, _colon, how = scope.partition(":")
    return format_html('{} <code class="faint small">{}</code>', HOW[how] % {"what": WHAT[what]}, scope)


MODES = ((ApiKey.Mode.TEST, _("Test")), (ApiKey.Mode.LIVE, pgettext_lazy("key", "Live")))


class KeyForm(AskingForm):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Which system uses it, such as “Till”.")
    )
    mode = forms.ChoiceField(label=_("Kind"), choices=MODES)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(name, lazy(_labelled, str)(name)) for name in API_SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
