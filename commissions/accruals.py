"""A sale becomes splits, shares and transfers: once, whoever asks and however often.

Locks: the order's row first, in order of id; then the totals that tiers and caps look at, if a plan has any
(docs/adr/0006). Two workers with one order: the second waits, then
sees that there is nothing left to do; the unique line of a split holds it in any case.
"""

from collections.abc import Collection as Several
from datetime import datetime

from django.db import transaction

from commissions import announcing, assessing, stories
from commissions.models import Collection, Contribution, Share, Split
from commissions.sheets import Sheet
from events.record import Actor
from events.rows import write
from ledger.transfers import post
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.models import Order

WORKER = Actor.system("commissions")


def book(order: Order, *, by: Actor = WORKER) -> list[Split]:
    """Split every line of the order and book it; returns its splits, also those that stood already."""
    with acting_for(order.merchant):
        book_all([order.id], seller=order.merchant, by=by)
        return list(
            Split.party.filter(order=order).select_related("line", "merchant").order_by("line__number")
        )


@transaction.atomic
def book_all(order_ids: Several[int], *, seller: Merchant, by: Actor = WORKER) -> list[Sheet]:
    """Book the orders of one seller in one go, inside its scope; returns what is new, a sheet a line."""
    orders = _locked(order_ids)
    sheets = assessing.assess(orders, seller=seller)
    if not sheets:
        return []
    # The shares last: with them each split is complete, and the database adds it up.
    write(Split, (sheet.split for sheet in sheets))
    write(Collection, (row for sheet in sheets for row in sheet.collections))
    write(Contribution, (row for sheet in sheets for row in sheet.contributions))
    write(Share, (share for sheet in sheets for share in sheet.shares))
    post(stories.sold(sheet.split, sheet.collections, sheet.contributions, sheet.shares) for sheet in sheets)
    sheets[0].totals.write()
    announcing.announce(
        "commission.booked",
        [(share, share.amount) for sheet in sheets for share in sheet.shares],
        by=by,
        at=max(sheet.split.at for sheet in sheets),
    )
    return sheets


def unbooked(*, recorded_before: datetime) -> list[int]:
    """Orders of the merchant in scope whose lines are not all split: for the sweeper, oldest first."""
    missing = Order.objects.filter(lines__split=None, recorded_at__lt=recorded_before)
    return list(missing.order_by("id").values_list("id", flat=True).distinct())


def _locked(order_ids: Several[int]) -> list[Order]:
    orders = (
        Order.objects.filter(id__in=order_ids).select_for_update(no_key=True, of=("self",)).order_by("id")
    )
    return list(orders.prefetch_related("store"))
