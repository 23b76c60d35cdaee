"""The numbers of the workbench's own sales, as a receipt shows them: `261122-7F3K-9QXM`."""

import re
from datetime import date

from merchants.refs import letters

_NUMBER = re.compile(r"\d{6}-[0-9A-Z]{4}-[0-9A-Z]{4}", re.ASCII)


def new_number(day: date) -> str:
    """The business date, then chance; one that is taken after all shows as another sale and is given anew."""
    return f"{day:%y%m%d}-{letters(4)}-{letters(4)}".upper()


def is_number(text: str) -> bool:
    """Is this a sale number as we give them?"""
    return bool(_NUMBER.fullmatch(text))
