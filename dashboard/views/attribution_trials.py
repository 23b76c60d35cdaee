"""A policy tried on a month of real sales: which lines would have been another guide's."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from commissions.attribution_trial import try_out
from commissions.redividing import IN_A_REQUEST
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from insights import attributing
from insights.statements import Month
from merchants.business_day import business_date

EXAMPLES = 20
FILES = {"csv": attributing.as_csv, "lines": attributing.lines_as_csv}


@needs("plans.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    """`?month=2026-11`; `?format=csv` downloads guide by guide, `?format=lines` every line that changes."""
    policy, merchant = access.attribution_policy(request, ref), request.seat.merchant
    today = business_date(timezone.now(), zone=merchant.time_zone, cut_off=merchant.cut_off)
    month = Month.read(request.GET.get("month", ""), today=today)
    told = try_out(policy, first=month.first, last=month.last, most=IN_A_REQUEST)
    if as_file := FILES.get(request.GET.get("format", "")):
        response = HttpResponse(as_file(told), content_type="text/csv; charset=utf-8")
        kind = "lines" if as_file is attributing.lines_as_csv else "guides"
        response["Content-Disposition"] = f'attachment; filename="attribution-{kind}-{month}-{ref}.csv"'
        return response
    bars = attributing.chart(told)
    context = {
        "policy": policy,
        "month": month,
        "newest": month.next.first > today,
        "told": told,
        "most": IN_A_REQUEST,
        "rows": [(one, attributing.name_of(one)) for one in told.guides],
        "examples": told.changed[:EXAMPLES],
        "labels": [name for name, _difference in bars],
        "differences": [difference for _name, difference in bars],
    }
    return page(request, "dashboard/attribution/trial.html", context, section="attribution")
