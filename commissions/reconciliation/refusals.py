"""Why a bill is refused, in words with the next step. Nothing of a refused bill is kept."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchants.errors import Conflict, DomainError
from merchants.money import yuan

NO_AMOUNT = _("there is no amount in yuan above zero")
NO_DAY = _("there is no date")
NO_RESULT = _("its result is not one we know")
NO_DIRECTION = _("its direction is not a word we know")
NO_TYPE = _("its type is not a word we know, so it may have left or come back")
BOTH_WAYS = _("one column calls it money out, another money in")
NO_WAY = _("it has a minus and is called money out, so it may have left or come back")
NO_TOTAL = _("there is no total in yuan")
SAY_WHICH_WAY = _(
    "Add a column “Direction” that says “out” or “in” for each line, and import it again. "
    "Nothing of this file was kept."
)
_WHOLE = _("Download it from the rail anew and import it as it is. Nothing of this file was kept.")


def unreadable() -> DomainError:
    return _of_file(
        "bill.unreadable",
        _("This is not a bill that can be read."),
        _("Use the rail's CSV, in UTF-8 or GB18030, up to 20 MB."),
    )


def no_columns() -> DomainError:
    return _of_file(
        "bill.no_columns",
        _("This file has no headings for number, amount and date."),
        _("Use the rail's own file, with its headings in Chinese or English."),
    )


def too_long(most: int) -> DomainError:
    return _of_file(
        "bill.too_long",
        _("This bill has more than %(most)s lines.") % {"most": f"{most:,}"},
        _("Download fewer days at once, and import them one after the other."),
    )


def bad_row(row: int, why: Any, *, next_step: Any = _WHOLE) -> DomainError:
    return DomainError(
        "bill.bad_row",
        _("Line %(line)s of the file cannot be read: %(why)s.") % {"line": row, "why": why},
        next_step=next_step,
        field="file",
        extra={"line": row},
    )


def cut_off() -> DomainError:
    return _of_file("bill.cut_off", _("This bill does not end with its totals."), _WHOLE)


def totals_differ(*, told: int, found: int) -> DomainError:
    return DomainError(
        "bill.totals_differ",
        _("This bill says %(told)s in all, its lines come to %(found)s.")
        % {"told": yuan(told), "found": yuan(found)},
        next_step=_WHOLE,
        field="file",
        extra={"told": told, "found": found},
    )


def other_days(row: int) -> DomainError:
    return DomainError(
        "bill.other_days",
        _("Line %(line)s is of a day outside of those you entered.") % {"line": row},
        next_step=_("Enter the first and the last day that the bill covers."),
        field="first",
        extra={"line": row},
    )


def wrong_days(most: int) -> DomainError:
    return DomainError(
        "bill.wrong_days",
        _("A bill covers at most %(most)s days, up to today, the first before the last.") % {"most": most},
        next_step=_("Enter the first and the last day that the bill covers."),
        field="first",
    )


def imported_meanwhile() -> Conflict:
    return Conflict(
        "bill.imported_meanwhile",
        _("Somebody has just imported this file."),
        next_step=_("Look at the bill in the list; nothing was kept twice."),
        field="file",
    )


def worked() -> Conflict:
    return Conflict(
        "break.worked",
        _("Somebody has worked this break already."),
        next_step=_("Look at what was done before you go on."),
    )


def no_note() -> DomainError:
    return DomainError(
        "break.no_note",
        _("An explanation needs words."),
        next_step=_("Write what the difference comes from, in up to 500 characters."),
        field="note",
    )


def no_word() -> Conflict:
    return Conflict(
        "break.no_word",
        _("This break is not cleared by what the bill says."),
        next_step=_(
            "Only a payout that was sent can take the bill's word: while it waits for its answer that it was paid, and "
            "until it has come back here that it came back."
        ),
    )


def _of_file(code: str, message: Any, next_step: Any) -> DomainError:
    return DomainError(code, message, next_step=next_step, field="file")
