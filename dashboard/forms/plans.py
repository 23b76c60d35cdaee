from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.models import PlanVersion, Rule
from commissions.plans import terms_of
from commissions.splitting import Term
from commissions.wording import rest_to
from dashboard.forms.fields import AskingForm, MomentField, PercentField
from dashboard.forms.plan_rules import RuleForm, initial_of
from merchants.errors import DomainError
from merchants.models import Brand, Merchant
from merchants.money import PPM
from stores.models import Contract

MOST_ROWS = 59  # the rest is a rule too

RuleRows = forms.formset_factory(RuleForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
EVERY_ROW = {"empty_permitted": False}  # a row that was counted and did not arrive is a fault


class PlanForm(AskingForm):
    """A draft of a brand's plan: for whom, from when, and its rules row by row; who has the rest is nobody's to say.

    `change` is what a button of a row asks for: `add`, `remove-2`, or `look`, which only reads the rules out.
    """

    FIELD_OF = {"rules": "", "scope": "partner"}

    brand = forms.ChoiceField(label=_("Brand"))
    mode = forms.ChoiceField(label=_("Settlement mode"), choices=Contract.Mode)
    partner = forms.ChoiceField(label=_("Holds for"), required=False)
    effective_from = MomentField(label=_("Holds from"))
    basis = forms.ChoiceField(
        label=_("Percent of"), choices=PlanVersion.Basis, initial="paid", required=False
    )
    ceiling = PercentField(
        label=_("The rates come to at most, in percent"), required=False, help_text=_("Empty means 100.")
    )

    def __init__(
        self,
        data: Any = None,
        *,
        brands: Sequence[Brand],
        partners: Sequence[Merchant | Contract],
        version: PlanVersion | None = None,
        copied: PlanVersion | None = None,
        initial: Mapping[str, Any],
    ) -> None:
        self.change = data.get("change", "") if data else ""
        rows = [{"role": Rule.Role.GUIDE}]
        if version:
            initial, rows = _initial(version), _rows(version)
        elif copied:
            initial, rows = _initial(copied) | _for_whom(copied) | dict(initial), _rows(copied)
        if self.change and self.change != "look":
            initial, rows, data = dict(data.items()), _changed(data, self.change), None
        super().__init__(data, initial=initial)
        self.rows = RuleRows(data, initial=None if data else rows, prefix="rules", form_kwargs=EVERY_ROW)
        self.version = version
        self.brands = {brand.ref: brand for brand in brands}
        self.partners = {scope.ref: scope for scope in partners}
        self.fields["brand"].choices = [(ref, brand.local_name) for ref, brand in self.brands.items()]
        everybody = [("", _("Every store of this mode"))]
        self.fields["partner"].choices = everybody + [(ref, _called(m)) for ref, m in self.partners.items()]
        if version:
            for name in ("brand", "mode", "partner"):
                del self.fields[name]

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

    def rules(self) -> list[Term]:
        rules = [row.term(number) for number, row in enumerate(self.rows, start=1)]
        return [*rules, Term(len(rules) + 1, Rule.Role.RESIDUAL)]

    def readable(self) -> list[tuple[Term, str]]:
        """The rules with the names of their articles, as far as the rows can be read."""
        if not self.is_bound:
            return []
        whole = [row for row in self.rows if row.is_valid()]
        terms = [
            (row.term(number), getattr(row.cleaned_data.get("article"), "name", ""))
            for number, row in enumerate(whole, start=1)
        ]
        return [*terms, (Term(len(terms) + 1, Rule.Role.RESIDUAL), "")]

    @property
    def rest_to(self) -> str:
        """Who gets what the rules leave; empty while brand or mode are not chosen."""
        if self.version:
            plan = self.version.plan
            return rest_to(plan.mode, plan.brand, self.version.contract or self.version.channel)
        chosen = self.cleaned_data if self.is_bound and not self.errors else {}
        if not chosen:
            return ""
        return rest_to(chosen["mode"], self.brands[chosen["brand"]], self.partners.get(chosen["partner"]))

    def terms(self) -> dict[str, Any]:
        """What `commissions.plans.revise` takes."""
        given = self.cleaned_data
        return {
            "rules": self.rules(),
            "effective_from": given["effective_from"],
            "basis": given["basis"] or PlanVersion.Basis.PAID,
            "ceiling_ppm": PPM if given["ceiling"] is None else given["ceiling"],
        }

    def whole(self) -> dict[str, Any]:
        """What `commissions.plans.draft` takes."""
        given = self.cleaned_data
        scope = self.partners.get(given["partner"])
        return self.terms() | {"brand": self.brands[given["brand"]], "mode": given["mode"], "scope": scope}

    def blame(self, refusal: DomainError) -> None:
        """At the row of the rule that it names, else as every form does."""
        number = refusal.extra.get("rule", 0)
        if 0 < number <= len(self.rows.forms):
            self.rows.forms[number - 1].add_error("claim", refusal.words)
        else:
            super().blame(refusal)


def _initial(version: PlanVersion) -> dict[str, Any]:
    ceiling = version.ceiling_ppm
    return {
        "effective_from": version.effective_from,
        "basis": version.basis,
        "ceiling": "" if ceiling == PPM else f"{ceiling / 10_000:.4f}".rstrip("0").rstrip("."),
    }


def _for_whom(version: PlanVersion) -> dict[str, Any]:
    scope = version.contract or version.channel
    return {
        "brand": version.plan.brand.ref,
        "mode": version.plan.mode,
        "partner": scope.ref if scope else "",
    }


def _rows(version: PlanVersion) -> list[dict[str, Any]]:
    articles = {rule.sku_id: rule.sku for rule in version.rules.all() if rule.sku_id}
    rest = Rule.Role.RESIDUAL
    return [initial_of(term, articles=articles) for term in terms_of(version) if term.role != rest]


def _called(scope: Merchant | Contract) -> str:
    return gettext("One contract") if isinstance(scope, Contract) else scope.name


def _is_small(text: str) -> bool:
    """A whole number of few digits; int() refuses thousands of them."""
    return text.isascii() and text.isdigit() and len(text) < 6


def _changed(data: Any, change: str) -> list[dict[str, str]]:
    """The rows as they were sent, as typed, with one more or one less."""
    count = data.get("rules-TOTAL_FORMS", "")
    count = min(int(count), MOST_ROWS) if _is_small(count) else 0
    rows = [
        {name: data.get(f"rules-{index}-{name}", "") for name in RuleForm.base_fields}
        for index in range(count)
    ]
    verb, _dash, place = change.partition("-")
    if verb == "remove" and _is_small(place):
        return [row for index, row in enumerate(rows) if index != int(place)]
    return [*rows, {}] if verb == "add" and count < MOST_ROWS else rows
