"""The merchant's book: what stands on each kind of account, whose it is, and the proof that it balances."""

from django.http import HttpRequest, HttpResponse

from dashboard.access import absent, needs
from dashboard.frame import page
from insights import accounts, proofs
from ledger.proof import trial_balance
from notifications import inbox

MOST = 100  # accounts of one kind on a page, the largest first


@needs("ledger.read")
def show(request: HttpRequest) -> HttpResponse:
    """`?account=due` opens one kind of account."""
    seat = request.seat
    inbox.mark_read(seat.user, upto=request.stream_head, topic="ledger")
    balance = trial_balance(seat.merchant)
    code = request.GET.get("account", "")
    opened = [row for row in balance.rows if row.account.code == code]
    if code and not opened:
        raise absent()
    opened.sort(key=lambda row: -abs(row.amount))
    context = {
        "balance": balance,
        "proof": proofs.last(seat.merchant),
        "totals": accounts.summed(balance.rows),
        "code": code,
        "label": accounts.label_of(code),
        "rows": accounts.named(opened[:MOST]),
        "more": len(opened) > MOST,
        "most": MOST,
    }
    return page(request, "dashboard/ledger/show.html", context, section="ledger")
