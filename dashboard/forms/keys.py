from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import AskingForm
from merchants.models import ApiKey
from merchants.onboarding import API_SCOPES

MODES = ((ApiKey.Mode.TEST, _("Test")), (ApiKey.Mode.LIVE, _("Live")))


class KeyForm(AskingForm):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Which system uses it, such as “Till”.")
    )
    mode = forms.ChoiceField(label=_("Kind"), choices=MODES)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(name, name) for name in API_SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
