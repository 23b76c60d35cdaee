"""A brand publishes how its sales are split; what was published stands, and the narrowest version holds."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Sku
from commissions.checking import check
from commissions.models import Plan, PlanVersion, Rule
from commissions.splitting import Term
from events.record import Actor, record
from merchants.errors import Conflict, DomainError
from merchants.models import Brand, Merchant
from merchants.money import PPM
from merchants.refusing import refusing
from merchants.scoping import acting_for
from stores.models import Contract

GRACE = timedelta(days=1)


def publish(
    *,
    brand: Brand,
    mode: str,
    rules: Sequence[Term],
    effective_from: datetime,
    by: Actor,
    scope: Merchant | Contract | None = None,
    basis: str = PlanVersion.Basis.PAID,
    ceiling_ppm: int = PPM,
    effective_until: datetime | None = None,
    at: datetime | None = None,
) -> PlanVersion:
    """Publish the next version of the brand's plan for contracts of `mode`; it ends its predecessor.

    `scope` is a contract, a channel merchant, or None for all of the brand's contracts of that mode; `rules` as
    `Term` says, exactly one of role residual. DomainError `plan.rules_invalid`, `plan.over_ceiling`,
    `plan.wrong_mode`; Conflict `plan.overlaps` if it begins before `at` (now) where a version of the plan held,
    of whatever scope: what has been split by that one stands.
    """
    at = at or timezone.now()
    check(rules, ceiling_ppm=ceiling_ppm)
    contract = scope if isinstance(scope, Contract) else None
    channel = scope if isinstance(scope, Merchant) else None
    _check_contract(contract, brand, mode)
    with acting_for(brand.merchant), transaction.atomic():
        Plan.objects.bulk_create(
            [Plan(merchant=brand.merchant, brand=brand, mode=mode)], ignore_conflicts=True
        )
        _check_skus(rules, brand)
        plan = Plan.objects.select_for_update(no_key=True).get(brand=brand, mode=mode)
        if _held(plan, since=effective_from, until=at):
            raise _overlaps()
        _end_predecessor(plan, channel, contract, effective_from)
        newest = PlanVersion.objects.filter(plan=plan).order_by("-number").first()
        version = PlanVersion(
            merchant=brand.merchant,
            plan=plan,
            channel=channel,
            contract=contract,
            number=newest.number + 1 if newest else 1,
            basis=basis,
            ceiling_ppm=ceiling_ppm,
            effective_from=effective_from,
            effective_until=effective_until,
            rules_sha256=_fingerprint(rules),
        )
        version.save(force_insert=True)
        Rule.objects.bulk_create(_rule(version, term) for term in rules)
        version.published_at = at
        with refusing("plan_version_never_overlaps", _overlaps()):
            version.save(update_fields=["published_at"])
        record(
            "plan.published",
            merchant_id=brand.merchant_id,
            subject=version.ref,
            payload={"plan": plan.ref, "brand": brand.ref, "mode": str(mode), "number": version.number},
            concerns=[],
            by=by,
            at=at,
        )
    return version


def versions_of(brand: Brand) -> list[PlanVersion]:
    """Every published version of the brand with its plan and rules, newest first."""
    with acting_for(brand.merchant):
        return list(
            PlanVersion.objects.filter(plan__brand=brand, published_at__isnull=False)
            .select_related("plan", "channel", "contract")
            .prefetch_related("rules")
            .order_by("-effective_from", "-number")
        )


def narrowest(versions: Iterable[PlanVersion], *, contract: Contract, at: datetime) -> PlanVersion | None:
    """Which of a brand's published versions holds for a sale paid at `at` under the contract: its own, else its
    channel merchant's, else the brand's."""
    holding = [
        version
        for version in versions
        if version.plan.mode == contract.mode
        and version.effective_from <= at
        and (version.effective_until is None or at < version.effective_until)
    ]
    for contract_id, channel_id in ((contract.id, None), (None, contract.counterparty_id), (None, None)):
        for version in holding:
            if (version.contract_id, version.channel_id) == (contract_id, channel_id):
                return version
    return None


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


def counted_roles(versions: Iterable[PlanVersion], *, plan_id: int, period: date) -> frozenset[str]:
    """The roles whose payees' totals of the month a version of the plan looks at. One version is enough: what the
    others of that month give counts in the same total. A day's grace each side, for other zones and cut-offs."""
    first = datetime.combine(period, time(), UTC) - GRACE
    after = datetime.combine(period + timedelta(days=31), time(), UTC) + GRACE
    return frozenset(
        term.role
        for version in versions
        if version.plan_id == plan_id
        and version.effective_from < after
        and (version.effective_until is None or version.effective_until > first)
        for term in terms_of(version)
        if term.counts
    )


def _check_contract(contract: Contract | None, brand: Brand, mode: str) -> None:
    if contract and (contract.brand_id != brand.id or contract.mode != mode):
        raise DomainError(
            "plan.wrong_mode",
            _("A plan is for contracts of its own brand and mode."),
            next_step=_("Choose a contract of this brand and mode."),
            field="scope",
        )


def _check_skus(rules: Sequence[Term], brand: Brand) -> None:
    wanted = {term.sku for term in rules if term.sku is not None}
    if wanted and Sku.objects.filter(pk__in=wanted, product__brand=brand).count() != len(wanted):
        raise DomainError(
            "plan.sku_unknown",
            _("A rule names an article that is not of this brand."),
            next_step=_("Choose articles of this brand."),
            field="rules",
        )


def _held(plan: Plan, *, since: datetime, until: datetime) -> bool:
    """Did any version hold in [since, until)? A narrower one would reach back over what a wider one split."""
    held = PlanVersion.objects.filter(plan=plan, published_at__isnull=False, effective_from__lt=until)
    return since < until and held.filter(Q(effective_until=None) | Q(effective_until__gt=since)).exists()


def _end_predecessor(
    plan: Plan, channel: Merchant | None, contract: Contract | None, begins: datetime
) -> None:
    """Close the open version of the same scope."""
    PlanVersion.objects.filter(
        plan=plan,
        channel=channel,
        contract=contract,
        published_at__isnull=False,
        effective_until=None,
        effective_from__lt=begins,
    ).update(effective_until=begins)


def _overlaps() -> Conflict:
    return Conflict(
        "plan.overlaps",
        _("Another published version of this plan holds over part of that time."),
        next_step=_("Let the new version begin later; what was split by the other one stands."),
        field="effective_from",
    )


def _rule(version: PlanVersion, term: Term) -> Rule:
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


def _fingerprint(rules: Sequence[Term]) -> bytes:
    rows = sorted(list(astuple(term)) for term in rules)
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).digest()
