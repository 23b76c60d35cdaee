"""The rules of a version as rows, and back as terms."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple

from commissions.models import PlanVersion, Rule
from commissions.splitting import Term


def terms_of(version: PlanVersion) -> list[Term]:
    return [
        Term(
            rule.number,
            rule.role,
            ppm=rule.ppm,
            fixed=rule.fixed,
            per_unit=rule.per_unit,
            tiers=tuple((start, ppm) for start, ppm in rule.tiers),
            line_cap=rule.line_cap,
            period_cap=rule.period_cap,
            category=rule.category,
            sku=rule.sku_id,
            channel=rule.channel,
            level=rule.level,
        )
        for rule in version.rules.all()
    ]


def row_of(version: PlanVersion, term: Term) -> Rule:
    return Rule(
        merchant_id=version.merchant_id,
        version=version,
        number=term.number,
        role=term.role,
        ppm=term.ppm,
        fixed=term.fixed,
        per_unit=term.per_unit,
        tiers=[list(tier) for tier in term.tiers],
        line_cap=term.line_cap,
        period_cap=term.period_cap,
        category=term.category,
        sku_id=term.sku,
        channel=term.channel,
        level=term.level,
    )


def fingerprint(rules: Sequence[Term]) -> bytes:
    """The same for the same rules, in whatever order."""
    rows = sorted(list(astuple(term)) for term in rules)
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).digest()
