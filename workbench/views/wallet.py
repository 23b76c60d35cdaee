"""提现: the guide draws what is due, sees what became of it, and says where the money goes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from commissions.models import Payout
from commissions.payouts import reading, wallet
from merchants.errors import DomainError
from merchants.finding import not_found
from workbench import access, purses, shell
from workbench.forms import AccountForm, AmountForm


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Two steps: the amount, then what will be kept, withheld and sent where, to be confirmed. `net` and `account`
    stand in the second form: has either changed meanwhile, it is shown and asked anew."""
    desk = access.desk(request)
    purse = purses.one(desk.guide, ref)
    form = AmountForm(request.POST or None, initial={"amount": purse.due})
    context = {"desk": desk, "purse": purse, "form": form}
    if request.method == "GET" or not form.is_valid():
        status = 422 if form.is_bound and form.errors else 200
        return shell.page(request, "earnings/withdraw", context, status=status)
    amount = form.cleaned_data["amount"]
    agreed = (request.POST.get("net", ""), request.POST.get("account", ""))
    try:
        parts = wallet.quote(purse, desk.guide, amount=amount)
        if agreed != (str(parts.net), purse.account.ref):
            context |= {"parts": parts, "changed": any(agreed), "amount": form["amount"].value()}
            return shell.page(request, "earnings/confirm", context)
        drawn = wallet.withdraw(guide=desk.guide, book=purse.book, amount=amount, by=desk.seat.actor)
    except DomainError as refusal:
        return shell.page(request, "earnings/withdraw", context | {"refusal": refusal}, status=422)
    messages.success(
        request, _("Asked for. %(payer)s sends it with its next bank file.") % {"payer": purse.book.name}
    )
    return redirect("workbench:payout", ref=drawn.ref)


@require_GET
def payout(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request)
    found = reading.one_of_guide(desk.guide, ref)
    if found is None:
        raise not_found(Payout)
    return shell.page(request, "earnings/payout", {"desk": desk, "payout": found})


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One account for every payer; entered again, it replaces the one before."""
    desk = access.desk(request)
    form, status = AccountForm(request.POST or None, initial={"holder": desk.guide.name}), 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                wallet.keep_account(guide=desk.guide, by=desk.seat.actor, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.words)
            else:
                messages.success(request, _("From now on your money goes there."))
                return redirect("workbench:account")
    context = {"desk": desk, "form": form, "purses": wallet.purses(desk.guide)}
    return shell.page(request, "mine/account", context, status=status)
