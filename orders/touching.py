"""Which guides had a part in a sale, and where each stood then."""

from collections import defaultdict
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from guides.models import Assignment, Guide
from members.models import Binding, Member
from merchants.errors import DomainError
from orders.facts import OrderFacts
from orders.models import Order, Touch
from orders.receipts import CLOCKS_DIFFER


def touches_of(facts: OrderFacts, order: Order, member: Member | None) -> list[Touch]:
    """What the channel says of guides, and the bound guide, which the channel is never asked for."""
    if unknown := set(facts.touches) - (set(Touch.Kind.values) - {Touch.Kind.BOUND}):
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
            merchant=order.merchant,
            kind=kind,
            guide=guide,
            weight=weight,
            at=facts.touched_at.get(kind),
        )
        for kind, guide, weight in _guides(facts.touches)
    ]
    stores = _posts([touch.guide_id for touch in touches], facts)
    for touch in touches:
        touch.store_id = stores.get(touch.guide_id, order.store_id)
    live = Binding.objects.live(facts.paid_at).filter(member=member).select_related("guide")
    if member is not None and (binding := live.first()) is not None:
        touches.append(
            Touch(
                order=order,
                merchant=order.merchant,
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


def _guides(touches: Mapping[str, str | tuple[tuple[str, int], ...]]) -> list[tuple[str, Guide, int]]:
    """(kind, guide, weight) of every touch, of one kind the heaviest first."""
    asked = [
        (kind, name, weight)
        for kind, given in touches.items()
        for name, weight in ([(given, 1)] if isinstance(given, str) else sorted(given, key=lambda g: -g[1]))
        if name
    ]
    if not asked:
        return []
    names = {name for _kind, name, _weight in asked}
    rows = Guide.objects.filter(ref__in=names) | Guide.objects.filter(code__in=names)
    known = {key: guide for guide in rows for key in (guide.ref, guide.code)}
    for kind, name, weight in asked:
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
    weights: dict[tuple[str, Guide], int] = defaultdict(int)  # a guide named twice has both weights
    for kind, name, weight in asked:
        weights[kind, known[name]] += weight
    return [(kind, guide, weight) for (kind, guide), weight in weights.items()]


def _posts(guides: list[int], facts: OrderFacts) -> dict[int, int]:
    """Guide → the store where the guide stood at that instant."""
    if not guides:
        return {}
    rows = Assignment.objects.filter(guide__in=guides, starts_at__lte=facts.paid_at).order_by("starts_at")
    return {row.guide_id: row.store_id for row in rows if row.ends_at is None or row.ends_at > facts.paid_at}
