"""What the member allowed, and where they are signed in; both can be taken back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from members import consent, shopper_sessions
from members.leaving import withdraw
from members.models import Consent
from merchants.devices import device_name
from storefront.access import Shop, members_only, shop_page, show


@require_GET
@shop_page
@members_only
def page(request: HttpRequest, shop: Shop) -> HttpResponse:
    answers = {row.purpose: row for row in consent.newest(member=shop.member, brand=shop.brand)}
    context = {
        "consents": [
            {"purpose": purpose, "label": label, "answer": answers.get(purpose)}
            for purpose, label in Consent.Purpose.choices
        ],
        "sessions": [
            {"row": row, "device": device_name(row.device), "here": row.pk == shop.session.pk}
            for row in shopper_sessions.live_sessions(person=shop.session.person)
        ],
    }
    return show(request, shop, "privacy.html", context)


@require_POST
@shop_page
@members_only
def answer(request: HttpRequest, shop: Shop, purpose: str) -> HttpResponse:
    """`granted` is 0 or 1. To allow the store is to join there again, which needs the store's page."""
    if purpose not in Consent.Purpose.values:
        raise Http404
    asked = {"member": shop.member, "brand": shop.brand, "by": shop.actor, "at": timezone.now()}
    if request.POST.get("granted") != "1":
        withdraw(purpose=purpose, **asked)
        if purpose == Consent.Purpose.MEMBERSHIP:
            messages.success(request, _("You have left %(brand)s.") % {"brand": shop.brand_name})
            return redirect(shop.url("landing"))
        messages.success(request, _("Taken back. It counts from now on."))
    elif purpose == Consent.Purpose.MARKETING:
        consent.answer(answers={purpose: True}, **asked)
        messages.success(request, _("Allowed. You can take it back here at any time."))
    elif home := shop.member.home_store:
        return redirect(f"{shop.url('join')}?store={home.ref}")
    return redirect(shop.url("privacy"))


@require_POST
@shop_page
@members_only
def end_session(request: HttpRequest, shop: Shop, ref: str) -> HttpResponse:
    if not shopper_sessions.revoke(person=shop.session.person, ref=ref):
        raise Http404
    messages.success(request, _("That device is signed out."))
    return redirect(shop.url("privacy"))
