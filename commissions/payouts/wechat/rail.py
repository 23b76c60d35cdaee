"""The rail: what Tiandi does at WeChat Pay for one collecting merchant, from the database alone.

A payout is laid over payments and submitted in one transaction; each part is then claimed, sent and asked about; when
all parts are final the payout is. A part that was refused while others arrived is laid again over other payments,
under another number: a person's part cannot be taken back, so the payout is then finished, not failed.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout, WechatAccount, WechatOrder
from commissions.payouts import answers
from commissions.payouts.wechat import accounts, orders, payments, receivers
from commissions.payouts.wechat.client import Client, Unanswered
from events.record import Actor
from merchants.errors import Conflict, DomainError
from merchants.models import Merchant, Party
from merchants.scoping import acting_for
from orders.models import Tender

logger = logging.getLogger(__name__)

BY = Actor.system("wechat")
PATIENCE = timedelta(seconds=60)  # an answer may still be on its way; and between two questions
CAP_HOLDS = timedelta(hours=1)
RELAID_AT_ONCE = 3  # parts of one payout that were refused; from then on one more an hour
RELAID_LATER = timedelta(hours=1)
MOST = 2_000  # orders a round
ROUND = 45  # seconds; the clock rings again after 60
SILENT = 3  # calls in a row without an answer end a round
Act = Callable[..., WechatOrder | None]
CURRENCY = "CNY"  # WeChat Pay shares no other
State = Payout.State


class WeChat:
    place = Tender.Place.PSP.value

    def missing(self, *, sender: Merchant, payee: Party) -> DomainError | None:
        if accounts.account_of(sender) is None or sender.currency != CURRENCY:
            return DomainError(
                "wechat.no_account",
                _("You have kept no WeChat Pay merchant account."),
                next_step=_("Let the owner enter it, or pay by bank file."),
            )
        if receivers.receiver_of(payee, payer=sender) is None:
            return DomainError(
                "wechat.no_receiver",
                _("It is not known where this payee gets money on WeChat Pay."),
                next_step=_("Enter the payee's WeChat Pay account, or pay by bank file."),
            )
        return None

    def senders(self) -> Iterable[Merchant]:
        return Merchant.objects.filter(wechat_account__isnull=False).order_by("id")

    def work(self, sender: Merchant, *, at: datetime | None = None) -> int:
        """Calls that were answered. See `rails.Rail`."""
        account, clock = accounts.account_of(sender), at
        if account is None:
            return 0
        client, now, until = accounts.client_of(account), clock or timezone.now(), time.monotonic() + ROUND
        payments.take_in(sender)
        if _cap_known(account, client, at=now):
            for payout in _payouts(sender, State.CREATED):
                _through(partial(_begin, payout, account=account, client=client, at=now))
        payments.finish_due(account, at=now)
        silent, answered = 0, 0
        for act, order in _to_do(sender, at=now):
            told = _through(partial(act, order, account=account, client=client, at=clock or timezone.now()))
            if told is not None:
                lost = told.state == WechatOrder.State.UNKNOWN
                silent, answered = (silent + 1, answered) if lost else (0, answered + 1)
            if silent >= SILENT or time.monotonic() > until:
                break  # the rail is down or slow: other merchants' rounds need the worker too
        for payout in _payouts(sender, State.SUBMITTED, State.UNKNOWN, State.HELD):
            _through(partial(conclude, payout, account=account, at=now))
        for payout in _payouts(sender, State.SUCCEEDED, having=WechatOrder.Kind.RETURN):
            _through(partial(conclude_return, payout, at=now))
        return answered


def _to_do(sender: Merchant, *, at: datetime) -> Iterator[tuple[Act, WechatOrder]]:
    """Send first, then ask: whoever was not answered longest comes first."""
    for order in _orders(sender, Q(state=WechatOrder.State.READY)):
        yield orders.send, order
    asked_before = Q(asked_at=None) | Q(asked_at__lte=at - PATIENCE)
    due = Q(state__in=WechatOrder.ASKABLE, sent_at__lte=at - PATIENCE) & asked_before
    for order in _orders(sender, due):
        yield orders.ask, order


def _through(work: Callable[[], WechatOrder | None]) -> WechatOrder | None:
    """One payout's fault stops none of the others; the next round comes back to it."""
    try:
        return work()
    except Exception as error:  # whatever it is
        logger.error("wechat: a step of a round failed: %s", type(error).__name__)
        return None


