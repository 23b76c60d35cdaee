"""What a shopper types: a phone; then a code, a name and the boxes. Each consent is a box of its own, none
ticked."""

from collections.abc import Collection

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Consent
from merchants import phones
from merchants.errors import DomainError


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=24,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel-national"}),
        error_messages={"required": _("Give your mobile number.")},
    )
    store = forms.CharField(required=False, widget=forms.HiddenInput)
    guide = forms.CharField(required=False, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_phone(self) -> str:
        try:
            return phones.parse(self.cleaned_data["phone"])
        except DomainError as refusal:
            raise forms.ValidationError(refusal.words) from None


class CodeForm(PhoneForm):
    """The second screen; the phone goes along hidden."""

    code = forms.CharField(
        label=_("Code from the message"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Give the six digits of the message.")},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget = forms.HiddenInput()


class BoxesForm(forms.Form):
    """Name and consents, for whoever has proven their phone. Only the boxes in `asks` (purposes) are shown
    and answered."""

    store = forms.CharField(required=False, widget=forms.HiddenInput)
    guide = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("What may we call you?"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    membership = forms.BooleanField(
        error_messages={"required": _("Without this consent we may not keep a membership.")}
    )
    known_to_store = forms.BooleanField(required=False)
    marketing = forms.BooleanField(required=False)

    BOXES = {
        Consent.Purpose.MEMBERSHIP: "membership",
        Consent.Purpose.STORE: "known_to_store",
        Consent.Purpose.MARKETING: "marketing",
    }

    def __init__(self, *args, asks: Collection[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for purpose, box in self.BOXES.items():
            if purpose not in asks:
                del self.fields[box]

    def consents(self) -> dict[str, bool]:
        """Purpose → yes or no, of each box that was shown."""
        return {
            str(purpose): self.cleaned_data[box] for purpose, box in self.BOXES.items() if box in self.fields
        }


class JoinForm(CodeForm, BoxesForm):
    """Code, name and consents on one screen."""

    field_order = ["code", "name"]


def put_fault(form: forms.Form, refusal: DomainError) -> None:
    """Where the verb says it was, if the form shows that field; else above it all."""
    shown = refusal.field in form.fields and not form.fields[refusal.field].widget.is_hidden
    form.add_error(refusal.field if shown else None, refusal.words)
