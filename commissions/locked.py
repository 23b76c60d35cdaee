"""Lines of a batch that finance has approved and nobody has posted yet: for some minutes nothing may change what they
come to. A refund of such a line is taken back once it is payable, and an appeal is answered then. The database refuses
whoever does not ask here (migration 0019).

Locks: the batches that may be approved, shared, before the splits (docs/adr/0006): approving waits for who is at it.
"""

from collections.abc import Collection

from django.db import connection
from django.utils.translation import gettext_lazy as _

from merchants.errors import Conflict

_HOLD = """
SELECT b.id FROM commissions_settlementbatch b
WHERE b.needs_approval AND b.state IN ('open', 'frozen')
  AND b.merchant_id IN (
    SELECT merchant_id FROM commissions_split WHERE order_id = ANY(%(orders)s) AND settlement = 'T1'
  )
ORDER BY b.id FOR SHARE OF b
"""

_LOCKED = """
SELECT s.id FROM commissions_split s
JOIN commissions_settlementbatch b ON b.merchant_id = s.merchant_id AND b.state = 'approved'
WHERE s.order_id = ANY(%(orders)s) AND s.settlement = 'T1' AND s.business_date <= b.business_date
  AND s.id > b.cursor AND s.id <= b.last_split
  AND NOT EXISTS (SELECT FROM commissions_settlementitem i WHERE i.split_id = s.id)
"""


def splits_of(order_ids: Collection[int]) -> set[int]:
    """The orders' splits that are locked now, whoever's book they stand in; none of the others will be until the
    transaction ends."""
    given = {"orders": list(order_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, given)
        cursor.execute(_LOCKED, given)
        return {pk for (pk,) in cursor.fetchall()}


def refuse() -> Conflict:
    return Conflict(
        "settlement.locked",
        _("This line stands in a settlement that is approved and becomes payable within minutes."),
        next_step=_("Try again once it is payable."),
    )
