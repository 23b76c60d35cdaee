"""Stores: one's own, and partners' that carry one's brands."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from dashboard import access
from dashboard.access import needs
from dashboard.frame import own_and_partners, page
from dashboard.paging import Slice, by_name
from dashboard.periods import asked_period, period_label, period_tabs
from dashboard.views.overview import sales_chart
from guides import duty
from insights import overview
from stores import visibility
from stores.hours import week_lines
from stores.models import Store


@needs("stores.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?where=partners` lists the stores of others; `?q=` searches names, pinyin, codes and places."""
    seat, now = request.seat, timezone.now()
    partners = request.GET.get("where") == "partners" or not seat.merchant.is_channel
    text = request.GET.get("q", "")
    found = _found(request, text, partners=partners, at=now)
    on_duty = duty.on_duty_at(found.rows, at=now)
    context = {
        "rows": [(store, store.opening(now), len(on_duty[store.id])) for store in found.rows],
        "next": found.next,
        "text": text,
        "where": "partners" if partners else "own",
        "partners": partners,
        "tabs": own_and_partners(request, partners=partners),
    }
    return page(request, "dashboard/stores/index.html", context, section="stores")


@needs("stores.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    seen, seat, now = access.store(request, ref), request.seat, timezone.now()
    store, period = seen.store, asked_period(request)
    days = overview.trend(seat, period, store=store)  # of orders, too, which the chart does not show
    context = {
        "seen": seen,
        "store": store,
        "opening": store.opening(now),
        "hours": [(_days(first, last), spans) for first, last, spans in week_lines(store.hours)],
        "on_duty": duty.on_duty(store=store, at=now) if seen.live else [],
        "may_draft": seat.merchant.is_brand_owner and seat.may("contracts.write"),
        "contracts": visibility.contracts_at(seat, store) if seat.may("contracts.read") else [],
        "now": now,
        "period": period,
        "periods": period_tabs(period),
        **sales_chart(request, period, store=store),
        "total": sum(day.sales for day in days),
        "orders": sum(day.orders for day in days),
    }
    label = period_label(period)
    return page(request, "dashboard/stores/show.html", context, section="stores", period_label=label)


def _found(request: HttpRequest, text: str, *, partners: bool, at) -> Slice:
    cursor = request.GET.get("cursor", "")
    if not partners:
        rows = visibility.named(visibility.own_stores(request.seat), text).order_by("pinyin", "id")
        return by_name(rows, cursor, name="pinyin", key="id")
    rows = visibility.named(visibility.partner_stores(request.seat, at=at), text, path="store__")
    found = by_name(rows, cursor, name="store__pinyin", key="store_id")
    stores: list[Store] = [contract.store for contract in found.rows]
    return Slice(stores, found.next)


def _days(first: int, last: int) -> str:
    if first == last:
        return str(WEEKDAYS_ABBR[first])
    # Translators: a stretch of weekdays, such as Mon–Fri.
    return _("%(first)s–%(last)s") % {"first": WEEKDAYS_ABBR[first], "last": WEEKDAYS_ABBR[last]}
