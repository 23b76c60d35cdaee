"""What WeChat Pay tells by itself: verified, at most 300 seconds old, once a notice.

A notice can only bring a share to its end that we sent and that it describes to the fen; whatever else it says is kept
and changes nothing. Asking by the number (rail.py) would have found the same.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout, WechatAccount, WechatNotice, WechatOrder
from commissions.payouts import answers
from commissions.payouts.wechat import accounts, orders
from commissions.payouts.wechat.rail import conclude
from commissions.payouts.wechat.receivers import account_of
from merchants.errors import Conflict, Forbidden, NotFound
from merchants.models import Merchant
from merchants.scoping import acting_for
from merchants.storable import is_storable

MOST_BYTES = 100_000


def take(*, merchant_ref: str, headers: Mapping[str, str], body: bytes, at: datetime | None = None) -> bool:
    """Take a notice sent to the merchant's address; True if it was new. NotFound `wechat.no_account`; Forbidden
    `wechat.notice_unverified`: signed by another, too old, or about another merchant; Conflict
    `wechat.notice_changed`: the same id with another content."""
    merchant = Merchant.objects.filter(ref=merchant_ref).first()
    account = accounts.account_of(merchant) if merchant else None
    if account is None:
        raise NotFound("wechat.no_account", _("There is nothing here."))
    if len(body) > MOST_BYTES or headers.get("Wechatpay-Serial") != account.public_key_id:
        raise _unverified()  # before any key is opened: that takes a while, and anybody may ask
    notice = accounts.client_of(account).opened(headers, body)
    if notice is None or not _is_for(account, notice["resource"]):
        raise _unverified()
    notice_id, number = notice.get("id"), str(notice["resource"].get("out_order_no") or "")[:64]
    kind = str(notice.get("event_type") or "")[:40]
    if not isinstance(notice_id, str) or not 0 < len(notice_id) <= 64:
        raise _unverified()
    if not is_storable(notice_id + number + kind):
        raise _unverified()
    at = at or timezone.now()
    is_new, order = _kept(account, notice_id, notice, kind, number, at=at)
    if order is not None and order.payout_id:
        with acting_for(account.merchant):
            payout = Payout.sent.select_related(*answers.NAMED).get(pk=order.payout_id)
        conclude(payout, account=account, at=at)
    return is_new


def _kept(
    account: WechatAccount, notice_id: str, notice: dict[str, Any], kind: str, number: str, *, at: datetime
) -> tuple[bool, WechatOrder | None]:
    """Whether it is new, and the share it brought to its end, if any."""
    said = json.dumps([notice.get("event_type"), notice["resource"]], sort_keys=True).encode()
    content_hash = hashlib.sha256(said).digest()
    with acting_for(account.merchant), transaction.atomic():
        row, is_new = WechatNotice.objects.get_or_create(
            merchant=account.merchant,
            notice_id=notice_id,
            defaults={
                "content_hash": content_hash,
                "kind": kind,
                "number": number,
                "received_at": at,
            },
        )
        if not is_new:
            if bytes(row.content_hash) != content_hash:
                raise Conflict(
                    "wechat.notice_changed", _("A notice with this number said something else before.")
                )
            return False, None
        order = _told_of(number, notice["resource"])
        if order is None or notice.get("event_type") != "TRANSACTION.SUCCESS":
            return True, None
        return True, orders.settle(order, orders.Told(WechatOrder.State.SUCCEEDED), at=at)


def _is_for(account: WechatAccount, said: dict[str, Any]) -> bool:
    """A service provider's key signs for many: whose money moved stands inside."""
    if account.sub_mchid:
        return (said.get("sp_mchid"), said.get("sub_mchid")) == (account.mchid, account.sub_mchid)
    return said.get("mchid") == account.mchid


def _told_of(number: str, said: dict[str, Any]) -> WechatOrder | None:
    share = WechatOrder.objects.filter(number=number, kind=WechatOrder.Kind.SHARE, sent_at__isnull=False)
    order = share.select_related("merchant", "payment", "receiver", "payout").first()
    if order is None or order.receiver is None:
        return None
    got = said.get("receiver") or {}
    ours = (order.payment.transaction_id, order.receiver.kind, account_of(order.receiver), order.amount)
    theirs = (said.get("transaction_id"), got.get("type"), got.get("account"), got.get("amount"))
    return order if ours == theirs else None


def _unverified() -> Forbidden:
    return Forbidden(
        "wechat.notice_unverified", _("This is not signed by WeChat Pay for this merchant, or too old.")
    )
