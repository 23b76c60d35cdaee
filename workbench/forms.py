from django import forms
from django.utils.translation import gettext_lazy as _

from components.forms import YuanField


class AmountForm(forms.Form):
    amount = YuanField(label=_("Amount"))


class AccountForm(forms.Form):
    holder = forms.CharField(label=_("Account holder"), max_length=60)
    bank = forms.CharField(
        label=_("Bank and branch"),
        max_length=80,
        help_text=_("As the bank writes it, with the branch that opened the account."),
    )
    number = forms.CharField(
        label=_("Account number"),
        max_length=64,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
