"""The bank's files: what goes there, and the results that come back. They hold account numbers in clear."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from commissions.models import BankFile, Payout
from commissions.payouts import bank_file, bank_results, reading
from dashboard import access
from dashboard.access import needs
from dashboard.forms.payouts import ResultsForm
from dashboard.frame import page
from dashboard.refusals import refusals_told
from insights import payables
from merchants.errors import DomainError

_MEANS = {
    bank_results.Answer.SUCCEEDED: Payout.State.SUCCEEDED.label,
    bank_results.Answer.FAILED: Payout.State.FAILED.label,
    bank_results.Answer.RETURNED: Payout.State.RETURNED.label,
    bank_results.Answer.WAITING: gettext_lazy("Still being worked on"),
}


@require_POST
@needs("payouts.write")
def export(request: HttpRequest) -> HttpResponse:
    """Everything that waits to go by bank file, in one; it can be downloaded again later."""
    merchant = request.seat.merchant
    with refusals_told(request):
        file = bank_file.export(book=merchant, payouts=reading.to_export(), by=request.seat.actor)
        return _as_csv(file, request)
    return redirect("payouts")


@needs("payouts.write")
def download(request: HttpRequest, ref: str) -> HttpResponse:
    return _as_csv(access.bank_file(request, ref), request)


@needs("payouts.write")
def results(request: HttpRequest) -> HttpResponse:
    """A POST imports a file: what landed, what it told nothing new of, and every row that did not fit."""
    form = ResultsForm(request.POST, request.FILES) if request.method == "POST" else ResultsForm()
    imported, status = None, 200
    if form.is_bound:
        imported = _imported(request, form)
        status = 200 if imported else 422
    context = {
        "form": form,
        "imported": imported,
        "moved": payables.named(_loaded(imported.moved)) if imported else [],
        "name": form.cleaned_data["file"].name if imported else "",
        "words": [(_MEANS[answer], words) for answer, words in bank_results.WORDS.items()],
    }
    return page(request, "dashboard/payouts/results.html", context, section="payouts", status=status)


def _imported(request: HttpRequest, form: ResultsForm) -> bank_file.Imported | None:
    if not form.is_valid():
        return None
    try:
        return bank_file.import_results(
            book=request.seat.merchant, file=form.cleaned_data["file"].read(), by=request.seat.actor
        )
    except DomainError as refusal:
        form.blame(refusal)
        return None


def _loaded(payouts: list) -> list:
    rows = {row.pk: row for row in reading.of_sender().filter(pk__in=[payout.pk for payout in payouts])}
    return [rows[payout.pk] for payout in payouts]


def _as_csv(file: BankFile, request: HttpRequest) -> HttpResponse:
    content = bank_file.content(file, by=request.seat.actor)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bank-{file.number}.csv"'
    response["Cache-Control"] = "no-store"
    return response
