"""A notification in words. Its event holds references and amounts only; names are read for who may see
them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from components.formatting import yuan
from guides.models import Guide
from members.search import bound_to
from members.visibility import visible_to
from merchants.scoping import Seat
from notifications.models import Notification


@dataclass(frozen=True)
class Message:
    title: str
    note: str
    at: datetime
    url: str
    unread: bool


def told(notifications: Sequence[Notification], *, seat: Seat, guide: Guide) -> list[Message]:
    refs = {notification.event.payload.get("member") for notification in notifications} - {None}
    seen = visible_to(seat).filter(ref__in=refs)
    names = dict(seen.values_list("ref", "name"))
    own = set(bound_to(seen, guide, at=timezone.now()).values_list("ref", flat=True))
    return [_message(notification, names, own, guide) for notification in notifications]


def _message(notification: Notification, names: dict[str, str], own: set[str], guide: Guide) -> Message:
    payload, kind = notification.event.payload, notification.kind
    member = payload.get("member")
    name = names.get(member) or _("A member")
    order = payload.get("order") or next(iter(payload.get("orders", [])), None)
    url = reverse("workbench:sold", args=[order]) if order else ""
    title, note = kind, ""
    if kind == "member.joined":
        title = _("%(name)s has joined") % {"name": name}
        note = _("You are the own guide of this member") if member in own else ""
    elif kind == "binding.made":
        title = _("You are now %(name)s's own guide") % {"name": name}
    elif kind == "coupon.redeemed":
        title = _("%(name)s has used a coupon") % {"name": name}
        note = _("%(amount)s off") % {"amount": yuan(payload["amount_off"])}
    elif kind == "order.refunded":
        title = _("A sale was refunded")
        note = _("%(amount)s given back") % {"amount": yuan(payload["amount"])}
    elif kind == "commission.clawed":
        title = _("Commission taken back after a refund")
        note = yuan(-payload["amount"])
    elif kind == "appeal.answered":
        title, note = _("An appeal was answered"), _ended(payload, guide)
    if not url and member in names:
        url = reverse("workbench:member", args=[member])
    return Message(title, note, notification.event.at, url, notification.read_at is None)


def _ended(payload: dict[str, Any], guide: Guide) -> str:
    if payload["state"] == "upheld":
        told = (
            _("Upheld: %(amount)s is yours now")
            if payload["payee"] == guide.ref
            else _("Upheld: %(amount)s went to a colleague")
        )
        return told % {"amount": yuan(payload["amount"])}
    return {
        "rejected": _("Rejected: the shares stay as they are"),
        "expired": _("Nobody answered in time: the shares stay as they are"),
        "withdrawn": _("Withdrawn by the guide"),
    }[payload["state"]]
