from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.payouts.wechat.client import Credentials
from dashboard.forms.fields import AskingForm, WholeField


class Unechoed(forms.Textarea):
    """A secret is not shown again, not even after a mistake elsewhere on the form."""

    def format_value(self, value):
        return ""


class EchoedUnlessSecret(forms.Textarea):
    """A public key; who pastes the private one here is not shown it again."""

    def format_value(self, value):
        return "" if value and "PRIVATE" in str(value) else super().format_value(value)


class WechatAccountForm(AskingForm):
    mchid = forms.CharField(label=_("Merchant number"), max_length=32)
    sub_mchid = forms.CharField(
        label=_("Sub-merchant number"),
        max_length=32,
        required=False,
        help_text=_(
            "Where a service provider signs for you: your own number. The one above is the provider's."
        ),
    )
    appid = forms.CharField(label=_("AppID"), max_length=32)
    serial = forms.CharField(label=_("Serial number of the merchant certificate"), max_length=64)
    private_key = forms.CharField(
        label=_("Private key of the merchant certificate"),
        max_length=8000,
        widget=Unechoed(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The whole content of apiclient_key.pem."),
    )
    apiv3_key = forms.CharField(
        label=_("APIv3 key"),
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    public_key_id = forms.CharField(label=_("Id of WeChat Pay's public key"), max_length=64)
    public_key = forms.CharField(
        label=_("WeChat Pay's public key"),
        max_length=4000,
        widget=EchoedUnlessSecret(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The whole content of pub_key.pem."),
    )
    unfreeze_after = WholeField(
        label=_("Days until what was not shared is yours to use"),
        min_value=1,
        max_value=170,
        initial=30,
        help_text=_("Until then payouts can be made from a payment."),
    )

    def credentials(self) -> Credentials:
        return Credentials(**{k: v for k, v in self.cleaned_data.items() if k != "unfreeze_after"})


class WechatReceiverForm(AskingForm):
    FIELD_OF = {"kind": ""}

    account = forms.CharField(max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(max_length=60)

    def __init__(self, *args, is_guide: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        account, name = self.fields["account"], self.fields["name"]
        account.label = _("Openid in your app") if is_guide else _("Merchant number at WeChat Pay")
        name.label = _("Real name, as WeChat knows it") if is_guide else _("Full name of the merchant")
