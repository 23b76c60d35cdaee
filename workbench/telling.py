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
from orders.visibility import visible_to as orders_of


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
    articles = _articles(notifications, seat)
    return [_message(notification, names, own, articles, guide) for notification in notifications]


def _articles(notifications: Sequence[Notification], seat: Seat) -> dict[tuple[str, int], str]:
    """(sale, line) → what was sold, of the sales that this seat may see."""
    told = [notification.event.payload for notification in notifications]
    refs = {ref for payload in told for ref in [payload.get("order"), *payload.get("orders", [])] if ref}
    lines = orders_of(seat).filter(ref__in=refs).values_list("ref", "lines__number", "lines__sku__name")
    return {(ref, number): name for ref, number, name in lines} if refs else {}


def _goods(payload: dict[str, Any], articles: dict[tuple[str, int], str]) -> str:
    lines = payload.get("lines", [])  # a refund numbers them, a share names order and line
    keys = [(line.get("order", payload.get("order")), line.get("number", line.get("line"))) for line in lines]
    names = [articles[key] for key in keys if key in articles]
    return _(", ").join(dict.fromkeys(names))


def _message(
    notification: Notification,
    names: dict[str, str],
    own: set[str],
    articles: dict[tuple[str, int], str],
    guide: Guide,
) -> Message:
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
        title = _("%(name)s brought goods back") % {"name": name}
        note = _("%(amount)s given back") % {"amount": yuan(payload["amount"])}
        note = _noted(_goods(payload, articles), note)
    elif kind == "commission.clawed":
        title = _("Commission taken back after a refund")
        note = _noted(_goods(payload, articles), yuan(-payload["amount"]))
    elif kind == "appeal.answered":
        title, note = _("An appeal was answered"), _ended(payload, guide)
    elif kind == "payee_account.kept":
        title = _("Your bank account for payouts was changed")
        note = _("Not by you. Look at it; if it is not yours, tell your manager before you withdraw.")
        url = reverse("workbench:account")
    elif kind.startswith("payout."):
        title, note = _of_a_payout(kind, payload)
        url = reverse("workbench:payout", args=[payload["payout"]])
    if not url and member in names:
        url = reverse("workbench:member", args=[member])
    return Message(title, note, notification.event.at, url, notification.read_at is None)


def _of_a_payout(kind: str, payload: dict[str, Any]) -> tuple[str, str]:
    amount = {"amount": yuan(payload["net"] or payload["gross"])}
    if kind == "payout.succeeded" and not payload["net"]:
        return _("%(amount)s made up for what you owed back") % amount, ""
    if kind == "payout.succeeded":
        return _("%(amount)s has arrived at your account") % amount, ""
    due = _("It is payable again. Check your bank account, then withdraw it anew.")
    if kind == "payout.failed":
        return _("%(amount)s could not be paid to you") % amount, due
    return _("The bank sent %(amount)s back") % amount, due


def _noted(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


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
