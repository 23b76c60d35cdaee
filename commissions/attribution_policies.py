"""A merchant publishes who earns the guide's part of sales under its plans. What was published stands; which version
counts for a sale is decided by when it was paid.

Locks: the merchant's row, then the policy's (docs/adr/0006).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.attribution_checks import check, digest
from commissions.attribution_rules import DEFAULT, AttributionRule, Policy, as_kept, as_read
from commissions.models import AttributionPolicy, PlanVersion, Rule
from events.record import Actor, record
from merchants.errors import Conflict, DomainError
from merchants.models import Brand, Merchant
from merchants.refusing import refusing
from merchants.scoping import acting_for
from orders.receipts import CLOCKS_DIFFER

Policies = Mapping[int, Sequence[AttributionPolicy]]  # a merchant's published ones, by its id


def draft(*, merchant: Merchant, rules: Sequence[AttributionRule], by: Actor) -> AttributionPolicy:
    """Save the next version; nothing is attributed by it before it is published. DomainError
    `attribution.rules_invalid`."""
    check(rules)
    with acting_for(merchant), transaction.atomic():
        _hold(merchant)
        newest = AttributionPolicy.objects.aggregate(Max("number"))["number__max"] or 0
        policy = AttributionPolicy.objects.create(merchant=merchant, number=newest + 1, rules=as_kept(rules))
        _tell("attribution.drafted", policy, by=by)
    return policy


def revise(
    policy: AttributionPolicy, *, rules: Sequence[AttributionRule], by: Actor, read: str | None = None
) -> AttributionPolicy:
    """Write a draft anew. Refuses as `draft` does; Conflict `attribution.stands`, and `attribution.changed` if it says
    something else by now than when it was `read` (the `attribution_checks.digest` of its rules)."""
    check(rules)
    with acting_for(policy.merchant), transaction.atomic():
        policy = _unpublished(policy, read)
        policy.rules = as_kept(rules)
        policy.save(update_fields=["rules"])
        _tell("attribution.revised", policy, by=by)
    return policy


def discard(policy: AttributionPolicy, *, by: Actor) -> None:
    """Throw a draft away. Conflict `attribution.stands`."""
    with acting_for(policy.merchant), transaction.atomic():
        policy = _unpublished(policy, None)
        _tell("attribution.discarded", policy, by=by)
        policy.delete()


def publish(
    policy: AttributionPolicy,
    *,
    by: Actor,
    starts_at: datetime | None = None,
    read: str | None = None,
    at: datetime | None = None,
) -> AttributionPolicy:
    """For sales paid from `starts_at` (now) on the draft counts, and never changes again; it ends its predecessor.

    Conflict `attribution.stands`, `attribution.changed` as `revise`; DomainError `attribution.begins_in_the_past`;
    Conflict `attribution.overlaps` where it begins before a version that was published for later.
    """
    at = at or timezone.now()
    starts_at = starts_at or at
    if starts_at < at:
        raise DomainError(
            "attribution.begins_in_the_past",
            _("Sales of that time may be split already, and what was split stands."),
            next_step=_("Let it begin now or later."),
            field="starts_at",
        )
    with acting_for(policy.merchant), transaction.atomic():
        policy = _unpublished(policy, read)
        check(as_read(policy.rules))
        open_ = AttributionPolicy.objects.filter(published_at__isnull=False, effective_until=None)
        open_.filter(effective_from__lt=starts_at).update(effective_until=starts_at)
        policy.effective_from, policy.published_at = starts_at, at
        with refusing("attribution_policy_never_overlaps", _overlaps()):
            policy.save(update_fields=["effective_from", "published_at"])
        _tell("attribution.published", policy, by=by, at=at)
    return policy


def recall(policy: AttributionPolicy, *, by: Actor, at: datetime | None = None) -> AttributionPolicy:
    """A published version that has not begun becomes a draft again, and what held before it goes on. Conflict
    `attribution.begun` from ten minutes before its beginning on: a till's clock may run ahead."""
    at = at or timezone.now()
    with acting_for(policy.merchant), transaction.atomic():
        policy = _locked(policy, published_at__isnull=False)
        begins, ends = policy.effective_from, policy.effective_until
        if not is_recallable(policy, at=at):
            raise Conflict(
                "attribution.begun",
                _("This policy has begun, or is about to; it is not recalled any more."),
                next_step=_("Publish a new one that begins when the rules are to change."),
            )
        policy.published_at = policy.effective_from = policy.effective_until = None
        policy.save(update_fields=["published_at", "effective_from", "effective_until"])
        AttributionPolicy.objects.filter(effective_until=begins).update(effective_until=ends)
        _tell("attribution.recalled", policy, by=by, at=at)
    return policy