def conclude(payout: Payout, *, account: WechatAccount, at: datetime) -> None:
    """Tell what its parts come to, once they say so. Told twice nothing changes."""
    with acting_for(payout.sender):
        parts = list(payout.wechat_orders.filter(kind=WechatOrder.Kind.SHARE).order_by("id"))
    if not parts:
        return
    arrived = sum(part.amount for part in parts if part.state == WechatOrder.State.SUCCEEDED)
    if arrived == payout.net:
        answers.succeed(payout, by=BY, at=at)
    elif any(part.is_open for part in parts):
        lost = any(part.state == WechatOrder.State.UNKNOWN for part in parts)
        if lost and payout.state == State.SUBMITTED:
            answers.lost(payout, by=BY, at=at)
    elif not arrived:
        answers.fail(payout, reason=parts[-1].answer, by=BY, at=at)
    elif payout.state != State.HELD and not _refused_lately(parts, at=at):
        _lay_the_rest(payout, account=account, at=at)


def conclude_return(payout: Payout, *, at: datetime) -> None:
    """It came back once all of it has."""
    with acting_for(payout.sender):
        taken = payout.wechat_orders.filter(kind=WechatOrder.Kind.RETURN, state=WechatOrder.State.SUCCEEDED)
        back = sum(taken.values_list("amount", flat=True))
    if back == payout.net:
        answers.come_back(payout, by=BY, at=at)


def _begin(payout: Payout, *, account: WechatAccount, client: Client, at: datetime) -> None:
    """Lay and submit it, all or nothing; what has no receiver or no room waits, and the page says for what."""
    receiver = receivers.receiver_of(payout.payee, payer=payout.sender)
    if receiver is None or payments.room_of(account, at=at) < payout.net:
        return
    try:
        refused = receivers.add(receiver, client=client)
    except Unanswered as why:
        logger.warning("wechat: a receiver of %s: %s", payout.number, why)
        return
    if refused is not None:
        if refused.is_too_fast:
            accounts.slow_down(account)
        else:
            answers.fail(payout, reason=refused.words, by=BY, at=at)
        return
    try:
        with transaction.atomic():
            answers.submit(payout, by=BY, at=at)
            with acting_for(payout.sender):
                payments.lay(payout, amount=payout.net, account=account, receiver=receiver, at=at)
    except (Conflict, payments.NoRoom) as why:  # another worker has it, or took the room
        logger.info("wechat: %s is not begun: %s", payout.number, type(why).__name__)


def _lay_the_rest(payout: Payout, *, account: WechatAccount, at: datetime) -> None:
    with acting_for(payout.sender), transaction.atomic():
        Payout.sent.select_for_update(no_key=True, of=("self",)).get(pk=payout.pk)
        parts = payout.wechat_orders.filter(kind=WechatOrder.Kind.SHARE).select_related("receiver")
        standing = [part for part in parts if part.state != WechatOrder.State.CLOSED]
        left = payout.net - sum(part.amount for part in standing)
        receiver = standing[0].receiver if standing else None  # the rail knows it: it got the rest there
        if left <= 0 or receiver is None or any(part.is_open for part in standing):
            return  # another worker has laid it
        try:
            payments.lay(payout, amount=left, account=account, receiver=receiver, at=at)
        except payments.NoRoom as why:
            logger.info("wechat: %s lacks %d for its rest", payout.number, left - why.room)


def _refused_lately(parts: list[WechatOrder], *, at: datetime) -> bool:
    """A rail that refuses whatever is laid is not tried every minute."""
    refused = [part.asked_at for part in parts if part.state == WechatOrder.State.CLOSED and part.asked_at]
    return len(refused) >= RELAID_AT_ONCE and max(refused) > at - RELAID_LATER


def _cap_known(account: WechatAccount, client: Client, *, at: datetime) -> bool:
    """Ask for the merchant's ratio cap where the rail tells it (to service providers); else what was kept holds."""
    if not account.sub_mchid or account.cap_asked_at and at - account.cap_asked_at < CAP_HOLDS:
        return True
    try:
        answer = client.cap()
    except Unanswered:
        return account.cap_asked_at is not None
    ratio = answer.body.get("max_ratio")
    if answer.status != 200 or not isinstance(ratio, int) or not 0 <= ratio <= 10_000:
        logger.error("wechat: the cap of %s is not told: %s", account.merchant.ref, answer.code)
        return account.cap_asked_at is not None
    account.cap_ppm, account.cap_asked_at = ratio * 100, at
    with acting_for(account.merchant):
        account.save(update_fields=["cap_ppm", "cap_asked_at"])
    return True


def _payouts(sender: Merchant, *states: State, having: str = "") -> list[Payout]:
    with acting_for(sender):
        rows = Payout.sent.filter(rail=Payout.Rail.WECHAT, currency=CURRENCY, state__in=states)
        if having:
            returns = WechatOrder.objects.filter(kind=having)
            rows = rows.filter(pk__in=returns.values("payout"))
        return list(rows.select_related(*answers.NAMED).order_by("id")[:MOST])


def _orders(sender: Merchant, which: Q) -> list[WechatOrder]:
    with acting_for(sender):
        rows = WechatOrder.objects.filter(which).order_by(F("asked_at").asc(nulls_first=True), "id")
        return list(rows.select_related("merchant", "payment", "receiver", "of", "receiver__merchant")[:MOST])
