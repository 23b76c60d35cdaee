from django import forms
from django.utils.translation import gettext_lazy as _

from components.forms import YuanField


class DecisionForm(forms.Form):
    """What an appeal is answered with: `amount` in yuan, empty for all that a guide holds of the share."""

    amount = YuanField(required=False, label=_("Amount to move"))
    words = forms.CharField(
        required=False,
        max_length=300,
        label=_("Your words to the guide"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
