"""Attribution policies of the tests, in one line each."""

from datetime import datetime

from commissions import attribution_policies as policies
from commissions.attribution_rules import AttributionRule
from commissions.models import AttributionPolicy
from merchants.models import Merchant
from tests.people import LONG_AGO, ONBOARDING


def rule(number: int, *takes: str | tuple[str, int], **more) -> AttributionRule:
    """`rule(1, ("bound", 60), ("serving", 40))`; a touch without a weight has 1."""
    return AttributionRule(number, tuple((t, 1) if isinstance(t, str) else t for t in takes), **more)


def drafted(merchant: Merchant, *rules: AttributionRule) -> AttributionPolicy:
    return policies.draft(merchant=merchant, rules=rules, by=ONBOARDING)


def published(merchant: Merchant, *rules: AttributionRule, at: datetime = LONG_AGO) -> AttributionPolicy:
    return policies.publish(drafted(merchant, *rules), by=ONBOARDING, at=at)
