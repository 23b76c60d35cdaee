from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import say_what_to_do
from stores.visibility import named

STATES = (
    ("", _("All sales")),
    ("refunded", _("With a refund")),
    ("kept", _("Without a refund")),
)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_error_messages = {"invalid": _("Choose a day.")}

    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        if day is not None and not 2000 <= day.year < 2100:
            raise ValidationError(_("Choose a day between 2000 and 2100."), code="out_of_reach")
        return day


class OrderFilter(forms.Form):
    """Which orders are listed, as the address says it. What cannot be read is told at its field and narrows nothing."""

    q = forms.CharField(label=_("Sale number"), max_length=80, required=False)
    store = forms.CharField(label=_("Store, its code or city"), max_length=80, required=False)
    first = DayField(label=_("Business date from"), required=False)
    last = DayField(label=_("Business date until"), required=False)
    state = forms.ChoiceField(label=_("Refunds"), choices=STATES, required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_do(self)

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first and last and last < first:
            self.add_error("last", _("Choose a day on or after the first one."))
        return asked

    @property
    def narrows(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def of(self, rows: QuerySet, *, partners: bool) -> QuerySet:
        """Of these rows (orders.oversight), what is asked for. `partners`: they are of other merchants' stores."""
        self.is_valid()
        asked, order = self.cleaned_data, "order__" if partners else ""
        wanted = Q()
        if number := asked.get("q"):
            wanted &= Q(**{f"{order}external_no__icontains": number}) | Q(**{f"{order}ref": number})
        if first := asked.get("first"):
            wanted &= Q(**{f"{order}business_date__gte": first})
        if last := asked.get("last"):
            wanted &= Q(**{f"{order}business_date__lte": last})
        if state := asked.get("state"):
            wanted &= Q(refunded__gt=0) if state == "refunded" else Q(refunded=0)
        return named(rows.filter(wanted), asked.get("store", ""), path=f"{order}store__")
