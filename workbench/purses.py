"""What each payer owes the guide, and what the guide owes back after refunds and appeals, as the phone shows it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from commissions.models import Appeal
from commissions.payouts import receivables, wallet
from commissions.payouts.receivables import Receivable
from commissions.payouts.wallet import Purse
from guides.models import Guide
from merchants.finding import every, not_found
from merchants.models import Merchant
from orders.models import Refund


@dataclass(frozen=True)
class Owed:
    """One receivable that is not wholly made up for, fen; `order_ref` of the sale, "" where it is of none, or not
    one's merchant's to show."""

    item: Receivable
    order_ref: str
    order_no: str

    @property
    def title(self) -> str:
        if self.order_no:
            told = (
                _("Appeal about sale %(no)s") if self.item.source == "appeal" else _("Refund of sale %(no)s")
            )
            return told % {"no": self.order_no}
        titles = {
            "refund": _("Taken back after a refund"),
            "appeal": _("Moved to a colleague after an appeal"),
            "true_up": _("Period true-up"),
        }
        return titles.get(self.item.source, _("Adjustment"))


@dataclass(frozen=True)
class ShownPurse:
    purse: Purse
    is_employer: bool
    owed: list[Owed]


def shown(guide: Guide) -> list[ShownPurse]:
    """Inside the guide's merchant's scope."""
    purses = wallet.purses(guide)
    items = {purse.book.pk: receivables.open_items(purse.book, guide.party) for purse in purses if purse.owed}
    sales = _sales([item for found in items.values() for item in found])
    return [
        ShownPurse(
            purse,
            purse.book.pk == guide.merchant_id,
            [Owed(item, *sales.get(_told_by(item), ("", ""))) for item in items.get(purse.book.pk, [])],
        )
        for purse in purses
    ]


def one(guide: Guide, ref: str) -> Purse:
    """The guide's purse with this payer. NotFound with anyone else."""
    found = next((purse for purse in wallet.purses(guide) if purse.book.ref == ref), None)
    if found is None:
        raise not_found(Merchant)
    return found


def _sales(items: list[Receivable]) -> dict[str, tuple[str, str]]:
    """The reference of a refund or an appeal → its sale's reference and number."""
    sources = {item.source for item in items}
    refs = {_told_by(item) for item in items}
    rows: list[tuple[str, str, str]] = []
    if "refund" in sources:
        refunds = every(Refund).filter(ref__in=refs)
        rows += refunds.values_list("ref", "order__ref", "order__external_no")
    if "appeal" in sources:
        appeals = every(Appeal, by="party").filter(ref__in=refs)
        rows += appeals.values_list("ref", "split__order__ref", "split__order__external_no")
    return {ref: (order_ref, order_no) for ref, order_ref, order_no in rows}


def _told_by(item: Receivable) -> str:
    return item.source_id.partition("/")[0]
