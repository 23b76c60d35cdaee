"""The builder of an attribution policy: its rules row by row, in their order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.attribution_checks import MOST_DAYS, MOST_RULES, MOST_WEIGHT, overtaken
from commissions.attribution_rules import ANYWHERE, OTHER_STORE, SAME_STORE, TOUCHES, AttributionRule
from commissions.attribution_wording import overtaken_in_words, rule_in_words
from commissions.models import Rule
from dashboard.forms.fields import AskingForm, MomentField, WholeField, say_what_to_do
from merchants.errors import DomainError
from orders.models import Order

PLACES = [
    (ANYWHERE, _("Wherever, or no own guide")),
    (SAME_STORE, _("At the store of the sale")),
    (OTHER_STORE, _("At another store")),
]


def _weight(touch: str) -> WholeField:
    return WholeField(label=Rule.Role(touch).label, min_value=1, max_value=MOST_WEIGHT, required=False)


class RuleRow(forms.Form):
    """One rule. A number at a guide says that this guide has a part; several share by their numbers."""

    bound, serving, sharing, recruiting, accepting = (_weight(touch) for touch in TOUCHES)
    channels = forms.MultipleChoiceField(
        label=_("Only by"), choices=Order.Channel, required=False, widget=forms.CheckboxSelectMultiple
    )
    bound_at = forms.ChoiceField(label=_("Where the own guide is bound"), choices=PLACES, initial=ANYWHERE)
    days = WholeField(
        label=_("Less than so many days ago"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        help_text=_("Sharing, recruiting or binding, before the sale."),
    )
    protected = forms.BooleanField(label=_("Only inside the protection period"), required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_do(self)

    @property
    def weights(self) -> list[forms.BoundField]:
        return [self[touch] for touch in TOUCHES]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self.errors and not any(given.get(touch) for touch in TOUCHES):
            self.add_error(None, _("Nobody has a part by this rule. Write 1 at who takes all."))
        return given

    def rule(self, number: int) -> AttributionRule:
        given = self.cleaned_data
        return AttributionRule(
            number,
            tuple((touch, given[touch]) for touch in TOUCHES if given[touch]),
            channels=tuple(given["channels"]),
            bound_at=given["bound_at"],
            protected=given["protected"],
            days=given["days"],
        )


RuleRows = forms.formset_factory(RuleRow, extra=0, max_num=MOST_RULES, absolute_max=MOST_RULES)


class AttributionForm(AskingForm):
    """`change` is what a button of a row asks for: `add`, `remove-2`, `up-2`, `down-2`, or `look`, which only reads the
    rules out."""

    FIELD_OF = {"rules": ""}

    def __init__(self, data: Any = None, *, rules: Sequence[AttributionRule]) -> None:
        self.change = data.get("change", "") if data else ""
        rows = [_row(rule) for rule in rules]
        if self.change and self.change != "look":
            rows, data = _changed(data, self.change), None
        super().__init__(data)
        self.rows = RuleRows(
            data,
            initial=None if data else rows,
            prefix="rules",
            form_kwargs={"empty_permitted": False},  # a row that was counted and did not arrive is a fault
        )

    @property
    def saves(self) -> bool:
        """Whether it is sent to be kept, and may be."""
        return self.is_bound and not self.change and self.is_valid()

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.rows.is_valid()])

    def clean(self) -> dict[str, Any]:
        if self.rows.non_form_errors():
            self.add_error(None, _("The rules did not arrive whole. Load the page again."))
        return super().clean()

    def rules(self) -> list[AttributionRule]:
        return [row.rule(number) for number, row in enumerate(self.rows, start=1)]

    def sentences(self) -> list[tuple[str, str]]:
        """Every rule read out, as typed or as it began, "" for one that cannot be read yet; and what to warn of."""
        rows = self.rows.forms
        if not self.rows.is_bound:
            rows = [RuleRow(_typed(row), prefix="") for row in rows]
        read = {number: row.rule(number) for number, row in enumerate(rows, start=1) if row.is_valid()}
        never = overtaken(read.values())
        return [
            (
                rule_in_words(read[number]) if number in read else "",
                overtaken_in_words(never[number]) if number in never else "",
            )
            for number in range(1, len(rows) + 1)
        ]

    def blame(self, refusal: DomainError) -> None:
        """At the row of the rule that it names, else as every form does."""
        number = refusal.extra.get("rule", 0)
        if 0 < number <= len(self.rows.forms):
            self.rows.forms[number - 1].add_error(None, refusal.words)
        else:
            super().blame(refusal)


class PublishForm(AskingForm):
    starts_at = MomentField(
        label=_("Counts for sales paid from"),
        required=False,
        help_text=_("Left empty, it counts at once."),
    )

    def start(self) -> datetime | None:
        return self.cleaned_data["starts_at"]


def _row(rule: AttributionRule) -> dict[str, Any]:
    """A rule as its row shows it."""
    return dict(rule.takes) | {
        "channels": list(rule.channels),
        "bound_at": rule.bound_at,
        "days": rule.days,
        "protected": rule.protected,
    }


def _typed(row: RuleRow) -> dict[str, Any]:
    return {name: row[name].value() for name in RuleRow.base_fields}


def _is_small(text: str) -> bool:
    """A whole number of few digits; int() refuses thousands of them."""
    return text.isascii() and text.isdigit() and len(text) < 6


def _changed(data: Any, change: str) -> list[dict[str, Any]]:
    """The rules as they were sent, as typed, with one more, one less, or one at another place."""
    count = data.get("rules-TOTAL_FORMS", "")
    count = min(int(count), MOST_RULES) if _is_small(count) else 0
    rows = [
        {name: data.get(f"rules-{index}-{name}", "") for name in RuleRow.base_fields}
        | {"channels": data.getlist(f"rules-{index}-channels")}
        for index in range(count)
    ]
    verb, _dash, place = change.partition("-")
    at = int(place) if _is_small(place) else count
    if verb == "remove":
        return [row for index, row in enumerate(rows) if index != at]
    if verb == "up" and 0 < at < count:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    if verb == "down" and at + 1 < count:
        rows[at + 1], rows[at] = rows[at], rows[at + 1]
    return [*rows, {}] if verb == "add" and count < MOST_RULES else rows
