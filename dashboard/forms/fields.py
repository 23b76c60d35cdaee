"""Fields and manners that headquarters' forms share."""

from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from merchants.errors import DomainError

PPM_A_PERCENT = 10_000


class PercentField(forms.DecimalField):
    """Percent with up to four decimals in, parts per million (int) out; None when left empty."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **kwargs) -> None:
        super().__init__(max_digits=7, decimal_places=4, **kwargs)
        self.validators += [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]

    def clean(self, value):
        percent = super().clean(value)
        return None if percent is None else int(percent * PPM_A_PERCENT)


class MomentField(forms.DateTimeField):
    """A minute on the merchant's clock."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class AskingForm(forms.Form):
    """A form whose verb may refuse what it asks."""

    FIELD_OF: dict[str, str] = {}  # the verb's field → this form's, where the names differ

    def blame(self, refusal: DomainError) -> None:
        """Show a refusal at the field it names, else at the head of the form."""
        field = self.FIELD_OF.get(refusal.field, refusal.field)
        self.add_error(field if field in self.fields else None, refusal.words)
