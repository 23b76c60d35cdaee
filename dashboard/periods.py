"""The stretch of days a page is about, asked for and written down."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from insights.period import CHOICES, Period, period_of


def asked_period(request: HttpRequest) -> Period:
    """What `?period=` names, else this month."""
    return period_of(request.GET.get("period", "month"), merchant=request.seat.merchant, now=timezone.now())


def period_label(period: Period) -> str:
    days = [date_format(day, "m-d") for day in dict.fromkeys([period.first, period.last])]
    return f"{CHOICES[period.name]} {'–'.join(days)}"


def period_tabs(period: Period) -> list[dict[str, object]]:
    return [
        {"url": f"?period={name}", "label": words, "current": name == period.name}
        for name, words in CHOICES.items()
    ]
