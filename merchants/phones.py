"""Phone numbers: E.164 in code, sealed at rest, found by a fingerprint, shown masked."""

import phonenumbers
from django.utils.translation import gettext_lazy as _

from merchants import sealing
from merchants.errors import DomainError


def parse(text: str, *, region: str = "CN") -> str:
    """The E.164 form of what somebody typed (`138 0013 8000` → `+8613800138000`); DomainError when it is no number."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise DomainError(
            "phone.invalid",
            _("This is not a valid phone number."),
            next_step=_(
                "Check the digits; for a number outside mainland China begin with + and the country code."
            ),
            field="phone",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def takes_messages(e164: str) -> bool:
    """Is this a mobile phone of a country, or may it be? Codes go nowhere else: lines of shops and offices have no
    screen, and who answers premium and satellite numbers is paid by whoever sends."""
    number = phonenumbers.parse(e164, None)
    of_a_country = phonenumbers.region_code_for_number(number) != phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
    return of_a_country and phonenumbers.number_type(number) in _MOBILE


_MOBILE = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,  # as all of North America
)


def fingerprint(e164: str) -> bytes:
    """What a number is looked up by."""
    return sealing.fingerprint(e164, purpose="phone")


def mask(e164: str) -> str:
    """`138****8000`; other countries keep their code and the last two digits."""
    if e164.startswith("+86") and len(e164) == 14:
        return f"{e164[3:6]}****{e164[-4:]}"
    number = phonenumbers.parse(e164, None)
    return f"+{number.country_code} ****{e164[-2:]}"
