"""A merchant's standing with WeChat Pay: kept sealed, opened for the client alone, and paced."""

import re
import time
from datetime import datetime, timedelta
from functools import partial

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import WechatAccount, WechatOrder
from commissions.payouts.wechat.client import Client, Credentials
from events.record import Actor, record
from merchants import sealing
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for

A_SECOND = 30  # calls of one collecting merchant that WeChat Pay bears
TOO_FAST = timedelta(seconds=5)  # what one waits after it has said so
_PLAIN = {
    "mchid": r"[0-9]{6,32}",
    "sub_mchid": r"([0-9]{6,32})?",
    "appid": r"[0-9A-Za-z]{6,32}",
    "serial": r"[0-9A-Fa-f]{8,64}",
    "public_key_id": r"PUB_KEY_ID_[0-9A-Za-z]{8,53}",
    "apiv3_key": r"[!-~]{32}",
}


def keep(
    *,
    merchant: Merchant,
    credentials: Credentials,
    by: Actor,
    unfreeze_after: int = 30,
    at: datetime | None = None,
) -> WechatAccount:
    """From now on the merchant's shares go by these credentials. What is under way is asked about under the same
    merchant numbers: they cannot be changed while anything is. DomainError `wechat_account.invalid` with the field,
    `wechat_account.in_use`."""
    at = at or timezone.now()
    for name, pattern in _PLAIN.items():
        if not re.fullmatch(pattern, getattr(credentials, name)):
            raise _invalid(name)
    _check_keys(credentials)
    if not 1 <= unfreeze_after <= 170:
        raise _invalid("unfreeze_after")
    with acting_for(merchant), transaction.atomic():
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        known = WechatAccount.objects.filter(merchant=merchant).first()
        numbers = (credentials.mchid, credentials.sub_mchid)
        if known and (known.mchid, known.sub_mchid) != numbers and _has_sent(merchant):
            raise DomainError(
                "wechat_account.in_use",
                _("Shares were already sent under another merchant number."),
                next_step=_("Keep the number; only its keys can be replaced."),
                field="mchid",
            )
        account, _made = WechatAccount.objects.update_or_create(
            merchant=merchant,
            defaults={
                "mchid": credentials.mchid,
                "sub_mchid": credentials.sub_mchid,
                "appid": credentials.appid,
                "serial": credentials.serial,
                "private_key_sealed": sealing.seal(credentials.private_key),
                "apiv3_key_sealed": sealing.seal(credentials.apiv3_key),
                "public_key_id": credentials.public_key_id,
                "public_key": credentials.public_key,
                "unfreeze_after": unfreeze_after,
                "cap_asked_at": None,
                "kept_by": by.ref,
                "kept_at": at,
            },
        )
        record(
            "wechat_account.kept",
            merchant_id=merchant.pk,
            subject=account.ref,
            payload={"account": account.ref, "mchid": account.mchid, "sub_mchid": account.sub_mchid},
            concerns=[],
            by=by,
            at=at,
        )
    return account


def account_of(merchant: Merchant) -> WechatAccount | None:
    with acting_for(merchant):
        return WechatAccount.objects.filter(merchant=merchant).select_related("merchant").first()


def client_of(account: WechatAccount) -> Client:
    """RuntimeError when the sealed keys do not open."""
    credentials = Credentials(
        mchid=account.mchid,
        sub_mchid=account.sub_mchid,
        appid=account.appid,
        serial=account.serial,
        private_key=sealing.unseal(account.private_key_sealed),
        apiv3_key=sealing.unseal(account.apiv3_key_sealed),
        public_key_id=account.public_key_id,
        public_key=account.public_key,
    )
    return Client(credentials, pace=partial(wait_for_turn, account))


def wait_for_turn(account: WechatAccount) -> None:
    """Take the merchant's next free moment and wait until it comes: all workers together stay below the pace."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE commissions_wechataccount"
            " SET next_call_at = greatest(next_call_at, clock_timestamp()) + %s * interval '1 second' WHERE id = %s"
            " RETURNING extract(epoch FROM next_call_at - %s * interval '1 second' - clock_timestamp())",
            [1 / A_SECOND, account.pk, 1 / A_SECOND],
        )
        (seconds,) = cursor.fetchone()
    time.sleep(max(0.0, float(seconds)))


def slow_down(account: WechatAccount) -> None:
    """The rail said it was too fast: nobody calls for a while."""
    with acting_for(account.merchant):
        WechatAccount.objects.filter(pk=account.pk).update(next_call_at=timezone.now() + TOO_FAST)


def _has_sent(merchant: Merchant) -> bool:
    return WechatOrder.objects.filter(merchant=merchant).exists()


def _check_keys(credentials: Credentials) -> None:
    try:
        private = load_pem_private_key(credentials.private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _invalid("private_key") from None
    try:
        public = load_pem_public_key(credentials.public_key.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise _invalid("public_key") from None
    if not isinstance(private, RSAPrivateKey) or private.key_size < 2048:
        raise _invalid("private_key")
    if not isinstance(public, RSAPublicKey) or public.key_size < 2048:
        raise _invalid("public_key")


def _invalid(field: str) -> DomainError:
    return DomainError(
        "wechat_account.invalid",
        _("This is not what WeChat Pay's merchant platform shows."),
        next_step=_("Copy it from there: account centre, API security."),
        field=field,
    )
