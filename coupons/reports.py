"""What became of a campaign: sent, redeemed, left, and the sales it brought; over all of its merchant."""

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from coupons.models import Allocation, Campaign, Coupon, Quota, Redemption


def reported() -> QuerySet[Campaign]:
    """The acting merchant's campaigns with `issued`, `redeemed`, `left` and, in fen, `given` (taken off) and
    `brought` (paid, less refunds, for the goods it counted on)."""
    lives = Redemption.objects.filter(coupon__campaign=OuterRef("pk"), rolled_back_at=None).order_by()
    lines = Allocation.objects.filter(
        redemption__coupon__campaign=OuterRef("pk"), redemption__rolled_back_at=None
    ).order_by()
    return Campaign.objects.select_related("brand", "sku").annotate(
        issued=_of(Coupon.objects.filter(campaign=OuterRef("pk")).order_by(), "campaign", Count("pk")),
        redeemed=_of(lives, "coupon__campaign", Count("pk")),
        given=_of(lives, "coupon__campaign", Sum("amount_off")),
        left=_of(Quota.objects.filter(campaign=OuterRef("pk")).order_by(), "campaign", Sum("left")),
        brought=_of(lines, "redemption__coupon__campaign", Sum(F("line__paid") - F("line__refunded"))),
    )


def _of(rows: QuerySet, group: str, figure: Count | Sum) -> Coalesce:
    return Coalesce(Subquery(rows.values(group).annotate(figure=figure).values("figure")), 0)
