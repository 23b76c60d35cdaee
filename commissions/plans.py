"""A brand publishes how its sales are split; what was published stands, and the narrowest version holds."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions import draft_checks, succession
from commissions.checking import check
from commissions.models import Plan, PlanVersion, Rule
from commissions.rule_rows import fingerprint, row_of, terms_of
from commissions.splitting import Term
from events.record import Actor, record
from merchants.errors import Conflict
from merchants.models import Brand, Merchant
from merchants.money import PPM
from merchants.refusing import refusing
from merchants.scoping import acting_for
from stores.models import Contract

GRACE = timedelta(days=1)


def plan_for(*, brand: Brand, mode: str, by: Actor) -> tuple[Plan, bool]:
    """The brand's one plan for contracts of that mode, and whether it is new. It says nothing before a version is
    published."""
    with acting_for(brand.merchant), transaction.atomic():
        plan, is_new = Plan.objects.get_or_create(merchant=brand.merchant, brand=brand, mode=mode)
        if is_new:
            record(
                "plan.opened",
                merchant_id=brand.merchant_id,
                subject=plan.ref,
                payload={"plan": plan.ref, "brand": brand.ref, "mode": str(mode)},
                concerns=[],
                by=by,
            )
    return plan, is_new


def draft(
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
) -> PlanVersion:
    """Save the next version of the brand's plan for contracts of `mode`; nothing is split by it before it is published.

    `scope` is a contract, a channel merchant, or None for all of the brand's contracts of that mode; `rules` as
    `Term` says, exactly one of role residual. DomainError `plan.rules_invalid`, `plan.over_ceiling`,
    `plan.wrong_mode`, `plan.sku_unknown`, `plan.ends_before_start`.
    """
    check(rules, ceiling_ppm=ceiling_ppm)
    draft_checks.ends_later(effective_from, effective_until)
    contract = scope if isinstance(scope, Contract) else None
    draft_checks.fits_mode(contract, brand, mode)
    with acting_for(brand.merchant), transaction.atomic():
        draft_checks.of_brand(rules, brand)
        plan, _is_new = plan_for(brand=brand, mode=mode, by=by)
        plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        newest = PlanVersion.objects.filter(plan=plan).order_by("-number").first()
        version = PlanVersion(
            merchant=brand.merchant,
            plan=plan,
            channel=scope if isinstance(scope, Merchant) else None,
            contract=contract,
            number=newest.number + 1 if newest else 1,
            basis=basis,
            ceiling_ppm=ceiling_ppm,
            effective_from=effective_from,
            effective_until=effective_until,
            rules_sha256=fingerprint(rules),
        )
        version.save(force_insert=True)
        Rule.objects.bulk_create(row_of(version, term) for term in rules)
        _tell("plan.drafted", version, by=by)
    return version


def revise(
    version: PlanVersion,
    *,
    rules: Sequence[Term],
    effective_from: datetime,
    by: Actor,
    basis: str = PlanVersion.Basis.PAID,
    ceiling_ppm: int = PPM,
    read: str | None = None,
) -> PlanVersion:
    """Write a draft anew; whose contracts it is for stays. Refuses as `draft` does; Conflict `plan.stands`, and
    `plan.changed` if it says something else by now than when it was `read` (its `draft_checks.digest`)."""
    check(rules, ceiling_ppm=ceiling_ppm)
    with acting_for(version.merchant), transaction.atomic():
        version = _unpublished(version)
        draft_checks.is_the_one_read(version, read)
        draft_checks.ends_later(effective_from, version.effective_until)
        draft_checks.of_brand(rules, version.plan.brand)
        version.basis, version.ceiling_ppm, version.effective_from = basis, ceiling_ppm, effective_from
        version.rules_sha256 = fingerprint(rules)
        version.save(update_fields=["basis", "ceiling_ppm", "effective_from", "rules_sha256"])
        version.rules.all().delete()
        Rule.objects.bulk_create(row_of(version, term) for term in rules)
        _tell("plan.revised", version, by=by)
    return version


def discard(version: PlanVersion, *, by: Actor) -> None:
    """Throw a draft away; what it said stands in no book. Conflict `plan.stands`."""
    with acting_for(version.merchant), transaction.atomic():
        version = _unpublished(version)
        _tell("plan.discarded", version, by=by)
        version.rules.all().delete()
        version.delete()


def publish_draft(
    version: PlanVersion, *, by: Actor, read: str | None = None, at: datetime | None = None
) -> PlanVersion:
    """From its beginning on the draft holds, and never changes again; it ends its predecessor.

    Conflict `plan.stands`, `plan.changed` as `revise`, and `plan.overlaps` if it begins before `at` (now) where a
    version of the plan held, of whatever scope: what has been split by that one stands.
    """
    at = at or timezone.now()
    with acting_for(version.merchant), transaction.atomic():
        version = _unpublished(version)
        draft_checks.is_the_one_read(version, read)
        check(terms_of(version), ceiling_ppm=version.ceiling_ppm)
        if succession.reaches_back(version, at=at):
            raise _overlaps()
        succession.ended_by_publishing(version).update(
            effective_until=version.effective_from, ended_by=version
        )
        version.published_at = at
        with refusing("plan_version_never_overlaps", _overlaps()):
            version.save(update_fields=["published_at"])
        _tell("plan.published", version, by=by, at=at)
    return version


def recall(version: PlanVersion, *, by: Actor, at: datetime | None = None) -> PlanVersion:
    """A published version that has not begun becomes a draft again, and whom it ended goes on. Conflict `plan.begun`
    from ten minutes before its beginning on: a till's clock may run ahead."""
    at = at or timezone.now()
    with acting_for(version.merchant), transaction.atomic():
        version = _locked(version, published_at__isnull=False)
        if not succession.is_recallable(version, at=at):
            raise Conflict(
                "plan.begun",
                _("This version has begun, or is about to; it is not recalled any more."),
                next_step=_("Publish a new version that begins when the terms are to change."),
            )
        version.published_at = None
        if version.ended_by:
            version.effective_until, version.ended_by = None, None
        version.save(update_fields=["published_at", "effective_until", "ended_by"])
        heir = succession.heir_of(version)
        succession.resumed_by_recalling(version).update(
            effective_until=heir and heir.effective_from, ended_by=heir
        )
        _tell("plan.recalled", version, by=by, at=at)
    return version