def is_recallable(policy: AttributionPolicy, *, at: datetime) -> bool:
    return policy.effective_from is not None and policy.effective_from > at + CLOCKS_DIFFER


def published_by(merchant: Merchant) -> list[AttributionPolicy]:
    """Every published version, newest first."""
    with acting_for(merchant):
        rows = AttributionPolicy.objects.filter(published_at__isnull=False)
        return list(rows.order_by("-effective_from"))


def drafts_of(merchant: Merchant) -> list[AttributionPolicy]:
    with acting_for(merchant):
        return list(AttributionPolicy.objects.filter(published_at=None).order_by("-number"))


def policies_of(merchants: Iterable[Merchant]) -> dict[int, list[AttributionPolicy]]:
    """What each of them has published, by its id."""
    return {merchant.pk: published_by(merchant) for merchant in {m.pk: m for m in merchants}.values()}


def policies_for(
    brands: Iterable[Brand], versions: Mapping[int, Sequence[PlanVersion]]
) -> dict[int, list[AttributionPolicy]]:
    """Of those brands' owners whose plans, by brand and with their rules, give anything to the guide."""
    roles = {pk: {rule.role for v in found for rule in v.rules.all()} for pk, found in versions.items()}
    return policies_of(brand.merchant for brand in brands if Rule.Role.GUIDE in roles[brand.pk])


def holding(policies: Iterable[AttributionPolicy], *, at: datetime) -> AttributionPolicy | None:
    """Which of one merchant's published versions holds at `at`; None where the default does."""
    for policy in policies:
        begins, ends = policy.effective_from, policy.effective_until
        if begins is not None and begins <= at and (ends is None or at < ends):
            return policy
    return None


def in_force(policies: Iterable[AttributionPolicy], *, at: datetime) -> Policy:
    """What counts for a sale paid at `at`."""
    policy = holding(policies, at=at)
    return policy.said if policy else DEFAULT


def _hold(merchant: Merchant) -> None:
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


def _unpublished(policy: AttributionPolicy, read: str | None) -> AttributionPolicy:
    now = _locked(policy, published_at=None)
    if read is not None and read != digest(as_read(now.rules)):
        raise Conflict(
            "attribution.changed",
            _("This draft was changed after it was read; nothing was done."),
            next_step=_("Read it as it stands now, and decide again."),
            field="digest",
        )
    return now


def _locked(policy: AttributionPolicy, **as_it_was: object) -> AttributionPolicy:
    """The policy as it stands, and nobody else's until the transaction ends."""
    _hold(policy.merchant)
    rows = AttributionPolicy.objects.select_for_update(of=("self",)).select_related("merchant")
    now = rows.filter(pk=policy.pk, **as_it_was).first()
    if now is None:
        raise Conflict(
            "attribution.stands",
            _("Meanwhile this policy was published, recalled or thrown away; nothing was changed."),
            next_step=_("Load the page again to see how it stands."),
        )
    return now


def _tell(kind: str, policy: AttributionPolicy, *, by: Actor, at: datetime | None = None) -> None:
    begins = policy.effective_from
    record(
        kind,
        merchant_id=policy.merchant_id,
        subject=policy.ref,
        payload={"policy": policy.ref, "number": policy.number}
        | ({"effective_from": begins.isoformat()} if begins else {}),
        concerns=[],
        by=by,
        at=at,
    )


def _overlaps() -> Conflict:
    return Conflict(
        "attribution.overlaps",
        _("A policy that begins later is published already."),
        next_step=_("Let this one begin after that one; it then takes its place."),
        field="starts_at",
    )
