from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.models import Appeal, Share
from components.forms import YuanField
from dashboard.forms.fields import AskingForm, WholeField
from merchants.money import yuan


class DecisionForm(AskingForm):
    """What an appeal is answered with: `amount` in yuan, empty for all that a guide holds of the share; `share` is
    the number of the one it is taken from, of those that hold something."""

    FIELD_OF = {"out_of": "share", "to": ""}

    share = forms.TypedChoiceField(label=_("Taken from"), coerce=int, required=False, empty_value=None)
    amount = YuanField(required=False, label=_("Amount to move"))
    words = forms.CharField(
        required=False,
        max_length=300,
        label=_("Your words to the guide"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, row: Appeal, sources: Sequence[Share], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sources = {share.number: share for share in sources}
        self.fields["share"].choices = [
            (share.number, f"{share.holder} · {yuan(share.held)}") for share in sources
        ]
        numbers = [share.number for share in sources if share.guide_id]
        proposed = row.share.number if row.share.number in self.sources else next(iter(numbers), None)
        self.fields["share"].initial = proposed
        if proposed in numbers:
            self.fields["amount"].initial = self.sources[proposed].held

    @property
    def out_of(self) -> Share | None:
        """None for the share that is disputed."""
        number = self.cleaned_data["share"]
        return None if number is None else self.sources[number]


class DeadlinesForm(AskingForm):
    days = WholeField(label=_("Days to appeal after the sale"), min_value=0, max_value=366)
    answer_days = WholeField(label=_("Days to answer after the appeal"), min_value=1, max_value=366)
