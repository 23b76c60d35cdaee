"""Money goes back to a shopper. What each line's shares give back follows the event."""

from events.record import Actor
from orders import refunds
from orders.facts import RefundFacts
from orders.models import ParkedRefund, Refund


def refunded(facts: RefundFacts, *, by: Actor) -> tuple[Refund | ParkedRefund, bool]:
    """(refund, is_new); a `ParkedRefund` when the order has not come yet. See orders.refunds.refund for
    refusals."""
    return refunds.refund(facts, by=by)
