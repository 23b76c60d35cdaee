import pytest

from merchants import phones, sealing
from merchants.errors import DomainError
from merchants.models import User


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
    ],
)
def test_a_number_has_one_form_however_typed(typed, e164):
    assert phones.parse(typed) == e164


@pytest.mark.parametrize("typed", ["", "12345", "1380013800a", "+8612345"])
def test_what_is_no_number_is_refused_with_the_next_step(typed):
    with pytest.raises(DomainError) as refusal:
        phones.parse(typed)
    assert refusal.value.code == "phone.invalid" and refusal.value.next_step


@pytest.mark.parametrize(
    ("e164", "mobile"),
    [
        ("+8613800138000", True),
        ("+8617012345678", True),
        ("+447400123456", True),
        ("+14155552671", True),  # in North America nobody can tell
        ("+861065552288", False),
        ("+85221234567", False),
        ("+19005551234", False),
        ("+449098790123", False),
        ("+881612345678", False),
        ("+8821612345678", False),
    ],
)
def test_messages_go_to_mobile_phones_and_not_to_lines_that_earn_by_the_call(e164, mobile):
    assert phones.parse(e164) == e164 and phones.takes_messages(e164) is mobile


def test_a_number_is_shown_masked():
    assert phones.mask("+8613800138000") == "138****8000"
    assert phones.mask("+85251234567") == "+852 ****67"


def test_a_sealed_number_opens_after_the_key_is_rotated(settings):
    sealed = sealing.seal("+8613800138000")
    assert b"138" not in sealed
    old = settings.SEALING_KEYS
    settings.SEALING_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", *old]
    resealed = sealing.reseal(sealed)
    settings.SEALING_KEYS = settings.SEALING_KEYS[:1]
    assert sealing.unseal(resealed) == "+8613800138000"
    with pytest.raises(RuntimeError):
        sealing.unseal(sealed)


def test_fingerprints_of_two_purposes_cannot_be_joined():
    assert sealing.fingerprint("1", purpose="phone") != sealing.fingerprint("1", purpose="coupon")


def test_a_user_is_found_by_phone_and_keeps_it_sealed(db):
    user = User.objects.create_user(name="林小雨", phone="+8613800138000")
    assert User.objects.by_phone("+8613800138000") == user
    assert user.masked_phone == "138****8000"
    assert b"138" not in bytes(user.phone_sealed)
