"""Commission plans: what was published for whom and when, and the next version."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from commissions import plans
from commissions.models import PlanVersion, Rule
from commissions.reasons import claim_of
from dashboard.access import needs
from dashboard.forms.plans import PlanForm
from dashboard.frame import page
from merchants import finding
from merchants.errors import DomainError
from merchants.models import Brand
from stores.visibility import partners_of


@needs("plans.read")
def index(request: HttpRequest) -> HttpResponse:
    brands = list(finding.every(Brand))
    now = timezone.now()
    context = {
        "brands": [(brand, [_in_words(v, now) for v in plans.versions_of(brand)]) for brand in brands],
        "may_write": bool(brands) and request.seat.may("plans.write"),
    }
    return page(request, "dashboard/plans/index.html", context, section="plans")


@needs("plans.write")
def new(request: HttpRequest) -> HttpResponse:
    brands = list(finding.every(Brand))
    partners = {merchant.ref: merchant for brand in brands for merchant in partners_of(brand)}
    tomorrow = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    form = PlanForm(
        request.POST or None,
        brands=brands,
        partners=list(partners.values()),
        initial={"effective_from": tomorrow},
    )
    if form.is_bound and form.is_valid():
        try:
            version = plans.publish(by=request.seat.actor, **form.terms())
        except DomainError as refusal:
            form.blame(refusal)
        else:
            messages.success(request, _("Version %(number)d is published.") % {"number": version.number})
            return redirect("plans")
    status = 422 if form.is_bound else 200
    return page(request, "dashboard/plans/new.html", {"form": form}, section="plans", status=status)


def _in_words(version: PlanVersion, now) -> dict[str, object]:
    begun = version.effective_from <= now
    ended = version.effective_until is not None and version.effective_until <= now
    return {
        "version": version,
        "state": "ended" if ended else "holds" if begun else "coming",
        "rules": [(Rule.Role(term.role).label, claim_of(term)) for term in plans.terms_of(version)],
    }
