"""Reconciliation: the rails' bills, what of them agrees with what was paid, and every break between."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from commissions.models import Break, RailBill
from commissions.reconciliation import looking, reading, working
from commissions.reconciliation.importing import import_bill
from commissions.reconciliation.matching import Kind
from dashboard import access
from dashboard.access import needs
from dashboard.forms.reconciliation import BillForm
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_blamed_on
from insights import reconciling

DAYS, BILLS = timedelta(days=13), 10
MOST_DOWNLOADED = 50_000  # breaks in one file


@needs("ledger.read")
def index(request: HttpRequest) -> HttpResponse:
    """`?state=` shows the breaks that stand so, the open ones unless told; `?format=csv` downloads them."""
    asked = request.GET.get("state", "")
    state = asked if asked in Break.State.values else Break.State.OPEN.value
    rows = reading.breaks().filter(state=state)
    if request.GET.get("format") == "csv":
        return _as_csv(rows, f"breaks-{timezone.localdate()}")
    found = newest_first(rows, request.GET.get("cursor", ""))
    bills = newest_first(reading.bills(), request.GET.get("bills", ""), size=BILLS)
    counts = reconciling.by_state()
    context = {
        "rows": reconciling.named(found.rows),
        "next": found.next,
        "state": state,
        "tabs": [
            {
                "url": f"?state={value}",
                "label": label,
                "count": counts.get(value, 0),
                "current": value == state,
            }
            for value, label in Break.State.choices
        ],
        "open_count": counts.get(Break.State.OPEN, 0),
        "bills": bills.rows,
        "next_bills": bills.next,
        "days": reconciling.of_days(request.seat.merchant, since=timezone.localdate() - DAYS),
        "may_write": request.seat.may("payouts.write"),
    }
    return page(request, "dashboard/reconciliation/index.html", context, section="reconciliation")


@needs("payouts.write")
def take_in(request: HttpRequest) -> HttpResponse:
    """A POST imports a bill, whole or not at all, and leads to what it found."""
    yesterday = timezone.localdate() - timedelta(days=1)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = BillForm(*given, yesterday=yesterday)
    if form.is_bound and form.is_valid():
        asked = form.cleaned_data
        file = asked.pop("file")
        with refusals_blamed_on(form):
            bill, is_new = import_bill(
                merchant=request.seat.merchant,
                file=file.read(),
                name=file.name,
                by=request.seat.actor,
                **asked,
            )
            _tell(request, bill, is_new=is_new)
            return redirect("rail_bill", bill.ref)
    status = 422 if form.is_bound else 200
    return page(
        request,
        "dashboard/reconciliation/import.html",
        {"form": form},
        section="reconciliation",
        status=status,
    )


@require_POST
@needs("payouts.write")
def look(request: HttpRequest) -> HttpResponse:
    looked = looking.look_again(merchant=request.seat.merchant, by=request.seat.actor)
    told = _("Looked again: %(cleared)s cleared by themselves, %(opened)s new.")
    messages.success(request, told % {"cleared": looked.cleared, "opened": looked.opened})
    return redirect("reconciliation")


@needs("ledger.read")
def bill(request: HttpRequest, ref: str) -> HttpResponse:
    """`?kind=` shows one kind of break, or the lines that agree; `?format=csv` downloads the breaks."""
    bill = access.rail_bill(request, ref)
    kind = request.GET.get("kind", "")
    rows = reading.breaks().filter(bill=bill)
    if kind in Kind.values:
        rows = rows.filter(kind=kind)
    if request.GET.get("format") == "csv":
        return _as_csv(rows, f"breaks-{bill.first_day}-{bill.last_day}")
    sums, back = reconciling.sums(bill), reconciling.sums_back(bill)
    agrees = kind == "matched"
    found = newest_first(reading.matched(bill) if agrees else rows, request.GET.get("cursor", ""))
    context = {
        "bill": bill,
        "sums": sums,
        "back": back,
        "difference": sums.difference - back.difference,
        "rows": reconciling.named(found.rows),
        "next": found.next,
        "kind": kind,
        "tabs": _tabs(sums.parts + back.parts, kind),
        "words": working.words_offered(bill),
        "by": reconciling.imported_by([bill]).get(bill.imported_by, ""),
        "may_write": request.seat.may("payouts.write"),
    }
    return page(request, "dashboard/reconciliation/bill.html", context, section="reconciliation")


def _tabs(parts: Iterable[reconciling.Part], kind: str) -> list[dict[str, object]]:
    """All breaks, each kind there is, and what agrees."""
    counts: Counter[str] = Counter()
    for part in parts:
        if part.kind != "known":
            counts[part.kind] += part.count
    shown = {"": counts.total() - counts["matched"]} | counts
    labels = {"": _("All breaks")} | reconciling.PARTS
    return [
        {
            "url": f"?kind={value}" if value else "?",
            "label": labels[value],
            "count": n,
            "current": value == kind,
        }
        for value, n in shown.items()
    ]


def _tell(request: HttpRequest, bill: RailBill, *, is_new: bool) -> None:
    if not is_new:
        messages.info(request, _("This file was imported before. Nothing has changed."))
        return
    new = bill.lines.count()
    known_count = bill.lines_count + bill.back_count - new
    words = ngettext("%(n)s new line was read.", "%(n)s new lines were read.", new) % {"n": new}
    if known_count:
        known = ngettext("%(n)s was known.", "%(n)s were known.", known_count) % {"n": known_count}
        words = _("%(sentence)s %(next_sentence)s") % {"sentence": words, "next_sentence": known}
    messages.success(request, words)


def _as_csv(rows: QuerySet[Break], name: str) -> HttpResponse:
    text = reconciling.as_csv(reconciling.named(rows.order_by("pk")[:MOST_DOWNLOADED]))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
