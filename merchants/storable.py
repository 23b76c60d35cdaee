"""What a database can keep and every clock here can show: text, instants and dates that come from outside."""

import re
from datetime import UTC, date, datetime

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError

# The calendar's own ends are no places to stand on: the next time zone moves an instant beyond them, and
# PostgreSQL writes years before the first, which Python cannot read.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
OUT_OF_REACH = _("A date here lies between 1 January 2000 and 1 January 2100.")

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """PostgreSQL's text has no place for NUL, and UTF-8 none for half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def in_reach(at: datetime | date) -> bool:
    """Whether an aware instant, or a date, is one that rows may hold."""
    if isinstance(at, datetime):
        return EARLIEST <= at <= LATEST
    return EARLIEST.date() <= at <= LATEST.date()


def check_in_reach(**given: datetime | date | None) -> None:
    """DomainError `date.out_of_reach` naming the first field (`claim_from=…`) that is not; None is no date."""
    for field, at in given.items():
        if at is not None and not in_reach(at):
            raise DomainError(
                "date.out_of_reach",
                OUT_OF_REACH,
                next_step=_("Correct the date and send it again."),
                field=field,
            )
