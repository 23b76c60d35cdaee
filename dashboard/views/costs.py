"""Costs and commission of a period: by store, brand or guide."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dashboard.access import needs
from dashboard.frame import page
from dashboard.periods import asked_period, period_label, period_tabs
from insights import costs

SHOWN = 50  # the file holds all of them
IN_THE_CHART = 12


@needs("commissions.read")
def show(request: HttpRequest) -> HttpResponse:
    """`?by=store|brand|guide`, `?period=` as on the overview; `?format=csv` downloads the table."""
    period, asked = asked_period(request), request.GET.get("by", "")
    kind = asked if asked in costs.KINDS else "store"
    told = costs.report(request.seat, period, kind=kind)
    dearest = sorted(told.rows, key=lambda row: -row.costs.guides)[:IN_THE_CHART]
    if request.GET.get("format") == "csv":
        response = HttpResponse(costs.as_csv(told), content_type="text/csv; charset=utf-8")
        name = f"costs-{kind}-{period.first}-{period.last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    context = {
        "told": told,
        "rows": told.rows[:SHOWN],
        "hidden": max(0, len(told.rows) - SHOWN),
        "period": period,
        "tabs": [
            {"url": f"?by={name}&period={period.name}", "label": words, "current": name == kind}
            for name, words in costs.KINDS.items()
        ],
        "periods": [tab | {"url": f"{tab['url']}&by={kind}"} for tab in period_tabs(period)],
        "labels": [row.name or _("Own goods") for row in dearest],
        "commission": [row.costs.guides for row in dearest],
    }
    label = period_label(period)
    return page(request, "dashboard/costs/show.html", context, section="costs", period_label=label)
