"""Which version of a plan takes the place of which: of one plan and scope, one after the other."""

from datetime import datetime

from django.db.models import Q, QuerySet

from commissions.models import PlanVersion
from orders.receipts import CLOCKS_DIFFER


def beside(version: PlanVersion) -> QuerySet[PlanVersion]:
    """The published versions of the same plan and scope. Inside its merchant's scope, as all of these."""
    of_plan = PlanVersion.objects.filter(plan=version.plan, published_at__isnull=False)
    return of_plan.filter(channel=version.channel, contract=version.contract)


def ended_by_publishing(draft: PlanVersion) -> QuerySet[PlanVersion]:
    """The open version, if there is one, that ends where the draft begins."""
    return beside(draft).filter(effective_until=None, effective_from__lt=draft.effective_from)


def resumed_by_recalling(version: PlanVersion) -> QuerySet[PlanVersion]:
    """The version, if there is one, that was ended by this one and goes on without it, up to `heir_of`."""
    return beside(version).filter(ended_by=version)


def heir_of(version: PlanVersion) -> PlanVersion | None:
    later = beside(version).filter(effective_from__gt=version.effective_from)
    return later.order_by("effective_from").first()


def reaches_back(draft: PlanVersion, *, at: datetime) -> bool:
    """Did any version of the plan hold between the draft's beginning and `at`, of whatever scope? A narrower one would
    reach back over what a wider one split."""
    since = draft.effective_from
    held = PlanVersion.objects.filter(plan=draft.plan, published_at__isnull=False, effective_from__lt=at)
    return since < at and held.filter(Q(effective_until=None) | Q(effective_until__gt=since)).exists()


def is_recallable(version: PlanVersion, *, at: datetime) -> bool:
    """Until ten minutes before its beginning: a till's clock may run ahead."""
    return version.effective_from > at + CLOCKS_DIFFER
