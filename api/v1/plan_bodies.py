"""What a plan's versions and rules look like, in and out."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.fields import Day, Instant, Money, Ref, Whole
from catalog.models import Sku
from commissions.draft_checks import digest
from commissions.models import PlanVersion, Rule
from commissions.simulation import Simulated
from commissions.splitting import Term
from merchants.errors import DomainError
from merchants.finding import every, not_found
from merchants.money import PPM
from orders.models import Order


class TierBody(serializers.Serializer):
    start = Money(help_text=_("In fen: from this total of the payee's month on"))
    ppm = Whole(min_value=0, max_value=PPM)


class RuleBody(serializers.Serializer):
    """One claim: `ppm`, `fixed` or `tiers`; none of them for the residual, which takes the rest."""

    role = serializers.ChoiceField(Rule.Role.choices)
    ppm = Whole(required=False, allow_null=True, min_value=1, max_value=PPM)
    fixed = Money(required=False, allow_null=True, min_value=1)
    per_unit = serializers.BooleanField(default=False)
    tiers = TierBody(many=True, required=False)
    line_cap = Money(required=False, allow_null=True, min_value=1)
    period_cap = Money(required=False, allow_null=True, min_value=1)
    category = serializers.CharField(default="", allow_blank=True, max_length=60)
    sku = Ref(required=False, allow_null=True, help_text=_("Id of an article of the brand"))
    channel = serializers.ChoiceField(Order.Channel.choices, required=False, allow_null=True)
    level = Whole(required=False, allow_null=True, min_value=1, max_value=32_767)


class VersionBody(serializers.Serializer):
    rules = RuleBody(many=True, help_text=_("In the order in which they claim; exactly one is the residual"))
    effective_from = Instant()
    effective_until = Instant(required=False, allow_null=True)
    basis = serializers.ChoiceField(PlanVersion.Basis.choices, default=PlanVersion.Basis.PAID)
    ceiling_ppm = Whole(default=PPM, min_value=1, max_value=PPM)
    channel = Ref(required=False, help_text=_("Id of a merchant that sells the brand: only for its stores"))
    contract = Ref(required=False, help_text=_("Id of one contract: only for it"))


class PublishBody(serializers.Serializer):
    digest = serializers.CharField(required=False, max_length=64, help_text=_("Of the draft as you read it"))


class TierAnswer(serializers.Serializer):
    start = serializers.IntegerField()
    ppm = serializers.IntegerField()


class RuleAnswer(serializers.Serializer):
    number = serializers.IntegerField()
    role = serializers.ChoiceField(Rule.Role.choices)
    ppm = serializers.IntegerField(allow_null=True)
    fixed = serializers.IntegerField(allow_null=True)
    per_unit = serializers.BooleanField()
    tiers = TierAnswer(many=True)
    line_cap = serializers.IntegerField(allow_null=True)
    period_cap = serializers.IntegerField(allow_null=True)
    category = serializers.CharField(allow_blank=True)
    sku = serializers.CharField(allow_null=True)
    channel = serializers.ChoiceField(Order.Channel.choices, allow_null=True)
    level = serializers.IntegerField(allow_null=True)


class VersionAnswer(serializers.Serializer):
    id = serializers.CharField()
    plan = serializers.CharField()
    number = serializers.IntegerField()
    channel = serializers.CharField(allow_null=True)
    contract = serializers.CharField(allow_null=True)
    basis = serializers.ChoiceField(PlanVersion.Basis.choices)
    ceiling_ppm = serializers.IntegerField()
    effective_from = Instant()
    effective_until = Instant(allow_null=True)
    published_at = Instant(allow_null=True, help_text=_("Null for a draft"))
    digest = serializers.CharField(help_text=_("Of all it says; another one once anything is changed"))
    rules = RuleAnswer(many=True)


class PeriodBody(serializers.Serializer):
    first = Day(help_text=_("A business date"))
    last = Day(help_text=_("A business date, this one included"))


class ChangeAnswer(serializers.Serializer):
    kind = serializers.ChoiceField(["guide", "store", "brand", "platform"])
    payee = serializers.CharField(allow_blank=True, help_text=_("Empty for the platform"))
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    difference = serializers.IntegerField()


class SimulationAnswer(serializers.Serializer):
    first = serializers.DateField()
    last = serializers.DateField()
    lines = serializers.IntegerField(help_text=_("Divided anew"))
    is_cut = serializers.BooleanField(help_text=_("There were more lines; only the first ones count"))
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    changes = ChangeAnswer(many=True)


def period(given: dict[str, Any]) -> dict[str, Any]:
    """`first` and `last`, in this order."""
    if given["last"] < given["first"]:
        raise DomainError(
            "period.ends_before_it_begins",
            _("The period ends before it begins."),
            next_step=_("Let “last” be the same date as “first”, or a later one."),
            field="last",
        )
    return given


def terms(rules: Sequence[dict[str, Any]]) -> list[Term]:
    """Numbered in their order; an article of another merchant is not found."""
    wanted = {rule["sku"] for rule in rules if rule.get("sku")}
    articles = dict(every(Sku).filter(ref__in=wanted).values_list("ref", "pk"))
    if wanted - set(articles):
        raise not_found(Sku, field="rules")
    return [
        Term(
            number,
            rule["role"],
            ppm=rule.get("ppm"),
            fixed=rule.get("fixed"),
            per_unit=rule["per_unit"],
            tiers=tuple((tier["start"], tier["ppm"]) for tier in rule.get("tiers", ())),
            line_cap=rule.get("line_cap"),
            period_cap=rule.get("period_cap"),
            category=rule["category"],
            sku=articles[rule["sku"]] if rule.get("sku") else None,
            channel=rule.get("channel") or "",
            level=rule.get("level"),
        )
        for number, rule in enumerate(rules, start=1)
    ]


def show_version(version: PlanVersion) -> dict[str, Any]:
    return {
        "id": version.ref,
        "plan": version.plan.ref,
        "number": version.number,
        "channel": version.channel.ref if version.channel else None,
        "contract": version.contract.ref if version.contract else None,
        "basis": version.basis,
        "ceiling_ppm": version.ceiling_ppm,
        "effective_from": version.effective_from,
        "effective_until": version.effective_until,
        "published_at": version.published_at,
        "digest": digest(version),
        "rules": [_rule(rule) for rule in version.rules.all()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    same = ("number", "role", "ppm", "fixed", "per_unit", "line_cap", "period_cap", "category", "level")
    return {name: getattr(rule, name) for name in same} | {
        "tiers": [{"start": start, "ppm": ppm} for start, ppm in rule.tiers],
        "sku": rule.sku.ref if rule.sku else None,
        "channel": rule.channel or None,
    }


def show_simulation(told: Simulated) -> dict[str, Any]:
    return {
        "first": told.first,
        "last": told.last,
        "lines": told.lines,
        "is_cut": told.is_cut,
        "before": told.before,
        "after": told.after,
        "changes": [
            {
                "kind": change.kind,
                "payee": change.ref,
                "before": change.before,
                "after": change.after,
                "difference": change.difference,
            }
            for change in told.changes
        ],
    }
