"""What a guide has earned: today, this month, still open and settled, each line with its reason."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from commissions.models import Share
from commissions.reasons import reason
from guides.models import Guide
from merchants.scoping import acting_for


@dataclass(frozen=True)
class Period:
    """Business dates, both ends included."""

    first: date
    last: date

    @classmethod
    def month_of(cls, day: date) -> "Period":
        first = day.replace(day=1)
        return cls(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


@dataclass(frozen=True)
class EarningLine:
    """One share of the guide. `amount` is what it was, `clawed` what refunds took back of it,
    `moved_out` what an appeal moved to a colleague; minor units."""

    id: int
    order_ref: str
    order_no: str
    line: int
    article: str
    brand: str
    store: str
    at: datetime
    business_date: date
    amount: int
    clawed: int
    moved_out: int
    settled: bool
    reason: str

    @property
    def held(self) -> int:
        return self.amount - self.clawed - self.moved_out


@dataclass(frozen=True)
class Earnings:
    """Minor units, less what refunds took back. `pending` + `settled` = `total` of the period."""

    today: int
    total: int
    pending: int
    settled: int
    lines: list[EarningLine]
    has_more: bool


def for_guide(
    guide: Guide, period: Period, *, today: date, limit: int = 50, before: int | None = None
) -> Earnings:
    """The guide's earnings of a period, newest line first; `before` is the `id` of the last line shown.

    Reads what is payable to the guide's employer, so also shares that brands pay directly.
    """
    with acting_for(guide.merchant):
        shares = Share.payable.filter(
            guide=guide, split__business_date__gte=period.first, split__business_date__lte=period.last
        )
        sums = _sums(shares, today)
        page = shares.filter(id__lt=before) if before else shares
        page = page.select_related("split__order", "split__line__brand", "split__line__sku", "store", "item")
        rows = list(page.order_by("-id")[: limit + 1])
    return Earnings(**sums, lines=[_line(share) for share in rows[:limit]], has_more=len(rows) > limit)


def _sums(shares: QuerySet[Share], today: date) -> dict[str, int]:
    held = F("amount") - F("clawed") - F("moved_out")
    open_ = Q(item=None)
    return shares.aggregate(
        today=Coalesce(Sum(held, filter=Q(split__business_date=today)), 0),
        total=Coalesce(Sum(held), 0),
        pending=Coalesce(Sum(held, filter=open_), 0),
        settled=Coalesce(Sum(held, filter=~open_), 0),
    )


def _line(share: Share) -> EarningLine:
    split = share.split
    return EarningLine(
        id=share.pk,
        order_ref=split.order.ref,
        order_no=split.order.external_no,
        line=split.line.number,
        article=split.line.sku.name,
        brand=split.line.brand.local_name if split.line.brand else "",
        store=share.store.name,
        at=split.at,
        business_date=split.business_date,
        amount=share.amount,
        clawed=share.clawed,
        moved_out=share.moved_out,
        settled=is_settled(share),
        reason=reason(share.why),
    )


def is_settled(share: Share) -> bool:
    """Whether the share has become payable; its item is loaded or read."""
    return hasattr(share, "item")
