"""Fields and manners that headquarters' forms share."""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError
from merchants.storable import OUT_OF_REACH, in_reach

PPM_A_PERCENT = 10_000

# Django's own fields also take 1e2, 3.0 and the digits of every script.
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,12})?")
_WHOLE = re.compile(r"-?[0-9]{1,12}")


class WholeField(forms.IntegerField):
    """A whole number, written as one."""

    default_error_messages = {"invalid": _("Write a whole number, such as 10.")}

    def __init__(self, *, min_value: int, max_value: int, **kwargs) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)
        words = _("Write a whole number from %(least)s to %(most)s.")
        within = lazy(lambda: words % {"least": f"{min_value:,}", "most": f"{max_value:,}"}, str)()
        for validator in self.validators:
            validator.message = within

    def to_python(self, value):
        if value not in self.empty_values and not _WHOLE.fullmatch(str(value).strip()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PercentField(forms.DecimalField):
    """Percent with up to four decimals in, parts per million (int) out; None when left empty."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {
        "invalid": _("Write percent as a number, such as 5 or 2.5."),
        "out_of_reach": _("Write percent from 0 to 100."),
    }

    def __init__(self, **kwargs) -> None:
        super().__init__(max_digits=7, decimal_places=4, **kwargs)
        words = self.error_messages["out_of_reach"]
        self.validators += [MinValueValidator(Decimal(0), words), MaxValueValidator(Decimal(100), words)]

    def to_python(self, value):
        if value not in self.empty_values and not _PERCENT.fullmatch(str(value).strip()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def clean(self, value):
        percent = super().clean(value)
        return None if percent is None else int(percent * PPM_A_PERCENT)


class MomentField(forms.DateTimeField):
    """A minute on the merchant's clock, of the years that rows may hold."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    default_error_messages = {"invalid": _("Choose a day and a time.")}

    def to_python(self, value):
        moment = super().to_python(value)
        if moment is not None and not in_reach(moment):
            raise ValidationError(OUT_OF_REACH, code="out_of_reach")
        return moment


def say_what_to_do(form: forms.BaseForm) -> None:
    """Django's own words for an empty field or a wrong choice say what is wrong, not what to do."""
    for field in form.fields.values():
        chosen = isinstance(field, forms.ChoiceField)  # a multiple choice is one, too
        empty = (
            _("Nothing is chosen here. Choose first.") if chosen else _("This is still empty. Fill it in.")
        )
        if isinstance(field, forms.FileField):
            empty = _("No file is chosen. Choose one first.")
        field.error_messages["required"] = empty
        if chosen:
            field.error_messages["invalid_choice"] = _("This cannot be chosen here. Choose from the list.")


class AskingForm(forms.Form):
    """A form whose verb may refuse what it asks."""

    FIELD_OF: dict[str, str] = {}  # the verb's field → this form's, where the names differ

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_do(self)

    refusal: DomainError | None = None  # the last that was blamed on it

    def blame(self, refusal: DomainError) -> None:
        """Show a refusal at the field it names, else at the head of the form."""
        self.refusal = refusal
        field = self.FIELD_OF.get(refusal.field, refusal.field)
        self.add_error(field if field in self.fields else None, refusal.words)
