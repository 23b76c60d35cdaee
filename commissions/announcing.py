"""Tell the stream what moved: one event for each payee and batch, to the principal and to the payee's merchant."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from commissions.models import Share
from events.record import Actor, Happening, record_many


def announce(kind: str, moved: Iterable[tuple[Share, int]], *, by: Actor, at: datetime | None) -> None:
    """`moved` is shares with the amount that moved, in minor units. Shares come loaded with split, order, line,
    store, payee merchant and guide; nothing is told of amounts of zero."""
    heard: dict[tuple[int, int], list[tuple[Share, int]]] = defaultdict(list)
    for share, amount in moved:
        for merchant_id in {share.merchant_id, share.payee_merchant_id}:
            if amount and merchant_id is not None:
                heard[merchant_id, share.payee_id].append((share, amount))
    if heard:
        record_many([_happening(kind, key[0], rows, at) for key, rows in sorted(heard.items())], by=by)


def adjusted(kind: str, share: Share, *, ref: str, amount: int, by: Actor, at: datetime) -> None:
    """What the payee of `share` has from a book was adjusted by `amount`, for the reason whose row is `ref`."""
    if amount:
        concerns = [share.guide.ref, share.guide.user.ref] if share.guide else []
        payload = {"payee": _payee(share), "amount": amount, "currency": share.split.currency, "source": ref}
        merchants = {share.merchant_id, share.payee_merchant_id or share.merchant_id}
        happenings = [
            Happening(kind, merchant_id=pk, subject=_payee(share), payload=payload, concerns=concerns, at=at)
            for pk in sorted(merchants)
        ]
        record_many(happenings, by=by)


def _happening(kind: str, merchant_id: int, rows: list[tuple[Share, int]], at: datetime | None) -> Happening:
    share = rows[0][0]
    payee = _payee(share)
    return Happening(
        kind,
        merchant_id=merchant_id,
        subject=payee,
        payload={
            "payee": payee,
            "amount": sum(amount for _share, amount in rows),
            "currency": share.split.currency,
            "orders": list(dict.fromkeys(share.split.order.ref for share, _amount in rows)),
            "lines": [
                {
                    "order": share.split.order.ref,
                    "line": share.split.line.number,
                    "role": str(share.role),
                    "amount": amount,
                }
                for share, amount in rows
            ],
        },
        concerns=[
            *([share.guide.ref, share.guide.user.ref] if share.guide else []),
            *(share.store.ref for share, _amount in rows),
        ],
        at=at,
    )


def _payee(share: Share) -> str:
    if share.guide:
        return share.guide.ref
    return share.payee_merchant.ref if share.payee_merchant else share.payee.ref
