"""How staff sign in: allauth's machinery over our users, phones, codes and seals."""

import io
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.fields import EmailField, PhoneField
from allauth.account.forms import ConfirmLoginCodeForm, LoginForm, RequestLoginCodeForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from events.record import Actor, Happening, record_many
from members import phone_codes
from merchants import phones, sealing
from merchants.client_ip import client_ip
from merchants.errors import DomainError
from merchants.models import User
from merchants.scoping import seats

PURPOSE = "staff.sign_in"


class StaffPhoneField(PhoneField):
    """allauth's own demands a country code; ours takes what a Chinese shop assistant types."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Phone"), **kwargs, "validators": []})
        self.widget.attrs |= {"placeholder": "138 0000 0000", "inputmode": "tel"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return phones.parse(text) if text else text
        except DomainError as refusal:
            raise as_fault(refusal) from None


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail or password is not right. Check both, or sign in by phone."),
        "too_many_login_attempts": _("Too many attempts. Wait a few minutes, then try again."),
        "incorrect_password": _("This password is not right."),
        "enter_current_password": _("This is not your present password."),
        "rate_limited": _("Too many attempts. Wait a few minutes, then try again."),
    }

    def get_login_stages(self) -> list[str]:
        """A code, then the second step if there is one. Who appoints people vouches for phone and e-mail."""
        return ["allauth.account.stages.LoginByCodeStage", "allauth.mfa.stages.AuthenticateStage"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only faults: allauth also greets, and repeats the phone number that a code went to."""
        if level >= messages.ERROR:
            super().add_message(request, level, *args, **kwargs)

    # --- phones: sealed, found by fingerprint ---

    def phone_form_field(self, **kwargs: Any) -> StaffPhoneField:
        return StaffPhoneField(**kwargs)

    def get_user_by_phone(self, phone: str) -> User | None:
        user = User.objects.by_phone(phone)
        return user if user and user.is_active else None

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        user.set_phone(phone, verified=verified)
        user.save(update_fields=["phone_sealed", "phone_hash", "phone_verified"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        self.set_phone(user, phone, True)

    # --- codes: allauth would keep them in clear, so it never sees one ---

    def generate_phone_verification_code(self, *, user: User, phone: str) -> str:
        """Nothing: allauth accepts no code when it expects none. `ConfirmCodeForm` asks phone_codes."""
        return ""

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        phone_codes.send(phone=phone, purpose=PURPOSE, ip=client_ip(context.request))

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        phone_codes.pretend(phone=phone, purpose=PURPOSE, ip=client_ip(context.request))

    # --- the audit ---

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        tell(user, "signin.succeeded")
        return super().post_login(request, user, **kwargs)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        if user := User.objects.filter(email=credentials.get("email")).first():
            tell(user, "signin.refused")


class SecondStepAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is not right. Wait for the next one in the app and type it; a recovery code works once, so use "
            "one that is still new."
        ),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text.encode())

    def get_totp_label(self, user: User) -> str:
        return user.email or user.masked_phone

    def get_totp_issuer(self) -> str:
        return str(_("Tiandi"))

    def build_totp_svg(self, url: str) -> str:
        """On white with its quiet zone, so that it is read off a dark page too."""
        out = io.BytesIO()
        segno.make(url, micro=False).save(out, kind="svg", border=4, scale=4, light="#fff", xmldecl=False)
        return out.getvalue().decode()


class PasswordForm(LoginForm):
    """E-mail and password; a phone signs in with a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = EmailField(label=_("E-mail"))
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class RequestCodeForm(RequestLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"]
        self.fields["phone"].required = True


class ConfirmCodeForm(ConfirmLoginCodeForm):
    """Takes `phone` beside allauth's `code`, which is always empty here."""

    def __init__(self, *args: Any, phone: str = "", **kwargs: Any) -> None:
        self.phone = phone
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs = {
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "maxlength": 8,
        }

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        try:
            phone_codes.check(phone=self.phone, purpose=PURPOSE, code=code)
        except DomainError as refusal:
            if refusal.code == "code.wrong" and (user := User.objects.by_phone(self.phone)):
                tell(user, "signin.refused")
            raise as_fault(refusal) from None
        return code


def as_fault(refusal: DomainError) -> ValidationError:
    """A refusal for a form: what happened, and the next step."""
    return ValidationError(refusal.words, code=refusal.code)


def tell(user: User, kind: str) -> None:
    """An event for every merchant the user may act for."""
    happenings = [
        Happening(kind, seat.merchant.id, user.ref, {"user": user.ref}, (user.ref,)) for seat in seats(user)
    ]
    if happenings:
        with transaction.atomic():
            record_many(happenings, by=Actor.user(user.ref))
