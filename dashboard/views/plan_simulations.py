"""A draft tried on a month of real sales: who would have had more, who less."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from commissions.simulation import IN_A_REQUEST, simulate
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from insights import simulating
from insights.statements import Month
from merchants.business_day import business_date


@needs("plans.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?month=2026-11`; `?format=csv` downloads the table."""
    version, merchant = access.plan_version(request, ref), request.seat.merchant
    today = business_date(timezone.now(), zone=merchant.time_zone, cut_off=merchant.cut_off)
    month = Month.read(request.GET.get("month", ""), today=today)
    told = simulate(version, first=month.first, last=month.last, most=IN_A_REQUEST)
    if request.GET.get("format") == "csv":
        response = HttpResponse(simulating.as_csv(told), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="simulation-{month}-{ref}.csv"'
        return response
    bars = simulating.chart(told)
    context = {
        "version": version,
        "month": month,
        "newest": month.next.first > today,
        "told": told,
        "most": IN_A_REQUEST,
        "rows": [
            (change, simulating.name_of(change), simulating.KINDS[change.kind]) for change in told.changes
        ],
        "labels": [name for name, _difference in bars],
        "differences": [difference for _name, difference in bars],
    }
    return page(request, "dashboard/plans/simulation.html", context, section="plans")
