"""What each payer owes the guide, and what the guide owes back after refunds, as the phone shows it."""

from dataclasses import dataclass

from commissions.payouts import receivables, wallet
from commissions.payouts.receivables import Receivable
from commissions.payouts.wallet import Purse
from guides.models import Guide
from merchants.finding import every, not_found
from merchants.models import Merchant
from orders.models import Refund


@dataclass(frozen=True)
class Owed:
    """One clawback that is not wholly made up for, fen; `order_ref` of the sale, "" where it is not one's
    merchant's to show."""

    item: Receivable
    order_ref: str
    order_no: str


@dataclass(frozen=True)
class ShownPurse:
    purse: Purse
    is_employer: bool
    owed: list[Owed]


def shown(guide: Guide) -> list[ShownPurse]:
    """Inside the guide's merchant's scope."""
    purses = wallet.purses(guide)
    items = {purse.book.pk: receivables.open_items(purse.book, guide.party) for purse in purses if purse.owed}
    refunds = _refunds([item for found in items.values() for item in found])
    return [
        ShownPurse(
            purse,
            purse.book.pk == guide.merchant_id,
            [Owed(item, *refunds.get(_refund_of(item), ("", ""))) for item in items.get(purse.book.pk, [])],
        )
        for purse in purses
    ]


def one(guide: Guide, ref: str) -> Purse:
    """The guide's purse with this payer. NotFound with anyone else."""
    found = next((purse for purse in wallet.purses(guide) if purse.book.ref == ref), None)
    if found is None:
        raise not_found(Merchant)
    return found


def _refunds(items: list[Receivable]) -> dict[str, tuple[str, str]]:
    """The refund's reference → the sale's reference and number."""
    refs = {_refund_of(item) for item in items}
    if not refs:
        return {}
    rows = every(Refund).filter(ref__in=refs).values_list("ref", "order__ref", "order__external_no")
    return {ref: (order_ref, order_no) for ref, order_ref, order_no in rows}


def _refund_of(item: Receivable) -> str:
    return item.source_id.partition("/")[0] if item.source == "refund" else ""
