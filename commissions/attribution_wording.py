"""An attribution policy's rules as sentences that whoever is paid by them can read. Codes in, words out."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions.attribution_rules import (
    BOUND,
    OTHER_STORE,
    RECRUITING,
    SAME_STORE,
    SHARING,
    AttributionRule,
)
from commissions.checking import percent
from commissions.models import Rule
from merchants.money import PPM, allot
from orders.models import Order


def rule_in_words(rule: AttributionRule) -> str:
    """“Cloud store: Sharing guide takes all, less than 14 days after the link was opened”."""
    told = _who(rule)
    for clause in [*_place(rule), *_windows(rule)]:
        # Translators: two clauses of one sentence, one after the other.
        told = _("%(told)s, %(clause)s") % {"told": told, "clause": clause}
    # Translators: in which sales channels, and who has the guide's part there.
    return _("%(channels)s: %(told)s") % {"channels": _channels(rule), "told": told}


def overtaken_in_words(earlier: Sequence[int]) -> str:
    """Of a rule that can never decide; the numbers of those that match before it."""
    told = _listed([str(number) for number in earlier])
    return ngettext(
        "Rule %(numbers)s always matches before it: move it up, or remove it.",
        "One of the rules %(numbers)s always matches before it: move it up, or remove it.",
        len(earlier),
    ) % {"numbers": told}


def _channels(rule: AttributionRule) -> str:
    if not rule.channels:
        return _("Every channel")
    return _listed([str(Order.Channel(channel).label) for channel in rule.channels])


def _who(rule: AttributionRule) -> str:
    if len(rule.takes) == 1:
        return _("%(who)s takes all") % {"who": _called(rule.takes[0][0])}
    rates = allot(PPM, [weight for _touch, weight in rule.takes])
    parts = [
        _("%(who)s %(rate)s%%") % {"who": _called(touch), "rate": percent(rate)}
        for (touch, _weight), rate in zip(rule.takes, rates, strict=True)
    ]
    return _("%(parts)s where each of them is there") % {"parts": _listed(parts)}


def _called(touch: str) -> str:
    return str(Rule.Role(touch).label)


def _place(rule: AttributionRule) -> list[str]:
    alone = rule.touches == (BOUND,)
    if rule.bound_at == SAME_STORE:
        if alone:
            return [_("bound at the store of the sale")]
        return [_("if the own guide is bound at the store of the sale")]
    if rule.bound_at == OTHER_STORE:
        if alone:
            return [_("bound at another store")]
        return [_("if the own guide is bound at another store")]
    return []


def _windows(rule: AttributionRule) -> list[str]:
    told = [_("inside the protection period")] if rule.protected else []
    if rule.days is None:
        return told
    days = ngettext("%(n)d day", "%(n)d days", rule.days) % {"n": rule.days}
    after = {
        SHARING: _("less than %(days)s after the link was opened"),
        RECRUITING: _("less than %(days)s after the member was recruited"),
        BOUND: _("less than %(days)s after the guide was bound"),
    }
    return told + [after[touch] % {"days": days} for touch in rule.touches if touch in after]


def _listed(parts: list[str]) -> str:
    told = parts[0]
    for part in parts[1:]:
        told = _("%(one)s, %(another)s") % {"one": told, "another": part}
    return told
