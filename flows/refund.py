"""Money goes back to a shopper. What each line's shares give back follows the event."""

from events.record import Actor
from merchants.models import Merchant
from orders import refunds
from orders.facts import RefundFacts
from orders.models import ParkedRefund, Refund


def refunded(
    facts: RefundFacts, *, by: Actor, brands_of: Merchant | None = None
) -> tuple[Refund | ParkedRefund, bool]:
    """(refund, is_new); a `ParkedRefund` when the order has not come yet. See orders.refunds.refund for
    refusals. `brands_of` is the brand owner who told the sale, if the seller did not (flows.purchase)."""
    return refunds.refund(facts, by=by, teller=brands_of)
