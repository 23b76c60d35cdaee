"""Appeals as people see them: a guide the lines of a sale, headquarters what waits for an answer."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When
from django.utils import timezone

from commissions.appeal_terms import is_given_back, last_day
from commissions.models import Appeal, Share, Split
from guides.models import Guide
from merchants.business_day import business_date
from merchants.scoping import Seat, acting_for
from orders.models import Order, OrderLine


@dataclass(frozen=True)
class LineAppealed:
    """How a line stands for one guide: the last appeal, if any, and until when there may be another; none once all of
    it was given back."""

    line: OrderLine
    appeal: Appeal | None
    until: date
    given_back: bool
    may_appeal: bool


def standing(order: Order, guide: Guide, *, at: datetime | None = None) -> list[LineAppealed]:
    """The split lines of a sale of the guide's merchant, in order."""
    at = at or timezone.now()
    with acting_for(guide.merchant):
        splits = Split.party.filter(order=order).select_related(
            "merchant", "line__sku", "store", "counterparty"
        )
        mine = {
            row.split_id: row for row in Appeal.party.filter(split__order=order, guide=guide).order_by("id")
        }
        in_order = list(splits.order_by("line__number"))
    found, ends = [], dict[int, date]()
    for split in in_order:
        until = ends.setdefault(split.merchant_id, last_day(split))
        today = business_date(at, zone=split.store.time_zone, cut_off=split.counterparty.cut_off)
        row = mine.get(split.pk)
        open_ = row is not None and row.is_open
        gone = is_given_back(split.line)
        may = today <= until and not open_ and not gone
        found.append(LineAppealed(split.line, row, until, gone, may))
    return found


def sources(row: Appeal) -> list[Share]:
    """From which shares of the line it could be taken: guides' first, then the principal's own; never from who appeals.
    Inside the book's scope."""
    shares = Share.objects.filter(split=row.split_id).select_related("merchant", "guide", "payee_merchant")
    could = [
        share
        for share in shares.order_by("number")
        if share.held and share.guide_id != row.guide_id and share.is_the_books_to_move
    ]
    return sorted(could, key=lambda share: (share.guide_id is None, share.number))


def in_book(seat: Seat) -> QuerySet[Appeal]:
    """Of lines in the merchant's own book, over the seat's part of it. Inside its scope."""
    at_store = seat.within("split__store__org_unit__path", "commissions.read")
    placed = seat.within("split__contract__brand_unit__path", "commissions.read")
    return _told(Appeal.objects.filter(at_store | placed), Share.objects.all())


def to_decide(seat: Seat) -> QuerySet[Appeal]:
    """Of those, what waits for an answer, the first due first."""
    return in_book(seat).filter(state=Appeal.State.OPEN).order_by("answer_by", "id")


def closed(seat: Seat) -> QuerySet[Appeal]:
    """Of those, what was decided, withdrawn or expired, the latest first."""
    return in_book(seat).exclude(state=Appeal.State.OPEN).order_by("-decided_at", "-id")


def elsewhere(seat: Seat) -> QuerySet[Appeal]:
    """Of the seat's stores' sales in other merchants' books: their guides' appeals, to follow; the open ones first,
    by their last day, then the newest."""
    at_store = seat.within("split__store__org_unit__path", "commissions.read")
    waits = Case(When(state=Appeal.State.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = Appeal.party.filter(at_store).exclude(merchant=seat.merchant)
    return _told(rows.annotate(waits=waits).order_by("waits", "answer_by", "-id"), Share.party.all())


def _told(rows: QuerySet[Appeal], shares: QuerySet[Share]) -> QuerySet[Appeal]:
    """With all that a list names; `shares` as far as the reader's side sees any."""
    of_line = Prefetch("split__shares", shares.select_related("guide", "payee_merchant"))
    return rows.prefetch_related(of_line).select_related(
        "merchant",
        "guide",
        "share__guide",
        "share__payee_merchant",
        "moved_to__guide",
        "split__order",
        "split__line__sku",
        "split__store",
    )
