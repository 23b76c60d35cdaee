"""A simulation as a table, a chart and a file."""

import csv
import io

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.payouts.tables import harmless, yuan_of
from commissions.simulation import Change, Simulated

KINDS = {
    "guide": gettext_lazy("Guide"),
    "store": gettext_lazy("Store"),
    "brand": gettext_lazy("Brand"),
    "platform": gettext_lazy("Platform"),
}
IN_THE_CHART = 12


def name_of(change: Change) -> str:
    return change.name or str(KINDS[change.kind])


def chart(told: Simulated) -> list[tuple[str, int]]:
    """(name, difference): the largest ones, gains first."""
    largest = sorted(told.changes, key=lambda change: -abs(change.difference))[:IN_THE_CHART]
    largest = [change for change in largest if change.difference]
    return [
        (name_of(change), change.difference) for change in sorted(largest, key=lambda one: -one.difference)
    ]


def as_csv(told: Simulated) -> str:
    """For a spreadsheet: yuan with two decimals, the sum last."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow([_("Payee"), _("Kind"), _("Id"), _("Before"), _("After"), _("Difference")])
    for one in told.changes:
        amounts = [yuan_of(amount) for amount in (one.before, one.after, one.difference)]
        sheet.writerow([harmless(name_of(one)), str(KINDS[one.kind]), one.ref, *amounts])
    sheet.writerow([_("In all"), "", "", yuan_of(told.before), yuan_of(told.after), yuan_of(0)])
    return "\ufeff" + text.getvalue()
