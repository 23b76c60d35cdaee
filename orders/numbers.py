"""The numbers that merchants' systems give their sales and refunds."""

from django.utils.translation import gettext_lazy as _

from merchants.errors import DomainError

LONGEST = 64


def check_number(number: str, *, code: str, field: str) -> None:
    """DomainError `code` unless the number can be printed on one line, read out and found again."""
    if 0 < len(number) <= LONGEST and number.isprintable():
        return
    raise DomainError(
        code,
        _("A number has 1 to %(most)d characters, and no line break or other control character.")
        % {"most": LONGEST},
        next_step=_("Correct the number and send it again."),
        field=field,
    )
