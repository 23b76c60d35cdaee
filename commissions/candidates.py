"""Who stood by a sale, for its guide's roles: the order's touches, and where a plan asks for it, the levels of its
guides and who managed the store. Inside the scope of the seller, whose guides they are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from commissions.attribution import MANAGER, Candidate
from commissions.models import PlanVersion, Rule
from commissions.plans import terms_of
from guides.models import Assignment, Guide
from merchants.models import Appointment
from merchants.roles import Role
from stores.models import Store


class Touching(Protocol):
    """A touch of an order, or one that an estimate thinks of."""

    kind: str
    guide_id: int
    store_id: int
    protected: bool
    weight: int
    at: datetime | None
    guide: Guide


class Posts:
    """Levels and managers of a batch of sales: read at once, and only what some rule asks for."""

    def __init__(
        self, versions: Iterable[PlanVersion], *, stores: Collection[Store], guides: Collection[int]
    ) -> None:
        terms = [term for version in versions for term in terms_of(version)]
        self.managers = _managers(stores) if any(term.role == Rule.Role.MANAGER for term in terms) else {}
        everyone = {*guides, *(guide.pk for group in self.managers.values() for _post, guide in group)}
        self.levels = _levels(everyone) if any(term.level is not None for term in terms) else {}

    def candidates(
        self, touches: Iterable[Touching], *, store: Store, at: datetime
    ) -> tuple[list[Candidate], dict[int, Guide]]:
        """The candidates for a sale at `at`, managers the longest appointed first; and the guides by id."""
        found, guides = [], {}
        for touch in touches:
            guides[touch.guide_id] = touch.guide
            level = self._level(touch.guide_id, at)
            found.append(
                Candidate(
                    touch.kind,
                    touch.guide_id,
                    touch.store_id,
                    touch.protected,
                    level,
                    touch.weight,
                    at - touch.at if touch.at else timedelta(),
                )
            )
        for post, guide in self.managers.get(store.org_unit_id, []):
            if post.starts_at <= at and (post.ends_at is None or at < post.ends_at):
                guides[guide.pk] = guide
                found.append(Candidate(MANAGER, guide.pk, store.pk, level=self._level(guide.pk, at)))
        return found, guides

    def _level(self, guide_id: int, at: datetime) -> int | None:
        for post in self.levels.get(guide_id, []):
            if post.starts_at <= at and (post.ends_at is None or at < post.ends_at):
                return post.level
        return None


def _managers(stores: Collection[Store]) -> Mapping[int, list[tuple[Appointment, Guide]]]:
    """Org unit → its managers who are guides of the merchant, and so have a purse, the longest appointed first."""
    units = {store.org_unit_id for store in stores}
    appointed = Appointment.objects.filter(role=Role.STORE_MANAGER, org_unit__in=units)
    posts = list(appointed.order_by("starts_at", "id"))
    rows = Guide.objects.filter(user__in={post.user_id for post in posts}).select_related("merchant", "user")
    guides = {guide.user_id: guide for guide in rows}
    found: dict[int, list[tuple[Appointment, Guide]]] = defaultdict(list)
    for post in posts:
        if post.user_id in guides:
            found[post.org_unit_id].append((post, guides[post.user_id]))
    return found


def _levels(guides: Collection[int]) -> Mapping[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    for post in Assignment.objects.filter(guide__in=guides):
        found[post.guide_id].append(post)
    return found
