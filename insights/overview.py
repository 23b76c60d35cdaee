"""What headquarters watches: sales, members, redemptions, commission; in a period and the seat's subtree."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from commissions.models import Share
from coupons.models import Coupon, Redemption
from insights.period import Period
from members.visibility import visible_to
from merchants.scoping import Seat
from orders.models import OrderLine
from orders.oversight import lines_elsewhere, lines_of
from stores.models import Store


@dataclass(frozen=True)
class Figures:
    """Money in fen, after refunds. `commission` is the guides' shares; `open_commission` is not settled."""

    sales: int
    orders: int
    members: int
    redemptions: int
    issued: int
    commission: int
    open_commission: int


@dataclass(frozen=True)
class Day:
    day: date
    sales: int
    orders: int


@dataclass(frozen=True)
class Hour:
    begins: datetime
    sales: int


@dataclass(frozen=True)
class StoreRow:
    ref: str
    name: str
    city: str
    own: bool
    sales: int
    orders: int


def figures(seat: Seat, period: Period) -> Figures:
    """The KPIs of a period; inside the seat's merchant."""
    own, elsewhere = (
        lines.filter(_within(period, day="order__business_date", at="order__paid_at"))
        for lines in (lines_of(seat), lines_elsewhere(seat))
    )
    totals = [lines.aggregate(sales=_NET, orders=_ORDERS) for lines in (own, elsewhere)]
    commission = [
        shares.filter(_within(period, day="split__business_date", at="split__at")).aggregate(
            all=_HELD, open=_OPEN_HELD
        )
        for shares in _guides_shares(seat)
    ]
    redeemed = Q(rolled_back_at=None, redeemed_at__gte=period.begins, redeemed_at__lt=period.ends)
    issued = Q(issued_at__gte=period.begins, issued_at__lt=period.ends)
    joined = Q(joined_at__gte=period.begins, joined_at__lt=period.ends)
    return Figures(
        sales=sum(part["sales"] or 0 for part in totals),
        orders=sum(part["orders"] for part in totals),
        members=visible_to(seat).filter(joined).count(),
        redemptions=sum(rows.filter(redeemed).count() for rows in _redemptions(seat)),
        issued=Coupon.objects.filter(issued, _reached(seat, "store")).count(),
        commission=sum(part["all"] or 0 for part in commission),
        open_commission=sum(part["open"] or 0 for part in commission),
    )


def trend(seat: Seat, period: Period, *, store: Store | None = None) -> list[Day]:
    """Sales day by day, days without a sale included; of one store, or of all the seat sees."""
    sales: dict[date, tuple[int, int]] = {}
    at_store = Q(order__store=store) if store else Q()
    for lines in (lines_of(seat), lines_elsewhere(seat)):
        rows = (
            lines.filter(at_store, order__business_date__range=(period.first, period.last))
            .values(day=F("order__business_date"))
            .annotate(sales=_NET, orders=_ORDERS)
        )
        for row in rows:
            before = sales.get(row["day"], (0, 0))
            sales[row["day"]] = (before[0] + row["sales"], before[1] + row["orders"])
    return [Day(day, *sales.get(day, (0, 0))) for day in period.days]


def by_hour(seat: Seat, period: Period, *, store: Store | None = None) -> list[Hour]:
    """The same of a period of one day, hour by hour from the first that sold to the last, on the period's clock."""
    sales: dict[datetime, int] = {}
    at_store = Q(order__store=store) if store else Q()
    for lines in (lines_of(seat), lines_elsewhere(seat)):
        rows = (
            lines.filter(at_store, order__business_date=period.first)
            .values(hour=TruncHour("order__paid_at", tzinfo=ZoneInfo(period.zone)))
            .annotate(sales=_NET)
        )
        for row in rows:
            sales[row["hour"]] = sales.get(row["hour"], 0) + row["sales"]
    first, last = min(sales, default=None), max(sales, default=None)
    if first is None or last is None:
        return []
    hours = [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1)]
    return [Hour(hour, sales.get(hour, 0)) for hour in hours]


def best_stores(seat: Seat, period: Period, *, limit: int = 8) -> list[StoreRow]:
    """The stores that sold most, one's own and those that carry one's brands."""
    rows: list[StoreRow] = []
    read: tuple[tuple[bool, Callable[[Seat], QuerySet[OrderLine]]], ...] = (
        (True, lines_of),
        (False, lines_elsewhere),
    )
    for own, lines in read:
        found = (
            lines(seat)
            .filter(order__business_date__range=(period.first, period.last))
            .values(ref=F("order__store__ref"), name=F("order__store__name"), city=F("order__store__city"))
            .annotate(sales=_NET, orders=_ORDERS)
            .order_by("-sales", "ref")[:limit]
        )
        rows += [StoreRow(own=own, **row) for row in found]
    return sorted(rows, key=lambda row: (-row.sales, row.ref))[:limit]


def _within(period: Period, *, day: str, at: str) -> Q:
    """By business date and, where the period is cut short, by the instant of the sale."""
    within = Q(**{f"{day}__range": (period.first, period.last)})
    return within & Q(**{f"{at}__lt": period.until}) if period.until else within


_NET = Sum(F("paid") - F("refunded"))
_ORDERS = Count("order", distinct=True)
_HELD = Sum(F("amount") - F("clawed") - F("moved_out"))
_OPEN_HELD = Sum(F("amount") - F("clawed") - F("moved_out"), filter=Q(item=None))


def _guides_shares(seat: Seat) -> tuple[QuerySet[Share], QuerySet[Share]]:
    """In one's own book, wherever it was sold; and those of one's own guides in other merchants' books."""
    guides = Q(guide__isnull=False)
    in_subtree = seat.within("store__org_unit__path", "overview.read")
    placed = seat.within("split__contract__brand_unit__path", "overview.read")
    here = Share.objects.filter(guides).filter(in_subtree | placed)
    there = Share.payable.filter(guides, in_subtree).exclude(merchant=seat.merchant)
    return here, there


def _redemptions(seat: Seat) -> tuple[QuerySet[Redemption], QuerySet[Redemption]]:
    """Of one's own campaigns anywhere; and of others' campaigns in one's own stores."""
    own = Redemption.objects.filter(_reached(seat, "store"))
    others = Redemption.party.filter(seat.within("store__org_unit__path", "overview.read"))
    return own, others.exclude(merchant=seat.merchant)


def _reached(seat: Seat, store: str) -> Q:
    """Of the whole merchant at its root; below, what happened at a store of the subtree."""
    if any(path.count("/") == 2 for path in seat.paths("overview.read")):
        return Q()
    return seat.within(f"{store}__org_unit__path", "overview.read")
