"""What an attribution policy and its dry run look like, in and out."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.fields import Instant, Whole
from commissions.attribution_checks import MOST_DAYS, MOST_RULES, MOST_WEIGHT, digest
from commissions.attribution_rules import ANYWHERE, OTHER_STORE, SAME_STORE, TOUCHES, AttributionRule
from commissions.attribution_trial import LineTried, Tried
from commissions.models import AttributionPolicy
from orders.models import Order

MOST_LINES_TOLD = 200


class TakesBody(serializers.Serializer):
    touch = serializers.ChoiceField(TOUCHES)
    weight = Whole(default=1, min_value=1, max_value=MOST_WEIGHT)


class AttributionRuleBody(serializers.Serializer):
    """Who has the guide's part, in which channels, and what has to be so. The first rule that matches decides."""

    takes = TakesBody(many=True, allow_empty=False, max_length=len(TOUCHES))
    channels = serializers.ListField(
        child=serializers.ChoiceField(Order.Channel.choices),
        default=list,
        max_length=len(Order.Channel),
        help_text=_("None: in every channel"),
    )
    bound_at = serializers.ChoiceField(
        [SAME_STORE, OTHER_STORE, ANYWHERE],
        default=ANYWHERE,
        help_text=_("Where the member's own guide is bound, seen from the store of the sale"),
    )
    protected = serializers.BooleanField(
        default=False, help_text=_("Only while the own guide is inside the protection")
    )
    days = Whole(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_DAYS,
        help_text=_("Only if the touch was less than so many days before the sale"),
    )


class PolicyBody(serializers.Serializer):
    rules = AttributionRuleBody(
        many=True, allow_empty=False, max_length=MOST_RULES, help_text=_("In their order")
    )


class PublishPolicyBody(serializers.Serializer):
    starts_at = Instant(
        required=False, allow_null=True, help_text=_("For sales paid from then on; at once if left out")
    )
    digest = serializers.CharField(required=False, max_length=64, help_text=_("Of the draft as you read it"))


class TakesAnswer(serializers.Serializer):
    touch = serializers.ChoiceField(TOUCHES)
    weight = serializers.IntegerField()


class AttributionRuleAnswer(serializers.Serializer):
    number = serializers.IntegerField()
    takes = TakesAnswer(many=True)
    channels = serializers.ListField(child=serializers.CharField())
    bound_at = serializers.ChoiceField([SAME_STORE, OTHER_STORE, ANYWHERE])
    protected = serializers.BooleanField()
    days = serializers.IntegerField(allow_null=True)


class PolicyAnswer(serializers.Serializer):
    id = serializers.CharField()
    number = serializers.IntegerField()
    effective_from = Instant(allow_null=True)
    effective_until = Instant(allow_null=True)
    published_at = Instant(allow_null=True, help_text=_("Null for a draft"))
    digest = serializers.CharField(help_text=_("Of all its rules; another one once anything is changed"))
    rules = AttributionRuleAnswer(many=True)


class GuideTriedAnswer(serializers.Serializer):
    guide = serializers.CharField(allow_null=True, help_text=_("Null: nobody has the part"))
    lines_before = serializers.IntegerField()
    lines_after = serializers.IntegerField()
    before = serializers.IntegerField()
    after = serializers.IntegerField()


class HeldAnswer(serializers.Serializer):
    name = serializers.CharField(allow_blank=True)
    amount = serializers.IntegerField()
    reason = serializers.CharField()


class LineTriedAnswer(serializers.Serializer):
    order = serializers.CharField()
    line = serializers.IntegerField()
    paid_at = Instant()
    before = HeldAnswer(many=True)
    after = HeldAnswer(many=True)


class TrialAnswer(serializers.Serializer):
    first = serializers.DateField()
    last = serializers.DateField()
    lines = serializers.IntegerField(help_text=_("With a guide's part, attributed anew"))
    is_cut = serializers.BooleanField(help_text=_("There were more lines; only the first ones count"))
    lines_changed = serializers.IntegerField()
    guides = GuideTriedAnswer(many=True)
    changed = LineTriedAnswer(many=True, help_text=_("The first of them"))


def rules_of(given: Sequence[dict[str, Any]]) -> list[AttributionRule]:
    """Numbered in their order."""
    return [
        AttributionRule(
            number,
            tuple((part["touch"], part["weight"]) for part in rule["takes"]),
            channels=tuple(rule["channels"]),
            bound_at=rule["bound_at"],
            protected=rule["protected"],
            days=rule.get("days"),
        )
        for number, rule in enumerate(given, start=1)
    ]


def show_policy(policy: AttributionPolicy) -> dict[str, Any]:
    rules = policy.said.rules
    return {
        "id": policy.ref,
        "number": policy.number,
        "effective_from": policy.effective_from,
        "effective_until": policy.effective_until,
        "published_at": policy.published_at,
        "digest": digest(rules),
        "rules": [
            {
                "number": rule.number,
                "takes": [{"touch": touch, "weight": weight} for touch, weight in rule.takes],
                "channels": list(rule.channels),
                "bound_at": rule.bound_at,
                "protected": rule.protected,
                "days": rule.days,
            }
            for rule in rules
        ],
    }


def show_trial(told: Tried) -> dict[str, Any]:
    return {
        "first": told.first,
        "last": told.last,
        "lines": told.lines,
        "is_cut": told.is_cut,
        "lines_changed": len(told.changed),
        "guides": [
            {
                "guide": one.ref or None,
                "lines_before": one.lines_before,
                "lines_after": one.lines_after,
                "before": one.before,
                "after": one.after,
            }
            for one in told.guides
        ],
        "changed": [_line(line) for line in told.changed[:MOST_LINES_TOLD]],
    }


def _line(line: LineTried) -> dict[str, Any]:
    held = {"before": line.before, "after": line.after}
    return {"order": line.order_ref, "line": line.line, "paid_at": line.at} | {
        when: [{"name": one.name, "amount": one.amount, "reason": one.reason} for one in parts]
        for when, parts in held.items()
    }
