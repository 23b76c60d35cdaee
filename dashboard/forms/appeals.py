from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.models import Appeal, Share
from components.forms import YuanField
from dashboard.forms.fields import AskingForm, WholeField
from merchants.money import yuan


class DecisionForm(AskingForm):
    """What an appeal is answered with: `amount` in yuan, empty for all that a guide holds of the share; `share` is
    the number of the one it is taken from, of those that hold something."""

    FIELD_OF = {"out_of": "share", "to": ""}

    share = forms.TypedChoiceField(
        label=gettext_lazy("Taken from"), coerce=int, required=False, empty_value=None
    )
    amount = YuanField(required=False, label=gettext_lazy("Amount to move"))
    words = forms.CharField(
        required=False,
        max_length=300,
        label=gettext_lazy("Your words to the guide"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, row: Appeal, sources: Sequence[Share], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sources = {share.number: share for share in sources}
        self.fields["share"].choices = [
            (share.number, f"{share.holder} · {share.get_role_display()} · {yuan(share.held)}")
            for share in sources
        ]
        numbers = [share.number for share in sources if share.guide_id]
        proposed = row.share.number if row.share.number in self.sources else next(iter(numbers), None)
        self.fields["share"].initial = proposed
        if proposed in numbers:
            self.fields["amount"].initial = self.sources[proposed].held

    @property
    def amount_hint(self) -> str:
        """What an empty amount means: all of a share that a guide holds; of a merchant's it is to be said."""
        whole = [label for number, label in self.fields["share"].choices if self.sources[number].guide_id]
        if not whole:
            return _(
                "Up to what the chosen share holds. No other guide holds any of this line: say the amount."
            )
        words = _(
            "Up to what the chosen share holds. Left empty, the whole of a guide's share moves: %(shares)s. Of a"
            " merchant's share, say the amount."
        )
        return words % {"shares": _(", ").join(whole)}

    @property
    def out_of(self) -> Share | None:
        """None for the share that is disputed."""
        number = self.cleaned_data["share"]
        return None if number is None else self.sources[number]


class DeadlinesForm(AskingForm):
    days = WholeField(label=gettext_lazy("Days to appeal after the sale"), min_value=0, max_value=366)
    answer_days = WholeField(
        label=gettext_lazy("Days to answer after the appeal"), min_value=1, max_value=366
    )
