"""Tell the stream what became of a payout: the payer, the merchant it concerns, and who sends it."""

from datetime import datetime

from commissions.models import Payout
from events.record import Actor, Happening, record_many


def tell(payout: Payout, *, by: Actor, at: datetime) -> None:
    """`payout.created`, `payout.succeeded` and so on: the state it is in now. The payout comes loaded with payee,
    payee merchant and guide."""
    payee = _payee(payout)
    concerned = {payout.merchant_id, payout.sender_id, payout.payee_merchant_id}
    payload = {
        "payout": payout.ref,
        "number": payout.number,
        "payer": payout.merchant.ref,
        "payee": payee,
        "rail": str(payout.rail),
        "currency": payout.currency,
        "gross": payout.gross,
        "recovered": payout.recovered,
        "tax": payout.tax,
        "net": payout.net,
    }
    record_many(
        [
            Happening(
                f"payout.{payout.state}",
                merchant_id=merchant_id,
                subject=payout.ref,
                payload=payload,
                concerns=[payee, *([payout.guide.user.ref] if payout.guide else [])],
                at=at,
            )
            for merchant_id in sorted(merchant_id for merchant_id in concerned if merchant_id is not None)
        ],
        by=by,
    )


def _payee(payout: Payout) -> str:
    if payout.guide:
        return payout.guide.ref
    return payout.payee_merchant.ref if payout.payee_merchant else payout.payee.ref
