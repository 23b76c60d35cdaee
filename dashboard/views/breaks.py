"""One break between a rail's bill and what was paid: both sides, what was done about it, and what can be."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from commissions.models import Break, Payout
from commissions.reconciliation import working
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.refusals import refusals_told
from insights import reconciling


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    found = access.found_break(request, ref)
    may_write = request.seat.may("payouts.write")
    context = {
        "found": found,
        "row": reconciling.named([found])[0],
        "meaning": reconciling.meaning(found),
        "left_on": reconciling.left_on(found) if found.incoming else None,
        "history": reconciling.history(found),
        "can_explain": may_write and found.state == Break.State.OPEN,
        "can_reopen": may_write and found.state == Break.State.EXPLAINED,
        "can_take_word": may_write and working.can_take_word(found),
        "longest": working.LONGEST_NOTE,
    }
    return page(request, "dashboard/reconciliation/break.html", context, section="reconciliation")


@require_POST
@needs("payouts.write")
def explain(request: HttpRequest, ref: str) -> HttpResponse:
    return _noted(request, ref, working.explain, _("Explained. It stays on record with its note."))


@require_POST
@needs("payouts.write")
def reopen(request: HttpRequest, ref: str) -> HttpResponse:
    return _noted(request, ref, working.reopen, _("Open again."))


@require_POST
@needs("payouts.write")
def word(request: HttpRequest, ref: str) -> HttpResponse:
    found = access.found_break(request, ref)
    with refusals_told(request):
        payout = working.take_word(found, by=request.seat.actor)
        words = _("%(number)s counts as paid out now.")
        if payout.state == Payout.State.RETURNED:
            words = _("%(number)s counts as returned now: its amount is due again.")
        messages.success(request, words % {"number": payout.number})
    return redirect("break", ref)


@require_POST
@needs("payouts.write")
def all_words(request: HttpRequest, ref: str) -> HttpResponse:
    taken = working.take_all_words(access.rail_bill(request, ref), by=request.seat.actor)
    words = ngettext(
        "%(n)s payout counts as paid out now.", "%(n)s payouts count as paid out now.", taken.paid
    )
    messages.success(request, words % {"n": taken.paid})
    if taken.refused:
        words = ngettext("%(n)s was worked meanwhile.", "%(n)s were worked meanwhile.", taken.refused)
        messages.error(request, words % {"n": taken.refused})
    return redirect("rail_bill", ref)


def _noted(request: HttpRequest, ref: str, verb, done: str) -> HttpResponse:
    found = access.found_break(request, ref)
    with refusals_told(request):
        verb(found, note=request.POST.get("note", ""), by=request.seat.actor)
        messages.success(request, done)
    return redirect("break", ref)
