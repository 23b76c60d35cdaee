"""Who gets shares by WeChat Pay: a merchant number or a person's openid, kept by each payer and added at the rail."""

import re
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import WechatReceiver
from commissions.payouts.wechat.client import Answer, Client
from events.record import Actor, record
from merchants import sealing
from merchants.errors import DomainError
from merchants.models import Merchant, Party
from merchants.scoping import acting_for

Kind = WechatReceiver.Kind
_ACCOUNT = {Kind.MERCHANT: re.compile(r"[0-9]{6,32}"), Kind.PERSON: re.compile(r"[0-9A-Za-z_-]{10,64}")}
_RELATION = {Kind.MERCHANT: "PARTNER", Kind.PERSON: "STAFF"}


def keep(
    *,
    payer: Merchant,
    party: Party,
    kind: str,
    account: str,
    name: str,
    by: Actor,
    at: datetime | None = None,
) -> WechatReceiver:
    """From now on the payer's shares for the party go there. `name` is the merchant's full name, or the person's as
    WeChat Pay knows it. DomainError `wechat_receiver.invalid` with the field."""
    at, account, name = at or timezone.now(), account.strip(), " ".join(name.split())
    if kind not in _ACCOUNT:
        raise _invalid("kind")
    kind = Kind(kind)
    if (party.kind == Party.Kind.GUIDE) != (kind == Kind.PERSON):
        raise _invalid("kind")
    if not _ACCOUNT[kind].fullmatch(account):
        raise _invalid("account")
    if not 0 < len(name) <= 60 or not name.isprintable():
        raise _invalid("name")
    with acting_for(payer), transaction.atomic():
        Merchant.objects.select_for_update(no_key=True).get(pk=payer.pk)  # a payer's receivers take turns
        WechatReceiver.objects.filter(party=party, ended_at=None).update(ended_at=at)
        receiver = WechatReceiver.objects.create(
            merchant=payer,
            party=party,
            kind=kind,
            account_sealed=sealing.seal(account),
            account_hash=_fingerprint(account),
            ending=account[-4:],
            name_sealed=sealing.seal(name),
            kept_by=by.ref,
            kept_at=at,
        )
        record(
            "wechat_receiver.kept",
            merchant_id=payer.pk,
            subject=receiver.ref,
            payload={"receiver": receiver.ref, "payee": party.ref, "kind": str(kind)},
            concerns=[party.ref],
            by=by,
            at=at,
        )
    return receiver


def receiver_of(party: Party, *, payer: Merchant) -> WechatReceiver | None:
    with acting_for(payer):
        return WechatReceiver.objects.filter(merchant=payer, party=party, ended_at=None).first()


def account_of(receiver: WechatReceiver) -> str:
    """In clear, for the rail alone. RuntimeError if the row was tampered with."""
    account = sealing.unseal(receiver.account_sealed)
    if _fingerprint(account) != bytes(receiver.account_hash):
        raise RuntimeError(f"{receiver.ref} does not hold the account that was kept")
    return account


def name_of(receiver: WechatReceiver) -> str:
    return sealing.unseal(receiver.name_sealed)


def add(receiver: WechatReceiver, *, client: Client) -> Answer | None:
    """Make the rail know it, once; None if it did, else the rail's refusal. May raise `Unanswered`."""
    if receiver.added_at:
        return None
    answer = client.add_receiver(
        kind=receiver.kind,
        account=account_of(receiver),
        name=name_of(receiver),
        relation=_RELATION[Kind(receiver.kind)],
    )
    if answer.status != 200:
        return answer
    with acting_for(receiver.merchant):
        WechatReceiver.objects.filter(pk=receiver.pk, added_at=None).update(added_at=timezone.now())
    return None


def _fingerprint(account: str) -> bytes:
    return sealing.fingerprint(account, purpose="wechat-receiver")


def _invalid(field: str) -> DomainError:
    return DomainError(
        "wechat_receiver.invalid",
        _("WeChat Pay cannot share to this."),
        next_step=_(
            "A guide needs an openid of your app and her real name; a merchant its number and full name."
        ),
        field=field,
    )
