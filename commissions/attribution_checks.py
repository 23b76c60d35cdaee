"""What an attribution policy may say: rules that each say one clear thing. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from commissions.attribution_rules import (
    ANYWHERE,
    BOUND,
    DATED,
    OTHER_STORE,
    SAME_STORE,
    TOUCHES,
    AttributionRule,
    as_kept,
)
from merchants.errors import DomainError
from orders.models import Order

MOST_RULES = 20
MOST_WEIGHT = 1_000
MOST_DAYS = 3_660


def check(rules: Sequence[AttributionRule]) -> None:
    """DomainError `attribution.rules_invalid`, which names the rule, where one does not say one clear thing."""
    if not 0 < len(rules) <= MOST_RULES or [rule.number for rule in rules] != [*range(1, len(rules) + 1)]:
        raise _unclear(
            None,
            _("A policy has from 1 to %(most)d rules, numbered in their order.") % {"most": MOST_RULES},
        )
    for rule in rules:
        if not _says_who(rule):
            raise _unclear(
                rule, _("A rule names at least one part in the sale, each with a weight from 1 to 1,000.")
            )
        if rule.protected and BOUND not in rule.touches:
            raise _unclear(rule, _("Only a rule that gives to the own guide can ask for the protection."))
        if rule.days is not None and not (1 <= rule.days <= MOST_DAYS and set(rule.touches) & set(DATED)):
            raise _unclear(
                rule,
                _("A number of days is for sharing, recruiting and own guides: the others are at the sale."),
            )
        if not _is_placed(rule):
            raise _unclear(
                rule, _("A rule names sales channels and where the own guide belongs as they are known.")
            )


def digest(rules: Sequence[AttributionRule]) -> str:
    """Of all that the rules say: who reads them and then decides names what was read."""
    return hashlib.sha256(json.dumps(as_kept(rules), sort_keys=True).encode()).hexdigest()[:16]


def _says_who(rule: AttributionRule) -> bool:
    return (
        0 < len(set(rule.touches)) == len(rule.takes)
        and set(rule.touches) <= set(TOUCHES)
        and all(1 <= weight <= MOST_WEIGHT for _touch, weight in rule.takes)
    )


def _is_placed(rule: AttributionRule) -> bool:
    return (
        rule.bound_at in (SAME_STORE, OTHER_STORE, ANYWHERE)
        and set(rule.channels) <= set(Order.Channel.values)
        and len(set(rule.channels)) == len(rule.channels)
    )


def _unclear(rule: AttributionRule | None, message: object) -> DomainError:
    return DomainError(
        "attribution.rules_invalid",
        message,
        next_step=_("Correct the rule and keep the draft again."),
        field="rules",
        extra={"rule": rule.number} if rule else {},
    )


def overtaken(rules: Iterable[AttributionRule]) -> dict[int, tuple[int, ...]]:
    """Rules that can never decide, by number: with the earlier ones of which one matches whenever they do, whatever
    was sold to whom. Only where that is certain; no fault, for the other rules do what they say."""
    found: dict[int, tuple[int, ...]] = {}
    earlier: list[AttributionRule] = []
    for rule in sorted(rules, key=lambda rule: rule.number):
        cases = [
            (channel, placed) for channel in rule.channels or Order.Channel.values for placed in _placed(rule)
        ]
        first = [_first(earlier, channel, placed) for channel, placed in cases]
        if None not in first:
            found[rule.number] = tuple(sorted({number for number in first if number is not None}))
        earlier.append(rule)
    return found


def _placed(rule: AttributionRule) -> list[AttributionRule]:
    """The own guide who has a part is bound somewhere: here, or at another store."""
    if rule.bound_at != ANYWHERE or BOUND not in rule.touches:
        return [rule]
    return [replace(rule, bound_at=place) for place in (SAME_STORE, OTHER_STORE)]


def _first(earlier: Iterable[AttributionRule], channel: str, rule: AttributionRule) -> int | None:
    """The first of these that matches wherever the rule does in this channel."""
    covering = (one for one in earlier if one.covers(channel) and _is_wider(one, rule))
    return next((one.number for one in covering), None)


def _is_wider(one: AttributionRule, rule: AttributionRule) -> bool:
    """Whether it asks for nothing that the rule does not ask for as well."""
    return (
        set(one.touches) <= set(rule.touches)
        and one.bound_at in (ANYWHERE, rule.bound_at)
        and (not one.protected or rule.protected)
        and (one.days is None or (rule.days is not None and rule.days <= one.days))
    )
