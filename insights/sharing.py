"""A payout by WeChat Pay as finance reads it: its orders, what the rail's words mean, and what it waits for."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.models import Payout, WechatOrder
from commissions.payouts.wechat import accounts, payments, receivers
from commissions.reasons import percent
from merchants.money import yuan

# What WeChat Pay says → what it means and what to do next. Its codes stand in its pages on profit sharing.
MEANINGS = {
    "NOT_ENOUGH": gettext_lazy(
        "The payment has less left than was to be shared, perhaps after a refund. Another payment is taken; if the"
        " payout failed, pay again."
    ),
    "RULE_LIMIT": gettext_lazy(
        "More than WeChat Pay lets you share of one payment. Ask there for a higher ratio, or pay by bank file."
    ),
    "NO_RELATION": gettext_lazy(
        "WeChat Pay does not know the payee as your receiver. Enter the payee's account there anew, then pay again."
    ),
    "ACCOUNT_ABNORMAL": gettext_lazy(
        "The payee's WeChat Pay account is restricted. Let the payee clear it with WeChat Pay, or pay by bank file."
    ),
    "PAYER_ACCOUNT_ABNORMAL": gettext_lazy(
        "Your WeChat Pay account is restricted. Clear it in its merchant platform, then pay again."
    ),
    "RECEIVER_HIGH_RISK": gettext_lazy(
        "WeChat Pay sees a risk with this payee and shares nothing there. Pay by bank file."
    ),
    "RECEIVER_REAL_NAME_NOT_VERIFIED": gettext_lazy(
        "The payee has not told WeChat Pay a real name. Let the payee do so in WeChat, then pay again."
    ),
    "RECEIVER_RECEIPT_LIMIT": gettext_lazy(
        "The payee has received as much as WeChat Pay allows for now. Pay later, or by bank file."
    ),
    "NO_AUTH": gettext_lazy(
        "Your merchant number may not share. Apply for profit sharing in WeChat Pay's merchant platform."
    ),
    "SIGN_ERROR": gettext_lazy(
        "WeChat Pay does not accept your keys. Let the owner enter the WeChat Pay account anew."
    ),
    "INVALID_REQUEST": gettext_lazy(
        "WeChat Pay refuses this. Check the payee's WeChat Pay account and that the payment was made to be shared."
    ),
    "PARAM_ERROR": gettext_lazy(
        "WeChat Pay refuses this. Check the payee's WeChat Pay account and that the payment was made to be shared."
    ),
    "RESOURCE_NOT_EXISTS": gettext_lazy(
        "It never reached WeChat Pay, so it shared nothing. If the payout failed, pay again."
    ),
    "FREQUENCY_LIMITED": gettext_lazy("WeChat Pay was asked too often. It goes again by itself."),
}
TONES = {"succeeded": "celadon", "closed": "danger", "unknown": "warn"}


@dataclass(frozen=True)
class Part:
    """One order at the rail. `said` are its last words, `means` what they mean, "" where we do not know."""

    order: WechatOrder
    tone: str
    said: str
    means: str
    at: datetime | None


def parts_of(payout: Payout) -> list[Part]:
    """The first made first; inside the sender's scope."""
    rows = WechatOrder.objects.filter(payout=payout).select_related("payment", "receiver").order_by("id")
    return [
        Part(
            row,
            TONES.get(row.state, "plain"),
            row.answer,
            meaning_of(row.answer),
            row.asked_at or row.sent_at,
        )
        for row in rows
    ]


def meaning_of(words: str) -> str:
    return str(MEANINGS.get(words.partition(" ")[0], ""))


def waits_for(payout: Payout) -> str:
    """Why a payout that was made has not been sent, and the next step; "" where it goes with the next round."""
    account = accounts.account_of(payout.sender)
    if account is None:
        return _("You have kept no WeChat Pay merchant account. Let the owner enter it.")
    if receivers.receiver_of(payout.payee, payer=payout.sender) is None:
        return _(
            "It is not known where this payee gets money on WeChat Pay. Enter the payee's WeChat Pay account."
        )
    room = payments.room_of(account)
    if room >= payout.net:
        return ""
    return _(
        "Your shoppers' payments leave %(room)s to share now, under the ratio of %(cap)s%%. It goes by itself when"
        " %(net)s can be shared; to pay sooner, call it off and pay by bank file."
    ) % {"room": yuan(room), "net": yuan(payout.net), "cap": percent(account.cap_ppm)}
