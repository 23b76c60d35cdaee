"""核: a coupon's code, typed or photographed, or a sale without one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from flows import till
from merchants.errors import DomainError
from workbench import access, photo, shell
from workbench.carrying import carried


@require_http_methods(["GET", "POST"])
def scan(request: HttpRequest) -> HttpResponse:
    desk = access.desk(request, "coupons.redeem")
    if request.method == "GET":
        return shell.page(request, "sale/scan", {"desk": desk}, tab="scan")
    typed = request.POST.get("code", "").strip()
    try:
        code = photo.code_in(request.FILES["photo"]) if "photo" in request.FILES else typed
        if not code:
            raise DomainError(
                "coupon.no_code",
                _("There is no code yet."),
                next_step=_("Type the digits under the member's QR code, or take a photo of it."),
            )
        card = till.preview(code=code, store=desk.store)
    except DomainError as refusal:
        context = {"desk": desk, "refusal": refusal, "code": typed}
        return shell.page(request, "sale/scan", context, tab="scan", status=422)
    return redirect(f"{reverse('workbench:sale')}?coupon={carried(card.code)}")
