"""Payouts: whom the book owes, what was paid and what became of it; by hand, what the sender tells of it."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from commissions.models import Payout
from commissions.payouts import by_hand, paying_many, reading
from commissions.payouts.wechat import accounts, returning
from commissions.payouts.withholding import month_of, rule_for
from components.formatting import yuan
from dashboard import access
from dashboard.access import needs
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_told
from insights import payables, reconciling, sharing
from insights.accounts import names_of
from notifications import inbox

SHOWN = 100  # payees on a page
FILES, RULES = 5, 3


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?state=` shows the payouts that stand so; `?q=` and `?payees=` which of those who can be paid, and `tick` whom
    to have ticked: those who were, and could not be paid."""
    merchant, rows = request.seat.merchant, reading.of_payer()
    inbox.mark_read(request.seat.user, upto=request.stream_head, topic="payout")
    counts = payables.by_state(rows)
    state = request.GET.get("state", "")
    if state in Payout.State.values:
        rows = rows.filter(state=state)
    found = newest_first(rows, request.GET.get("cursor", ""))
    due, text = payables.payable(merchant), request.GET.get("q", "").strip()
    named = [row for row in due if text.casefold() in row.name.casefold()]
    place, places = _place(request.GET.get("payees", "")), max(-(-len(named) // SHOWN), 1)
    place = min(place, places)
    to_export = list(reading.to_export())
    may_write = request.seat.may("payouts.write")
    rule = rule_for(merchant, month_of(timezone.now(), book=merchant))
    context = {
        "payables": named[(place - 1) * SHOWN : place * SHOWN],
        "some_due": bool(due),
        "text": text,
        "place": place,
        "places": places,
        "ticked": set(request.GET.getlist("tick")),
        "total": sum(row.due for row in due),
        "tabs": _tabs(counts, state),
        "rows": payables.named(found.rows, reconciling.standings(found.rows)),
        "next": found.next,
        "state": state,
        "to_export": len(to_export),
        "to_export_total": sum(payout.net for payout in to_export),
        "files": reconciling.with_progress(reading.files()[:FILES]) if may_write else [],
        "redirected": list(reading.redirected()) if may_write else [],
        "contested": list(reading.of_payer().filter(state=Payout.State.CONTESTED)),
        "rules": payables.withholding(reading.rules()[:RULES], rule),
        "may_write": may_write,
        "by_wechat": accounts.account_of(merchant) is not None,
        "may_set_up": request.seat.may("keys.write"),
    }
    return page(request, "dashboard/payouts/index.html", context, section="payouts")


@require_POST
@needs("payouts.write")
def pay(request: HttpRequest) -> HttpResponse:
    """Everybody ticked, each on their own; whoever cannot be paid is named with the reason, and stays ticked."""
    merchant, rail = request.seat.merchant, request.POST.get("rail", "")
    payees = payables.payees_of(merchant, request.POST.getlist("payee")[:SHOWN])
    if not payees or rail not in Payout.Rail.values:
        messages.error(request, _("Nobody was ticked. Tick whom you want to pay."))
        return _back(request)
    made = paying_many.pay_each(book=merchant, payees=payees, rail=rail, by=request.seat.actor)
    if made.payouts:
        words = ngettext("%(n)s payout was made: %(net)s to send.", "%(n)s payouts were made: %(net)s to send.",
                         len(made.payouts))  # fmt: skip
        net = yuan(sum(payout.net for payout in made.payouts))
        said = words % {"n": len(made.payouts), "net": net}
        messages.success(request, format_html('{} <a href="{}">{}</a>', said, *_next_step(rail)))
    names = names_of(payee for payee, _refusal in made.refused)
    for payee, refusal in made.refused:
        messages.error(
            request, _("%(payee)s: %(refusal)s") % {"payee": names[payee.pk], "refusal": refusal.words}
        )
    return _back(request, ticked=[payee.ref for payee, _refusal in made.refused])


@needs("ledger.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    payout, merchant = access.payout(request, ref), request.seat.merchant
    sends = payout.sender_id == merchant.pk
    context = {
        "row": payables.named([payout], reconciling.standings([payout]))[0],
        "breaks": reconciling.of_payout(payout),
        "payout": payout,
        "steps": payables.steps(payout, merchant),
        "story": payables.story(payout, merchant),
        "marks": by_hand.offered(payout) if sends and request.seat.may("payouts.write") else (),
        "anew": payout.state in Payout.GIVEN_BACK
        and payout.merchant == merchant
        and request.seat.may("payouts.write"),
        "on_behalf": payout.sender_id != payout.merchant_id,
        **(_at_wechat(request, payout) if sends and payout.rail == Payout.Rail.WECHAT else {}),
    }
    return page(request, "dashboard/payouts/show.html", context, section="payouts")


@require_POST
@needs("payouts.write")
def mark(request: HttpRequest, ref: str) -> HttpResponse:
    payout = access.payout_sent(request, ref)
    with refusals_told(request):
        told = by_hand.tell(
            payout,
            request.POST.get("mark", ""),
            reason=request.POST.get("reason", "").strip(),
            by=request.seat.actor,
        )
        words = {"number": told.number, "state": told.get_state_display()}
        messages.success(request, _("%(number)s: %(state)s.") % words)
    return redirect("payout", ref)


def _at_wechat(request: HttpRequest, payout: Payout) -> dict[str, object]:
    may_write = request.seat.may("payouts.write")
    return {
        "by_wechat": True,
        "parts": sharing.parts_of(payout),
        "reason_means": sharing.meaning_of(payout.reason),
        "waits_for": sharing.waits_for(payout) if payout.state == Payout.State.CREATED else "",
        "can_ask_back": may_write and returning.can_ask_back(payout),
    }


def _next_step(rail: str) -> tuple[str, str]:
    """Where what was made goes on, and the words for it."""
    payouts = reverse("payouts")
    if rail == Payout.Rail.BANK:
        return f"{payouts}#bank-file", _("Export the bank file")
    sent = _("Send them, then say so on their pages")
    return f"{payouts}?state=created#paid", sent if rail == Payout.Rail.MANUAL else _("Follow them")


def _place(text: str) -> int:
    """A page's number, from 1."""
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _back(request: HttpRequest, ticked: Sequence[str] = ()) -> HttpResponse:
    """To the payees that were looked at."""
    kept = {name: request.POST[name] for name in ("q", "payees") if request.POST.get(name)}
    query = urlencode(kept | {"tick": list(ticked)}, doseq=True)
    return redirect(f"{reverse('payouts')}?{query}" if query else "payouts")


def _tabs(counts: dict[str, int], state: str) -> list[dict[str, object]]:
    """Every state that has a payout, and the one that is looked at."""
    shown = [("", _("All states"), sum(counts.values()))]
    shown += [
        (value, label, counts.get(value, 0))
        for value, label in Payout.State.choices
        if value in counts or value == state
    ]
    return [
        {"url": f"?state={value}" if value else "?", "label": label, "count": n, "current": value == state}
        for value, label, n in shown
    ]
