"""A merchant's share is asked back. A person's never: WeChat Pay has no way to take it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout, WechatOrder, WechatReceiver
from events.record import Actor, record
from merchants.errors import Conflict, DomainError
from merchants.scoping import acting_for

Kind, State = WechatOrder.Kind, WechatOrder.State


def can_ask_back(payout: Payout) -> bool:
    """Whether `ask_back` would have something to ask; inside the sender's scope."""
    return (
        payout.rail == Payout.Rail.WECHAT
        and payout.state == Payout.State.SUCCEEDED
        and payout.net > 0
        and bool(_not_asked(payout))
    )


def ask_back(payout: Payout, *, by: Actor, at: datetime | None = None) -> list[WechatOrder]:
    """Make an order for each part that has not come back; the rail is told by the next round, and the payout comes
    back once all of it has. DomainError `wechat.person_keeps`; Conflict `wechat.nothing_to_ask_back`."""
    if payout.guide_id:
        raise DomainError(
            "wechat.person_keeps",
            _("What was shared to a person stays there: WeChat Pay does not take it back."),
            next_step=_("What a refund takes from her is kept from her next payouts by itself."),
        )
    with acting_for(payout.sender), transaction.atomic():
        locked = Payout.sent.select_for_update(no_key=True, of=("self",)).get(pk=payout.pk)
        parts = _not_asked(locked) if can_ask_back(locked) else []
        if not parts:
            raise Conflict(
                "wechat.nothing_to_ask_back",
                _("There is nothing of this payout to ask back now."),
                next_step=_(
                    "Look at its orders: what was asked back already is being worked on, or is back."
                ),
            )
        made = [
            WechatOrder.objects.create(
                merchant=payout.sender,
                kind=Kind.RETURN,
                payment=part.payment,
                payout=payout,
                payer=payout.merchant,
                receiver=part.receiver,
                of=part,
                amount=part.amount,
            )
            for part in parts
        ]
        record(
            "payout.asked_back",
            merchant_id=payout.sender_id,
            subject=payout.ref,
            payload={"payout": payout.ref, "number": payout.number, "parts": len(made)},
            concerns=[],
            by=by,
            at=at,
        )
    return made


def _not_asked(payout: Payout) -> list[WechatOrder]:
    shares = WechatOrder.objects.filter(payout=payout, kind=Kind.SHARE, state=State.SUCCEEDED)
    shares = shares.filter(receiver__kind=WechatReceiver.Kind.MERCHANT)
    asked = WechatOrder.objects.filter(kind=Kind.RETURN).exclude(state=State.CLOSED)
    return list(
        shares.exclude(pk__in=asked.values("of")).select_related("payment", "receiver").order_by("id")
    )
