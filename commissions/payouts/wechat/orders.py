"""An order to WeChat Pay: claimed before it is sent, sent once, asked about until the answer is final.

The claim is written and committed before the call. So two workers cannot both send, and one that dies in between
leaves a number to ask about, never one to send again.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from commissions.models import WechatAccount, WechatOrder, WechatPayment
from commissions.payouts.wechat import accounts
from commissions.payouts.wechat.client import Answer, Client, Unanswered
from commissions.payouts.wechat.receivers import account_of, name_of
from merchants.scoping import acting_for

logger = logging.getLogger(__name__)

Kind, State = WechatOrder.Kind, WechatOrder.State
SIGNED_WITHIN = 60  # seconds after the claim; a signature lives 300 at the rail
NEVER_CAME = timedelta(minutes=10)  # so a number the rail does not know after that never reaches it
NOT_THERE = "RESOURCE_NOT_EXISTS"
NOT_ENOUGH = "NOT_ENOUGH"  # the payment has less left than we thought
WORDS = 200


class Told(NamedTuple):
    """What the rail said of an order, in our words."""

    state: WechatOrder.State
    words: str = ""
    rail_number: str = ""


def send(order: WechatOrder, *, account: WechatAccount, client: Client, at: datetime) -> WechatOrder | None:
    """None if somebody else has it, or had it. The order comes with payment, receiver and `of`."""
    client.sign_before(time.time() + SIGNED_WITHIN)
    try:
        if not claim(order, at=at):
            return None
        answer = _call(order, client)
    except Unanswered as why:
        return settle(order, Told(State.UNKNOWN, str(why)), at=at)
    finally:
        client.sign_before(None)
    if answer.is_too_fast:  # it was not looked at: the same number waits for its turn
        accounts.slow_down(account)
        return settle(order, Told(State.READY, answer.words), at=at)
    if answer.is_refusal:
        return settle(order, Told(State.CLOSED, answer.words), at=at)
    return settle(order, _read(order, answer), at=at)


def ask(order: WechatOrder, *, account: WechatAccount, client: Client, at: datetime) -> WechatOrder | None:
    """By the same number; None where it was too early to ask."""
    try:
        answer = _question(order, client)
    except Unanswered as why:
        return settle(order, Told(State.UNKNOWN, str(why)), at=at)
    if answer.is_too_fast:
        accounts.slow_down(account)
        return None
    if answer.code == NOT_THERE and order.state != State.PROCESSING and _never_came(order, at=at):
        return settle(order, Told(State.CLOSED, answer.words), at=at)
    if answer.is_refusal:  # the question was refused, not the order
        return settle(order, Told(State.UNKNOWN, answer.words), at=at)
    return settle(order, _read(order, answer), at=at)


def claim(order: WechatOrder, *, at: datetime) -> bool:
    """Whoever turns it from ready to sent sends it. Durable: committed before this returns."""
    with acting_for(order.merchant), transaction.atomic(durable=True):
        mine = WechatOrder.objects.filter(pk=order.pk, state=State.READY)
        return bool(mine.update(state=State.SENT, sent_at=at))


def settle(order: WechatOrder, told: Told, *, at: datetime) -> WechatOrder:
    """Keep what was told. A final state stays; of a refused share its payment has the room again."""
    with acting_for(order.merchant), transaction.atomic():
        rows = WechatOrder.objects.select_for_update(of=("self",)).select_related("merchant", "payment")
        row = rows.get(pk=order.pk)
        if not row.is_open:
            if told.state in (State.SUCCEEDED, State.CLOSED) and told.state != row.state:
                logger.error("wechat: %s is %s here and %s there", row.number, row.state, told.state)
            return row
        if row.state == State.PROCESSING and told.state == State.UNKNOWN:
            told = told._replace(state=State.PROCESSING)  # known to be there; only this answer was lost
        row.state, row.asked_at, row.answer = told.state, at, told.words[:WORDS]
        row.rail_number = row.rail_number or told.rail_number[:64]
        row.save(update_fields=["state", "asked_at", "answer", "rail_number"])
        if row.kind == Kind.SHARE and row.state == State.CLOSED:
            _give_room_back(row, at=at)
    return row


def _give_room_back(order: WechatOrder, *, at: datetime) -> None:
    payment = WechatPayment.objects.select_for_update().get(pk=order.payment_id)
    payment.split -= order.amount
    if order.answer.startswith(NOT_ENOUGH) and payment.finished_at is None:
        payment.finished_at = at
    payment.save(update_fields=["split", "finished_at"])


def _call(order: WechatOrder, client: Client) -> Answer:
    transaction_id = order.payment.transaction_id
    if order.kind == Kind.UNFREEZE:
        return client.unfreeze(transaction=transaction_id, number=order.number)
    receiver = order.receiver
    assert receiver is not None  # held by the database
    if order.kind == Kind.RETURN:
        assert order.of is not None
        mchid = account_of(receiver)
        return client.take_back(number=order.number, share=order.of.number, mchid=mchid, amount=order.amount)
    is_person = receiver.kind == receiver.Kind.PERSON
    return client.share(
        transaction=transaction_id,
        number=order.number,
        kind=receiver.kind,
        account=account_of(receiver),
        name=name_of(receiver) if is_person else "",
        amount=order.amount,
    )


def _question(order: WechatOrder, client: Client) -> Answer:
    if order.kind == Kind.RETURN:
        assert order.of is not None
        return client.take_back_asked(number=order.number, share=order.of.number)
    return client.share_asked(transaction=order.payment.transaction_id, number=order.number)


def _read(order: WechatOrder, answer: Answer) -> Told:
    """An answer about another order than ours tells nothing of ours."""
    body = answer.body
    if order.kind == Kind.RETURN:
        ours = (order.number, order.amount)
        if (body.get("out_return_no"), body.get("amount")) != ours:
            return _of_another()
        return _state(body.get("result"), body, str(body.get("return_id", "")))
    if (body.get("out_order_no"), body.get("transaction_id")) != (order.number, order.payment.transaction_id):
        return _of_another()
    known_as = str(body.get("order_id", ""))
    if order.kind == Kind.UNFREEZE:
        return _state("SUCCESS" if body.get("state") == "FINISHED" else "PENDING", body, known_as)
    part = _part(order, body)
    if part is None:
        return _of_another() if body.get("state") == "FINISHED" else Told(State.PROCESSING, "", known_as)
    return _state(part.get("result"), part, known_as)


def _part(order: WechatOrder, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """What it says of our receiver; the rest unfrozen to the merchant stands beside it."""
    assert order.receiver is not None
    ours = (order.receiver.kind, account_of(order.receiver), order.amount)
    parts = [part for part in body.get("receivers") or () if isinstance(part, dict)]
    return next((p for p in parts if (p.get("type"), p.get("account"), p.get("amount")) == ours), None)


def _state(result: object, told: Mapping[str, Any], rail_number: str) -> Told:
    if result == "SUCCESS":
        return Told(State.SUCCEEDED, "", rail_number)
    if result in ("CLOSED", "FAILED"):
        return Told(State.CLOSED, str(told.get("fail_reason") or result), rail_number)
    if result in ("PENDING", "PROCESSING"):
        return Told(State.PROCESSING, "", rail_number)
    return Told(State.UNKNOWN, f"{result}", rail_number)


def _of_another() -> Told:
    return Told(State.UNKNOWN, "the answer is of another order")


def _never_came(order: WechatOrder, *, at: datetime) -> bool:
    return order.sent_at is not None and at - order.sent_at >= NEVER_CAME
