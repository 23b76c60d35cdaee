"""Which guides had a part in sales, and where each stood then."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from events.compiled import compiled
from guides.models import Assignment, Guide
from members.models import Binding, Member
from merchants.errors import DomainError
from orders.facts import OrderFacts
from orders.models import Order, Touch
from orders.receipts import CLOCKS_DIFFER

TOLD = frozenset(Touch.Kind.values) - {Touch.Kind.BOUND}  # the kinds that a channel may tell of


class Guides:
    """Who is named by a batch of sales, where they stood, and who is bound to its members: read at once, inside the
    seller's scope."""

    def __init__(self, sales: Collection[OrderFacts], members: Collection[Member]) -> None:
        first, last = min(sale.paid_at for sale in sales), max(sale.paid_at for sale in sales)
        names = {name for sale in sales for _kind, name, _weight in _named(sale.touches)}
        rows = _guides_of(names=names) if names else ()
        self.known = {key: guide for guide in rows for key in (guide.ref, guide.code)}
        self._posts: dict[int, list[Assignment]] = defaultdict(list)
        for post in _posts(guides=set(self.known.values()), last=last) if self.known else ():
            self._posts[post.guide_id].append(post)
        self._bindings: dict[int, list[Binding]] = defaultdict(list)
        for binding in _bound(members=list(members), first=first, last=last) if members else ():
            self._bindings[binding.member_id].append(binding)

    def store_of(self, guide_id: int, at: datetime) -> int | None:
        """Where the guide stood at that instant."""
        stood = [post.store_id for post in self._posts.get(guide_id, ()) if _held(post, at)]
        return stood[-1] if stood else None

    def binding_of(self, member: Member | None, at: datetime) -> Binding | None:
        bound = self._bindings.get(member.pk, ()) if member else ()
        return next((binding for binding in bound if binding.starts_at <= at < binding.ends_at), None)


@compiled
def _guides_of(*, names: Collection[str]) -> QuerySet[Guide]:
    return Guide.objects.filter(Q(ref__in=names) | Q(code__in=names))


@compiled
def _posts(*, guides: Collection[Guide], last: datetime) -> QuerySet[Assignment]:
    return Assignment.objects.filter(guide__in=guides, starts_at__lte=last).order_by("starts_at")


@compiled
def _bound(*, members: Collection[Member], first: datetime, last: datetime) -> QuerySet[Binding]:
    rows = Binding.objects.filter(member__in=members, starts_at__lte=last, ends_at__gt=first)
    return rows.select_related("guide").order_by("pk")


def _held(post: Assignment, at: datetime) -> bool:
    return post.starts_at <= at and (post.ends_at is None or post.ends_at > at)


def touches_of(facts: OrderFacts, order: Order, member: Member | None, guides: Guides) -> list[Touch]:
    """What the channel says of guides, and the bound guide, which the channel is never asked for.

    DomainError: `touch.unknown`, `guide.unknown`, `touch.weightless`.
    """
    if unknown := set(facts.touches) - TOLD:
        raise DomainError(
            "touch.unknown",
            _("Unknown part in a sale: %(kinds)s.") % {"kinds": ", ".join(sorted(unknown))},
            next_step=_("A guide serves, shares, recruits or accepts; the bound guide is looked up."),
            field="touches",
        )
    _check_times(facts)
    touches = [
        Touch(
            order=order,
            merchant_id=order.merchant_id,
            kind=kind,
            guide=guide,
            store_id=guides.store_of(guide.pk, facts.paid_at) or order.store_id,
            weight=weight,
            at=facts.touched_at.get(kind),
        )
        for kind, guide, weight in _guides(facts.touches, guides.known)
    ]
    if binding := guides.binding_of(member, facts.paid_at):
        touches.append(
            Touch(
                order=order,
                merchant_id=order.merchant_id,
                kind=Touch.Kind.BOUND,
                guide=binding.guide,
                store_id=binding.store_id,
                protected=binding.protected_until > facts.paid_at,
                at=binding.starts_at,
            )
        )
    return touches


def _check_times(facts: OrderFacts) -> None:
    for kind, at in facts.touched_at.items():
        if not facts.touches.get(kind):
            raise DomainError(
                "touch.time_without_guide",
                _("A time is told of a guide's part in the sale, but not which guide."),
                next_step=_("Name the guide too, or leave the time out."),
                field=f"touches.{kind}",
            )
        if at - facts.paid_at > CLOCKS_DIFFER:
            raise DomainError(
                "touch.after_sale",
                _("A guide's part in a sale lies before it, not after it was paid."),
                next_step=_("Correct the time, or leave it out if it was at the sale."),
                field=f"touches.{kind}_at",
            )


Given = Mapping[str, str | tuple[tuple[str, int], ...]]


def _named(touches: Given) -> Iterable[tuple[str, str, int]]:
    """(kind, name, weight) as it was told, of one kind the heaviest first."""
    return [
        (kind, name, weight)
        for kind, given in touches.items()
        for name, weight in ([(given, 1)] if isinstance(given, str) else sorted(given, key=lambda g: -g[1]))
        if name
    ]


def _guides(touches: Given, known: Mapping[str, Guide]) -> list[tuple[str, Guide, int]]:
    """(kind, guide, weight) of every touch, of one kind the heaviest first."""
    weights: dict[tuple[str, Guide], int] = defaultdict(int)  # a guide named twice has both weights
    for kind, name, weight in _named(touches):
        if name not in known:
            raise DomainError(
                "guide.unknown",
                _("No guide of this store's merchant is “%(guide)s”.") % {"guide": name},
                next_step=_("Check the guide's code, or send the sale without a guide."),
                field=f"touches.{kind}",
            )
        if weight < 1:
            raise DomainError(
                "touch.weightless",
                _("Guides who share a sale each need a weight of at least 1."),
                next_step=_("Correct the weights and send the sale again."),
                field=f"touches.{kind}",
            )
        weights[kind, known[name]] += weight
    return [(kind, guide, weight) for (kind, guide), weight in weights.items()]
