"""Keys of the merchant's systems: issued, shown once, revoked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard import access
from dashboard.access import needs
from dashboard.forms.keys import KeyForm
from dashboard.frame import page
from dashboard.paging import newest_first
from merchants import finding, onboarding
from merchants.errors import DomainError
from merchants.models import ApiKey


@needs("keys.write")
def index(request: HttpRequest) -> HttpResponse:
    """A POST issues a key; its secret stands on the answer and nowhere else."""
    form, secret, status = KeyForm(request.POST or None), "", 200
    if form.is_bound:
        secret = _issued(request, form)
        form, status = (KeyForm(), 200) if secret else (form, 422)
    found = newest_first(finding.every(ApiKey), request.GET.get("cursor", ""))
    context = {"rows": found.rows, "next": found.next, "form": form, "secret": secret}
    answer = page(request, "dashboard/keys/index.html", context, section="keys", status=status)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@needs("keys.write")
def revoke(request: HttpRequest, ref: str) -> HttpResponse:
    key = onboarding.revoke_key(key=access.key(request, ref), by=request.seat.actor)
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": key.name})
    return redirect("keys")


def _issued(request: HttpRequest, form: KeyForm) -> str:
    """The new key's secret; "" if the form or the verb says no."""
    if not form.is_valid():
        return ""
    try:
        _key, secret = onboarding.issue_key(
            merchant=request.seat.merchant, by=request.seat.actor, **form.cleaned_data
        )
    except DomainError as refusal:
        form.blame(refusal)
        return ""
    return secret
