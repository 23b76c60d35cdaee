"""WeChat Pay as a way to pay: the merchant's own account there, where payees get money, and asking a share back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions.payouts.wechat import accounts, receivers, returning
from commissions.reasons import percent
from dashboard import access
from dashboard.access import absent, needs
from dashboard.forms.wechat import WechatAccountForm, WechatReceiverForm
from dashboard.frame import page
from dashboard.refusals import refusals_blamed_on, refusals_told
from insights import payables
from insights.accounts import names_of
from merchants.models import Party

SHOWN_AGAIN = ("mchid", "sub_mchid", "appid", "serial", "public_key_id", "public_key", "unfreeze_after")


@needs("keys.write")
def account(request: HttpRequest) -> HttpResponse:
    """The private key and the APIv3 key are never shown again; other ones replace them."""
    merchant = request.seat.merchant
    kept = accounts.account_of(merchant)
    initial = {name: getattr(kept, name) for name in SHOWN_AGAIN} if kept else None
    form, status = WechatAccountForm(request.POST or None, initial=initial), 200
    if form.is_bound:
        if form.is_valid():
            with refusals_blamed_on(form):
                accounts.keep(
                    merchant=merchant,
                    credentials=form.credentials(),
                    unfreeze_after=form.cleaned_data["unfreeze_after"],
                    by=request.seat.actor,
                )
                messages.success(request, _("From now on payouts can go by WeChat Pay."))
                return redirect("payouts")
        status = 422
    notices = request.build_absolute_uri(reverse("api:wechat-notices", args=[merchant.ref]))
    context = {"form": form, "account": kept, "notices": notices}
    if kept:
        context["cap"] = percent(kept.cap_ppm)
    answer = page(request, "dashboard/payouts/wechat.html", context, section="payouts", status=status)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("payouts.write")
def receiver(request: HttpRequest, ref: str) -> HttpResponse:
    """Where one payee gets money on WeChat Pay; never shown again in full."""
    merchant = request.seat.merchant
    payees = payables.payees_of(merchant, [ref])
    if not payees:
        raise absent()
    payee, name = payees[0], names_of(payees)[payees[0].pk]
    is_guide = payee.kind == Party.Kind.GUIDE
    named = payee.guide.name if is_guide else name
    form = WechatReceiverForm(request.POST or None, is_guide=is_guide, initial={"name": named})
    status = 200
    if form.is_bound:
        if form.is_valid():
            kind = receivers.Kind.PERSON if is_guide else receivers.Kind.MERCHANT
            with refusals_blamed_on(form):
                receivers.keep(
                    payer=merchant, party=payee, kind=kind, by=request.seat.actor, **form.cleaned_data
                )
                messages.success(request, _("From now on %(payee)s is paid there.") % {"payee": name})
                return redirect("payouts")
        status = 422
    kept = receivers.receiver_of(payee, payer=merchant)
    context = {"form": form, "name": name, "receiver": kept, "is_guide": is_guide}
    return page(request, "dashboard/payouts/receiver.html", context, section="payouts", status=status)


@require_POST
@needs("payouts.write")
def ask_back(request: HttpRequest, ref: str) -> HttpResponse:
    payout = access.payout_sent(request, ref)
    with refusals_told(request):
        returning.ask_back(payout, by=request.seat.actor)
        messages.success(
            request, _("It is asked back of WeChat Pay; once all of it is back, it is due again.")
        )
    return redirect("payout", ref)
