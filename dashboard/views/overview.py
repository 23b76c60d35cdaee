"""The overview: four figures, the trend, the stores, what happens now. Its parts renew themselves live."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from dashboard.access import needs
from dashboard.frame import page
from dashboard.periods import asked_period, period_label, period_tabs
from dashboard.views.feed import highlights
from insights import first_day, overview
from insights.first_day import Step
from insights.period import Period
from stores.models import Store

# Step → what to do, and the route where it is done ("" where others do it).
SETTING_UP = {
    "brand": (gettext_lazy("Have the platform's operator enter your brand"), ""),
    "key": (gettext_lazy("Issue a key for your systems"), "keys"),
    "store": (gettext_lazy("Send your stores with that key"), "api:docs"),
    "guide": (gettext_lazy("Hire the first guide"), "api:docs"),
    "contract": (gettext_lazy("Agree with the stores that sell your brand"), "contracts"),
    "plan": (gettext_lazy("Publish how sales are split"), "plan_new"),
    "sale": (gettext_lazy("Record the first sale"), "api:docs"),
}


@needs("overview.read")
def show(request: HttpRequest) -> HttpResponse:
    period = asked_period(request)
    context = {
        "setting_up": _setting_up(request),
        "period": period,
        "periods": period_tabs(period),
        "told": highlights(request),
        **_figures(request, period),
        **_trade(request, period),
    }
    label = period_label(period)
    return page(request, "dashboard/overview/page.html", context, section="overview", period_label=label)


@needs("overview.read")
def figures(request: HttpRequest) -> HttpResponse:
    period = asked_period(request)
    return render(request, "dashboard/overview/figures.html", {"period": period, **_figures(request, period)})


@needs("overview.read")
def trade(request: HttpRequest) -> HttpResponse:
    period = asked_period(request)
    return render(request, "dashboard/overview/trade.html", {"period": period, **_trade(request, period)})


def _setting_up(request: HttpRequest) -> list[tuple[Step, Any, str]]:
    """What is left to do before the first sale, for who may do it: (step, words, where)."""
    if not request.seat.may("keys.write"):
        return []
    return [(step, *SETTING_UP[step.name]) for step in first_day.steps(request.seat.merchant)]


def _figures(request: HttpRequest, period: Period) -> dict[str, object]:
    compared = period.before(now=timezone.now())
    now, before = (overview.figures(request.seat, p) for p in (period, compared))
    return {
        "now": now,
        "sales_trend": _change(now.sales, before.sales),
        "members_trend": _change(now.members, before.members),
        "redemptions_trend": _change(now.redemptions, before.redemptions),
        "commission_trend": _change(now.commission, before.commission),
    }


def _trade(request: HttpRequest, period: Period) -> dict[str, object]:
    return {
        **sales_chart(request, period),
        "stores": overview.best_stores(request.seat, period),
    }


def sales_chart(request: HttpRequest, period: Period, *, store: Store | None = None) -> dict[str, object]:
    """Sales day by day; of a single day, hour by hour."""
    if len(period.days) > 1:
        days = overview.trend(request.seat, period, store=store)
        return {"labels": [f"{day.day:%m-%d}" for day in days], "sales": [day.sales for day in days]}
    hours = overview.by_hour(request.seat, period, store=store)
    return {
        "labels": [date_format(hour.begins, "H:i") for hour in hours],
        "sales": [hour.sales for hour in hours],
        "hourly": True,
    }


def _change(now: int, before: int) -> str:
    """Percent against the period before, signed, one decimal; nothing where there was nothing before."""
    return f"{(now - before) / before * 100:+.1f}" if before else ""
