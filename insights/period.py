"""The stretch of business dates that figures are about."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from merchants.business_day import business_date
from merchants.models import Merchant

CHOICES = {
    "today": _("Today"),
    "week": _("Last 7 days"),
    "month": _("This month"),
    "quarter": _("Last 90 days"),
}


@dataclass(frozen=True)
class Period:
    """From the first business date to the last, both counted, on the merchant's clock; what comes from `until` on
    does not count."""

    name: str
    first: date
    last: date
    zone: str
    until: datetime | None = None

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), ZoneInfo(self.zone))

    @property
    def ends(self) -> datetime:
        """The instant after the last."""
        midnight = datetime.combine(self.last + timedelta(days=1), time(), ZoneInfo(self.zone))
        return min(midnight, self.until or midnight)

    def before(self, *, now: datetime) -> "Period":
        """As many days, just before, up to the same time of day as now: what figures are compared with."""
        length = self.last - self.first + timedelta(days=1)
        return replace(self, first=self.first - length, last=self.last - length, until=now - length)


def period_of(name: str, *, merchant: Merchant, now: datetime) -> Period:
    """The period of this name (else this month), ending on the merchant's business date."""
    today = business_date(now, zone=merchant.time_zone, cut_off=merchant.cut_off)
    first = {
        "today": today,
        "week": today - timedelta(days=6),
        "quarter": today - timedelta(days=89),
    }.get(name, today.replace(day=1))
    return Period(name if name in CHOICES else "month", first, today, merchant.time_zone)
