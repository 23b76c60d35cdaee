"""Refunds told before their sale that have given nothing back: those that wait for it, and those that did not fit it
when it came. The latter stand until finance puts them away; then they are history of their sale."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from merchants.errors import Conflict
from merchants.scoping import Seat
from merchants.storable import EARLIEST
from orders.models import Order, ParkedRefund
from orders.oversight import READ, SeenOrder, lines_elsewhere, receipts_of

MOST = 50  # of a kind on a page, the newest first
_REFUSED = ~Q(refused_code="")
_UNKNOWN = _("It does not fit the sale.")
REASONS = {
    "refund.in_future": _("It is dated in the future."),
    "refund.too_early": _("It is dated before %(year)d.") % {"year": EARLIEST.year},
    "refund.before_sale": _("It is dated before the sale."),
    "refund.not_on_order": _("It names an article or a line that is not on the sale."),
    "refund.above_quantity": _("It takes back more pieces than were sold and had not come back."),
    "refund.above_paid": _("It gives back more than was paid and not given back before."),
    "refund.nothing": _("It says no amount and no pieces to give back."),
    "refund.line_unclear": _(
        "It names payments for an article that stands on several lines, and not the line."
    ),
    "refund.tenders_differ": _("The payments it names do not come to what it gives back."),
    "refund.tender_unknown": _(
        "It names a payment that did not pay this line, or that whoever told it cannot give back."
    ),
    "refund.above_tender": _("It gives more back on a payment than that paid and had not come back."),
    "refund.reused_number": _("Its number belongs to another refund."),
    "refund.not_kept": _("It clashed with another refund of the sale."),
}


@dataclass(frozen=True)
class Refused:
    """`order` is the ref of the sale that came; "" where the reader may not open it."""

    parked: ParkedRefund
    order: str

    @property
    def reason(self) -> str:
        """In plain words of the active language."""
        return str(REASONS.get(self.parked.refused_code, _UNKNOWN))


def waiting(seat: Seat, *, partners: bool) -> list[ParkedRefund]:
    """Told by the merchant, for its own stores' sales or for others', which have not come. No store is known of them,
    so only who reads all orders is told."""
    return list(_told(seat, partners=partners).filter(applied_at=None)[:MOST])


def refused(seat: Seat, *, partners: bool) -> list[Refused]:
    """Those that did not fit the sale that came and that nobody has put away, for the same readers."""
    rows = list(_told(seat, partners=partners).filter(_REFUSED, put_away_at=None)[:MOST])
    refs = _sales(seat, rows, partners=partners) if rows else {}
    return [Refused(row, refs.get(_sale(row), "")) for row in rows]


def of_sale(seat: Seat, seen: SeenOrder) -> list[Refused]:
    """Those told of this sale, put away or not, in the order they were told: all to the seller, to another merchant
    those of its own word."""
    order = seen.order
    if seen.whole:
        rows = ParkedRefund.objects.filter(teller=order.teller_id)
    elif order.teller_id == seat.merchant.pk and _reads_all(seat):
        rows = ParkedRefund.told.filter(merchant=order.merchant_id)
    else:
        return []
    number = {"channel": order.channel, "order_external_no": order.external_no}
    return [Refused(row, order.ref) for row in rows.filter(_REFUSED, **number).order_by("id")]


def put_away(parked: ParkedRefund, *, by: Actor, at: datetime | None = None) -> ParkedRefund:
    """It was looked at, and nothing more will come of it: it leaves the list. Twice is as once. Conflict
    `refund.not_refused` for one that waits or was given back."""
    with scope(merchant=parked.merchant), transaction.atomic():
        row = ParkedRefund.objects.select_for_update(no_key=True).get(pk=parked.pk)
        if not row.refused_code:
            raise _not_refused(row)
        if row.put_away_at is None:
            row.put_away_at = at or timezone.now()
            row.save(update_fields=["put_away_at"])
            _tell(row, by=by)
    return row


def _tell(row: ParkedRefund, *, by: Actor) -> None:
    """To the merchant whose word it was."""
    number = {"teller": row.teller_id, "channel": row.channel, "external_no": row.order_external_no}
    order = Order.objects.values_list("ref", flat=True).get(**number)
    record(
        "refund.put_away",
        merchant_id=row.teller_id,
        subject=row.ref,
        payload={"order": order, "code": row.refused_code, "amount": row.amount},
        concerns=[],
        by=by,
        at=row.put_away_at,
    )


def _told(seat: Seat, *, partners: bool) -> QuerySet[ParkedRefund]:
    if not _reads_all(seat):
        return ParkedRefund.told.none()
    own = Q(merchant=seat.merchant)
    return ParkedRefund.told.filter(~own if partners else own).order_by("-id")


def _reads_all(seat: Seat) -> bool:
    return any(apt.may(READ) and apt.org_unit.parent_id is None for apt in seat.appointments)


def _sale(row: ParkedRefund) -> tuple[int, str, str]:
    return row.merchant_id, row.channel, row.order_external_no


def _sales(seat: Seat, rows: Iterable[ParkedRefund], *, partners: bool) -> dict[tuple[int, str, str], str]:
    """The refs of their sales that the seat may open: by seller, channel and number."""
    numbers = {row.order_external_no for row in rows}
    told_by = seat.merchant
    own = receipts_of(seat).filter(teller=told_by, external_no__in=numbers)
    elsewhere = lines_elsewhere(seat).filter(order__teller=told_by, order__external_no__in=numbers).distinct()
    found = (
        elsewhere.values_list("order__merchant", "order__channel", "order__external_no", "order__ref")
        if partners
        else own.values_list("merchant", "channel", "external_no", "ref")
    )
    return {(seller, channel, number): ref for seller, channel, number, ref in found}


def _not_refused(row: ParkedRefund) -> Conflict:
    words = (
        _("The refund %(number)s was given back.")
        if row.applied_at
        else _("The refund %(number)s still waits for its sale.")
    )
    return Conflict(
        "refund.not_refused",
        words % {"number": row.external_no},
        next_step=_("Only a refund that did not fit its sale can be put away."),
    )
