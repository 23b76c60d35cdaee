"""Payments that shares are split from: taken in from the sales told, laid under a payout, and finished.

Locks: a payment's row, after the payout's (docs/adr/0006); orders of it are made under that lock only.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, ExpressionWrapper, F, QuerySet, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from commissions.models import Payout, WechatAccount, WechatOrder, WechatPayment, WechatReceiver
from merchants.models import Merchant
from merchants.scoping import acting_for

SETTLED_AFTER = timedelta(minutes=1)  # before that WeChat Pay may say the payment cannot be split yet
FROZEN_FOR = timedelta(days=179)  # after 180 days WeChat Pay itself unfreezes what is left
MOST_REQUESTS = 49  # of one payment; WeChat Pay takes 50, one is kept for unfreezing
MOST_FINISHED = 500  # a round


class NoRoom(Exception):
    """The payments at hand do not bear the amount under the cap; `room` is what they bear, minor units."""

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.room = room


_TAKE_IN = """
INSERT INTO commissions_wechatpayment
  (merchant_id, seller_id, order_id, transaction_id, amount, paid_at, split, requests)
SELECT t.collector_id, t.merchant_id, t.order_id, t.transaction, sum(t.amount), min(o.paid_at), 0, 0
FROM orders_tender t JOIN orders_order o ON o.id = t.order_id
WHERE t.collector_id = %s AND t.transaction <> '' AND o.currency = 'CNY'
  AND NOT EXISTS (SELECT 1 FROM commissions_wechatpayment p
                  WHERE p.merchant_id = t.collector_id AND p.transaction_id = t.transaction)
GROUP BY t.collector_id, t.merchant_id, t.order_id, t.transaction
ORDER BY min(o.paid_at), t.order_id
ON CONFLICT (merchant_id, transaction_id) DO NOTHING
"""


def take_in(collector: Merchant) -> int:
    """Every payment that was told with a transaction of WeChat Pay and reached this merchant, once; how many were
    new. Told by two sales, the first stands: the rail knows only one payment of that name."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_IN, [collector.pk])
        return cursor.rowcount


def room_of(account: WechatAccount, *, at: datetime | None = None) -> int:
    """What could be split of all payments now, minor units."""
    with acting_for(account.merchant):
        rows = _splittable(account, at=at or timezone.now())
        return rows.aggregate(sum=Sum("room"))["sum"] or 0


def lay(
    payout: Payout, *, amount: int, account: WechatAccount, receiver: WechatReceiver, at: datetime
) -> list[WechatOrder]:
    """Orders for `amount` of the payout over the oldest payments with room, all of it or `NoRoom`. Inside a
    transaction that holds the payout's row, and the sender's scope."""
    chosen, found = [], 0
    tried = WechatOrder.objects.filter(payout=payout).values("payment")
    untried = _splittable(account, at=at).exclude(pk__in=tried).order_by("paid_at", "id")
    for payment_id, room in untried.values_list("id", "room").iterator(chunk_size=500):
        chosen.append(payment_id)
        found += room
        if found >= amount:
            break
    else:
        raise NoRoom(found)
    rows = _splittable(account, at=at).filter(pk__in=chosen).select_for_update(of=("self",))
    number = WechatOrder.objects.filter(payout=payout).count()
    orders, left = [], amount
    for payment in rows.order_by("paid_at", "id"):
        part = min(left, payment.room)  # as the row stands now that it is locked
        if part <= 0:
            continue
        number, left = number + 1, left - part
        payment.split += part
        payment.requests += 1
        payment.save(update_fields=["split", "requests"])
        orders.append(
            WechatOrder(
                merchant=payout.sender,
                kind=WechatOrder.Kind.SHARE,
                number=f"{payout.number}-{number}",
                payment=payment,
                payout=payout,
                payer=payout.merchant,
                receiver=receiver,
                amount=part,
            )
        )
    if left:
        raise NoRoom(amount - left)
    return WechatOrder.objects.bulk_create(orders)


def finish_due(account: WechatAccount, *, at: datetime) -> list[WechatOrder]:
    """Payments older than the merchant lets them stay frozen: nothing more is split of them, and what is left is
    unfrozen by an order of its own."""
    before, made = at - timedelta(days=account.unfreeze_after), []
    with acting_for(account.merchant):
        due = WechatPayment.objects.filter(finished_at=None, paid_at__lt=before).order_by("paid_at", "id")
        open_ = WechatOrder.objects.filter(state__in=WechatOrder.OPEN)
        due = due.exclude(pk__in=open_.values("payment"))
        for payment_id in due.values_list("id", flat=True)[:MOST_FINISHED]:
            with transaction.atomic():
                payment = WechatPayment.objects.select_for_update().get(pk=payment_id)
                if payment.finished_at or open_.filter(payment=payment).exists():
                    continue
                payment.finished_at = at
                payment.save(update_fields=["finished_at"])
                unfreeze = WechatOrder.Kind.UNFREEZE
                made.append(
                    WechatOrder.objects.create(
                        merchant=account.merchant, kind=unfreeze, payment=payment, amount=0
                    )
                )
    return made


def _splittable(account: WechatAccount, *, at: datetime) -> "QuerySet[Any]":
    """Payments with `room`, minor units > 0. What the shopper got back counts whole against each payment of the
    order: whichever it was taken from, never is too much split."""
    oldest = at - min(FROZEN_FOR, timedelta(days=account.unfreeze_after))
    rows = WechatPayment.objects.filter(finished_at=None, requests__lt=MOST_REQUESTS)
    rows = rows.filter(paid_at__gt=oldest, paid_at__lt=at - SETTLED_AFTER)
    kept = Greatest(F("amount") - F("order__refunded_total"), 0)
    # Whole numbers throughout: PostgreSQL's division rounds down, as the cap must.
    room = ExpressionWrapper(kept * account.cap_ppm / 1_000_000 - F("split"), BigIntegerField())
    return rows.annotate(room=room).filter(room__gt=0)
