"""On what terms one pays: where a payee's money goes, and what tax is withheld from persons."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from commissions.payouts import payee_accounts, reading
from commissions.payouts.withholding import month_of, rule_for, withhold_from
from dashboard.access import absent, needs
from dashboard.forms.payouts import AccountForm, WithholdingForm
from dashboard.frame import page
from dashboard.refusals import refusals_blamed_on
from insights import payables
from insights.accounts import names_of


@needs("payouts.write")
def account(request: HttpRequest, ref: str) -> HttpResponse:
    """The number is never shown again: another one replaces it."""
    merchant = request.seat.merchant
    payees = payables.payees_of(merchant, [ref])
    if not payees:
        raise absent()
    payee, name = payees[0], names_of(payees)[payees[0].pk]
    holder = payee.guide.name if payee.kind == payee.Kind.GUIDE else name
    form, status = AccountForm(request.POST or None, initial={"holder": holder}), 200
    if form.is_bound:
        if form.is_valid():
            with refusals_blamed_on(form):
                payee_accounts.keep(payer=merchant, party=payee, by=request.seat.actor, **form.cleaned_data)
                messages.success(request, _("From now on %(payee)s is paid there.") % {"payee": name})
                return redirect("payouts")
        status = 422
    kept = payee_accounts.account_of(payee, payer=merchant)
    context = {"form": form, "name": name, "account": kept}
    return page(request, "dashboard/payouts/account.html", context, section="payouts", status=status)


@needs("payouts.write")
def withholding(request: HttpRequest) -> HttpResponse:
    merchant = request.seat.merchant
    month = month_of(timezone.now(), book=merchant)
    form, status = WithholdingForm(request.POST or None, month=month), 200
    if form.is_bound:
        if form.is_valid():
            with refusals_blamed_on(form):
                withhold_from(
                    merchant=merchant,
                    starts_on=form.cleaned_data["starts_on"],
                    brackets=form.brackets(),
                    by=request.seat.actor,
                )
                messages.success(request, _("The rule is set. It holds for every payout of its months."))
                return redirect("payouts")
        status = 422
    told = payables.withholding(reading.rules()[:12], rule_for(merchant, month))
    context = {"form": form, "rules": told}
    return page(request, "dashboard/payouts/withholding.html", context, section="payouts", status=status)
