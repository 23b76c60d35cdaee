from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout
from dashboard.forms.fields import AskingForm


def _day(label) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class BillForm(AskingForm):
    """What the bill is of; a fresh form asks for yesterday."""

    rail = forms.ChoiceField(label=_("Whose bill it is"), choices=Payout.Rail.choices)
    first = _day(_("First day"))
    last = _day(_("Last day"))
    file = forms.FileField(
        label=_("The bill"),
        help_text=_(
            "The rail's CSV as it was downloaded, with columns for number, amount in yuan and date; Chinese headings "
            "do as well. Money that came back is told by a minus before the amount, by a column of its own, or by one "
            "that says in or out."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def __init__(self, *args, yesterday: date, **kwargs) -> None:
        super().__init__(*args, initial={"first": yesterday, "last": yesterday}, **kwargs)
