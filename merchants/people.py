"""A user for a phone: found, or made without a password; they sign in with a code."""

from django.db import IntegrityError, transaction

from merchants import phones
from merchants.models import User


def user_with(*, phone: str, name: str) -> User:
    """The platform's user of this phone (as typed, or E.164); DomainError `phone.invalid` if it is none.
    `name` is only for a new user: nobody renames another merchant's colleague."""
    e164 = phones.parse(phone)
    user = User.objects.by_phone(e164)
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(phone=e164, name=name)
        except IntegrityError:  # made by somebody else a moment ago
            user = User.objects.by_phone(e164)
            if user is None:
                raise
    return user
