"""The rows of a plan's form: what each rule claims, for what, and how much at most."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalog.models import Sku
from commissions.checking import percent
from commissions.models import GUIDE_ROLES, Rule
from commissions.splitting import Term
from components.forms import YuanField
from dashboard.forms.fields import PercentField, WholeField, say_what_to_do
from merchants import finding
from orders.models import Order

KINDS = [
    ("ratio", _("Percent")),
    ("fixed", _("Amount a line")),
    ("piece", _("Amount a piece")),
    ("tiers", _("Tiers of the month")),
]
_PERCENT, _YUAN = PercentField(), YuanField()
_FROM = YuanField(least=0)


class RuleForm(forms.Form):
    """One rule. How `claim` is read depends on `kind`: `5`, `2.00`, or `0: 3, 1000: 5`."""

    role = forms.ChoiceField(
        label=_("Who"), choices=[(role, role.label) for role in Rule.Role if role != Rule.Role.RESIDUAL]
    )
    kind = forms.ChoiceField(label=_("How"), choices=KINDS)
    claim = forms.CharField(label=_("How much"), max_length=400)
    category = forms.CharField(label=_("Only category"), max_length=60, required=False)
    sku = forms.CharField(label=_("Only article (code)"), max_length=64, required=False)
    channel = forms.ChoiceField(
        label=_("Only by"), choices=[("", _("Every channel")), *Order.Channel.choices], required=False
    )
    level = WholeField(label=_("Only guides of level"), min_value=1, max_value=99, required=False)
    line_cap = YuanField(label=_("At most, a line"), required=False)
    period_cap = YuanField(label=_("At most, a month"), required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_do(self)

    @property
    def has_more(self) -> bool:
        """Whether the folded part says anything, or has a fault: then it is shown open."""
        names = ("category", "sku", "channel", "level", "line_cap", "period_cap")
        return any(self[name].value() or self[name].errors for name in names)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if "claim" in given and "kind" in given:
            try:
                given["reads"] = _read(given["kind"], given["claim"])
            except ValidationError as wrong:
                self.add_error("claim", wrong)
        if code := given.get("sku"):
            given["article"] = finding.every(Sku).filter(code=code).first()
            if given["article"] is None:
                self.add_error("sku", _("There is no article with this code."))
        if given.get("level") and given.get("role") not in GUIDE_ROLES:
            self.add_error("level", _("Only a guide has a level."))
        return given

    def term(self, number: int) -> Term:
        given = self.cleaned_data
        article = given.get("article")
        return Term(
            number,
            given["role"],
            **given["reads"],
            line_cap=given["line_cap"],
            period_cap=given["period_cap"],
            category=given["category"],
            sku=article.pk if article else None,
            channel=given["channel"],
            level=given["level"],
        )


def initial_of(term: Term, *, articles: Mapping[int, Sku]) -> dict[str, Any]:
    """A rule as its row shows it."""
    kind = "piece" if term.per_unit else term.kind
    claims = {
        "ratio": percent(term.ppm or 0),
        "tiers": ", ".join(f"{_yuan(start)}: {percent(ppm)}" for start, ppm in term.tiers),
    }
    return {
        "role": term.role,
        "kind": kind,
        "claim": claims.get(kind) or _yuan(term.fixed or 0),
        "category": term.category,
        "sku": articles[term.sku].code if term.sku else "",
        "channel": term.channel,
        "level": term.level,
        "line_cap": term.line_cap,
        "period_cap": term.period_cap,
    }


def _read(kind: str, text: str) -> dict[str, Any]:
    if kind == "ratio":
        return {"ppm": _PERCENT.clean(text.strip().rstrip("%"))}
    if kind == "tiers":
        return {"tiers": _tiers(text)}
    return {"fixed": _YUAN.clean(text), "per_unit": kind == "piece"}


def _tiers(text: str) -> tuple[tuple[int, int], ...]:
    """`0: 3, 1000: 5`: 3 % from the start, 5 % from 1,000.00 on."""
    found = []
    for part in re.split(r"[,，;；\n]", text):
        start, colon, rate = part.replace("：", ":").partition(":")
        if not colon:
            raise ValidationError(_("Write tiers as “from: percent”, such as 0: 3, 1000: 5."))
        found.append((_FROM.clean(start.strip()), _PERCENT.clean(rate.strip().rstrip("%"))))
    return tuple(found)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}".removesuffix(".00")
