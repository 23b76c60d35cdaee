"""A policy's dry run as a table, a chart and a file."""

import csv
import io

from django.utils.translation import gettext as _

from commissions.attribution_trial import GuideTried, Tried
from commissions.payouts.tables import harmless, yuan_of

IN_THE_CHART = 12


def name_of(one: GuideTried) -> str:
    return one.name or _("Nobody")


def chart(told: Tried) -> list[tuple[str, int]]:
    """(name, difference in minor units): the largest ones, gains first."""
    largest = sorted(told.guides, key=lambda one: -abs(one.difference))[:IN_THE_CHART]
    return [
        (name_of(one), one.difference)
        for one in sorted(largest, key=lambda one: -one.difference)
        if one.difference
    ]


def as_csv(told: Tried) -> str:
    """Guide by guide, for a spreadsheet: yuan with two decimals, the sum last."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(
        [_("Guide"), _("Id"), _("Lines before"), _("Lines after"), _("Before"), _("After"), _("Difference")]
    )
    for one in told.guides:
        amounts = [yuan_of(amount) for amount in (one.before, one.after, one.difference)]
        sheet.writerow([harmless(name_of(one)), one.ref, one.lines_before, one.lines_after, *amounts])
    total = [yuan_of(amount) for amount in (told.before, told.after, told.after - told.before)]
    sheet.writerow([_("In all"), "", "", "", *total])
    return "\ufeff" + text.getvalue()


def lines_as_csv(told: Tried) -> str:
    """Every line that changes guide, a row for each guide before and after."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(
        [_("Order"), _("Line"), _("Store"), _("Paid at"), "", _("Guide"), _("Commission"), _("Why")]
    )
    for line in told.changed:
        for when, held in [(_("Before"), line.before), (_("After"), line.after)]:
            for one in held:
                where = [harmless(line.order_no), line.line, harmless(line.store), line.at.isoformat()]
                who = harmless(one.name or _("Nobody"))
                sheet.writerow([*where, when, who, yuan_of(one.amount), one.reason])
    return "\ufeff" + text.getvalue()
