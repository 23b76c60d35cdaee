"""The overview: four figures, the trend, the stores, what happens now. Its parts renew themselves live."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format

from dashboard.access import needs
from dashboard.frame import page
from dashboard.views.feed import latest
from insights import overview
from insights.period import CHOICES, Period, period_of


@needs("overview.read")
def show(request: HttpRequest) -> HttpResponse:
    period = _period(request)
    context = {
        "period": period,
        "periods": list(CHOICES.items()),
        "told": latest(request, limit=8),
        **_figures(request, period),
        **_trade(request, period),
    }
    label = f"{CHOICES[period.name]} {_day(period.first)}–{_day(period.last)}"
    return page(request, "dashboard/overview/page.html", context, section="overview", period_label=label)


@needs("overview.read")
def figures(request: HttpRequest) -> HttpResponse:
    period = _period(request)
    return render(request, "dashboard/overview/figures.html", {"period": period, **_figures(request, period)})


@needs("overview.read")
def trade(request: HttpRequest) -> HttpResponse:
    period = _period(request)
    return render(request, "dashboard/overview/trade.html", {"period": period, **_trade(request, period)})


def _period(request: HttpRequest) -> Period:
    return period_of(request.GET.get("period", "month"), merchant=request.seat.merchant, now=timezone.now())


def _figures(request: HttpRequest, period: Period) -> dict[str, object]:
    now, before = (overview.figures(request.seat, p) for p in (period, period.before()))
    return {
        "now": now,
        "sales_trend": _change(now.sales, before.sales),
        "members_trend": _change(now.members, before.members),
        "redemptions_trend": _change(now.redemptions, before.redemptions),
        "commission_trend": _change(now.commission, before.commission),
    }


def _trade(request: HttpRequest, period: Period) -> dict[str, object]:
    days = overview.trend(request.seat, period)
    return {
        "labels": [f"{day.day:%m-%d}" for day in days],
        "sales": [day.sales for day in days],
        "stores": overview.best_stores(request.seat, period),
    }


def _change(now: int, before: int) -> str:
    """Percent against the period before, signed, one decimal; nothing where there was nothing before."""
    return f"{(now - before) / before * 100:+.1f}" if before else ""


def _day(day) -> str:
    return date_format(day, "m-d")
