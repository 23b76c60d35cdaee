from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from components.forms import YuanField
from dashboard.forms.fields import AskingForm, PercentField

BRACKETS, MONTHS = 5, 12


class ResultsForm(AskingForm):
    file = forms.FileField(
        label=_("The bank's file of results"),
        help_text=_("A CSV with the columns number, result, amount and reason; Chinese headings do as well."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )


class AccountForm(AskingForm):
    holder = forms.CharField(label=_("Account holder"), max_length=60)
    bank = forms.CharField(label=_("Bank and branch"), max_length=80)
    number = forms.CharField(
        label=_("Account number"),
        max_length=64,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class WithholdingForm(AskingForm):
    """Up to five brackets; those left empty are none, and none at all withholds nothing."""

    FIELD_OF = {"brackets": ""}

    starts_on = forms.ChoiceField(label=_("Holds from"))

    def __init__(self, *args, month: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        months = [month]
        while len(months) < MONTHS:
            months.append((months[-1] + timedelta(days=31)).replace(day=1))
        self.fields["starts_on"].choices = [(day.isoformat(), f"{day:%Y-%m-%d}") for day in months]
        for place in range(1, BRACKETS + 1):
            label = {"place": place}
            self.fields[f"from_{place}"] = YuanField(
                label=_("Bracket %(place)s: from") % label, least=0, required=False
            )
            self.fields[f"rate_{place}"] = PercentField(
                label=_("Bracket %(place)s: percent") % label, required=False
            )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"from_{n}"], self[f"rate_{n}"]) for n in range(1, BRACKETS + 1)]

    def clean_starts_on(self) -> date:
        return date.fromisoformat(self.cleaned_data["starts_on"])

    def clean(self):
        for place in range(1, BRACKETS + 1):
            begin, rate = self.cleaned_data.get(f"from_{place}"), self.cleaned_data.get(f"rate_{place}")
            known = f"from_{place}" not in self.errors and f"rate_{place}" not in self.errors
            if known and (begin is None) != (rate is None):
                missing = f"from_{place}" if begin is None else f"rate_{place}"
                self.add_error(missing, _("A bracket needs both the amount and the percent."))
        return self.cleaned_data

    def brackets(self) -> list[tuple[int, int]]:
        """What `withhold_from` takes: fen and ppm."""
        given = self.cleaned_data
        rows = [(given[f"from_{n}"], given[f"rate_{n}"]) for n in range(1, BRACKETS + 1)]
        return [(begin, rate) for begin, rate in rows if begin is not None]