@transaction.atomic
def publish(*, by: Actor, at: datetime | None = None, **terms: Any) -> PlanVersion:
    """`draft` and `publish_draft` in one: takes what the one takes, refuses what either does."""
    return publish_draft(draft(by=by, **terms), by=by, at=at)


def versions_of(brand: Brand) -> list[PlanVersion]:
    """Every published version of the brand with its plan and rules, newest first."""
    with acting_for(brand.merchant):
        return list(
            PlanVersion.objects.filter(plan__brand=brand, published_at__isnull=False)
            .select_related("plan__brand", "channel", "contract__store", "contract__counterparty")
            .prefetch_related("rules")
            .order_by("-effective_from", "-number")
        )


def drafts_of(brand: Brand) -> list[PlanVersion]:
    """The brand's versions that are not published, newest first."""
    with acting_for(brand.merchant):
        return list(
            PlanVersion.objects.filter(plan__brand=brand, published_at=None)
            .select_related("plan__brand", "channel", "contract__store", "contract__counterparty")
            .prefetch_related("rules")
            .order_by("-number")
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


def _unpublished(version: PlanVersion) -> PlanVersion:
    return _locked(version, published_at=None)


def _locked(version: PlanVersion, **as_it_was: object) -> PlanVersion:
    """The version as it stands, and nobody else's until the transaction ends. Locks: the plan, then the version."""
    Plan.objects.select_for_update(no_key=True).get(pk=version.plan_id)
    rows = PlanVersion.objects.select_for_update(of=("self",)).select_related(
        "plan__brand", "merchant", "channel", "contract", "ended_by"
    )
    now = rows.filter(pk=version.pk, **as_it_was).first()
    if now is None:
        raise Conflict(
            "plan.stands",
            _("Meanwhile this version was published, recalled or thrown away; nothing was changed."),
            next_step=_("Load the page again to see how it stands."),
        )
    return now


def _tell(kind: str, version: PlanVersion, *, by: Actor, at: datetime | None = None) -> None:
    plan = version.plan
    record(
        kind,
        merchant_id=version.merchant_id,
        subject=version.ref,
        payload={
            "plan": plan.ref,
            "brand": plan.brand.ref,
            "mode": str(plan.mode),
            "number": version.number,
        },
        concerns=[],
        by=by,
        at=at,
    )


def _overlaps() -> Conflict:
    return Conflict(
        "plan.overlaps",
        _("Another published version of this plan holds over part of that time."),
        next_step=_("Let the new version begin later; what was split by the other one stands."),
        field="effective_from",
    )
