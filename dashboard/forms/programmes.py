from django import forms
from django.utils.translation import gettext_lazy as _

from components.forms import YuanField
from dashboard.forms.fields import AskingForm
from members.models import TopUp


class ProgrammeForm(AskingForm):
    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("What your shoppers call it."))
    code = forms.CharField(
        label=_("Programme code"),
        max_length=32,
        help_text=_("Your tills name it in a payment, and it names the account in your book. It stays."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class TopUpForm(AskingForm):
    external_no = forms.CharField(
        label=_("Receipt number"),
        max_length=64,
        help_text=_("Once only: entered again, it changes nothing."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    place = forms.ChoiceField(label=_("Paid by"), choices=TopUp.Place)
    paid = YuanField(label=_("Paid"), least=0)
    bonus = YuanField(label=_("You add"), least=0, required=False)

    def clean_bonus(self) -> int:
        return self.cleaned_data["bonus"] or 0
