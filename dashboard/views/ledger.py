"""The merchant's book: every account, and the proof that it balances."""

from django.http import HttpRequest, HttpResponse

from dashboard.access import needs
from dashboard.frame import page
from insights import accounts
from ledger.proof import trial_balance


@needs("ledger.read")
def show(request: HttpRequest) -> HttpResponse:
    balance = trial_balance(request.seat.merchant)
    context = {"balance": balance, "rows": accounts.named(balance.rows)}
    return page(request, "dashboard/ledger/show.html", context, section="ledger")
