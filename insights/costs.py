"""What sales cost and brought a merchant in a period, by store, guide or brand: its own share, guides' commission, what
goes to others, and the discounts it bears. Fen, after refunds and appeals, of what has been split."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from django.db.models import Case, F, Q, QuerySet, Sum, When
from django.db.models.expressions import Combinable
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from commissions.models import Collection, Contribution, Share, Split
from commissions.payouts.tables import harmless, yuan_of
from insights.period import Period
from merchants.scoping import Seat

READ = "commissions.read"
KINDS = {
    "store": gettext_lazy("By store"),
    "brand": gettext_lazy("By brand"),
    "guide": gettext_lazy("By guide"),
}


@dataclass
class Costs:
    """`sales`: what shoppers paid. `kept`: the merchant's own shares, in its book and in others'. `guides`: the
    commission it owes or its own guides have from others. `others`: what its book owes other merchants and the
    platform. `discounts`: what it bears of coupons. `fees`: what payment services took, or collectors charge it."""

    sales: int = 0
    kept: int = 0
    guides: int = 0
    others: int = 0
    discounts: int = 0
    fees: int = 0

    def __iadd__(self, more: "Costs") -> "Costs":
        for part in fields(Costs):
            setattr(self, part.name, getattr(self, part.name) + getattr(more, part.name))
        return self


@dataclass
class Row:
    """One store, brand or guide; without a name, goods of no brand."""

    name: str
    ref: str = ""
    place: str = ""
    costs: Costs = field(default_factory=Costs)


@dataclass(frozen=True)
class Report:
    """`rows` those that sold most first; `total` is over all of them."""

    kind: str
    rows: list[Row]
    total: Costs


def report(seat: Seat, period: Period, *, kind: str) -> Report:
    """`kind` of KINDS; inside the seat's merchant, as far as its roles reach."""
    rows: dict[str, Row] = {}
    for figures in (_guides if kind == "guide" else _lines)(seat, period, kind):
        for told in figures:
            ref = told.pop("its_ref") or ""
            name, place = (
                _named(told.pop("its_name"), told.pop("its_name_en", "")),
                told.pop("its_place", "") or "",
            )
            row = rows.setdefault(ref, Row(name, ref, place))
            row.costs += Costs(**{figure: int(amount or 0) for figure, amount in told.items()})
    total = Costs()
    for row in rows.values():
        total += row.costs
    by_sales = sorted(rows.values(), key=lambda row: (-row.costs.sales, -row.costs.guides, row.ref))
    return Report(kind, by_sales, total)


def as_csv(told: Report) -> str:
    """For a spreadsheet: yuan with two decimals, the sum last."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(
        [
            _("Name"),
            _("Where"),
            _("Id"),
            _("Sales"),
            _("What you keep"),
            _("Guides"),
            _("Others"),
            _("Discounts borne"),
            _("Payment fees"),
        ]
    )
    for row in [*told.rows, Row(_("In all"), costs=told.total)]:
        amounts = [yuan_of(getattr(row.costs, part.name)) for part in fields(Costs)]
        sheet.writerow([harmless(row.name or _("Own goods")), harmless(row.place), row.ref, *amounts])
    return "\ufeff" + text.getvalue()


def _guides(seat: Seat, period: Period, kind: str) -> Iterator[QuerySet]:
    """What each guide's lines sold, once a share."""
    for shares in _shares(seat, period):
        named = shares.filter(guide__isnull=False).values(**_NAMED[kind])
        yield named.annotate(guides=_GUIDES, sales=_sold("split__"))


def _lines(seat: Seat, period: Period, kind: str) -> Iterator[QuerySet]:
    """Sales; shares; discounts: what others' books say we owe them, and in ours what nobody owes us; and fees: the
    collector's, but for what it charges the principal."""
    of_split, named = _NAMED[kind], {part: F(f"split__{path.name}") for part, path in _NAMED[kind].items()}
    for splits in _splits(seat, period):
        yield splits.values(**of_split).annotate(sales=_sold(""))
    for shares in _shares(seat, period):
        yield shares.values(**named).annotate(kept=_kept(seat), guides=_GUIDES, others=_others(seat))
    own = _reached(Split.objects.all(), seat, period, "")
    yield own.values(**of_split).annotate(discounts=Sum(_left_of(F("line__allocations__amount"))))
    owed_us = _reached(Contribution.objects.all(), seat, period, "split__")
    yield owed_us.values(**named).annotate(discounts=-Sum(F("amount") - F("returned")))
    charged = _reached(Collection.objects.all(), seat, period, "split__")
    yield charged.values(**named).annotate(fees=Sum("fee_charged"))
    collected = _reached(Collection.collected.all(), seat, period, "split__")
    yield collected.values(**named).annotate(fees=Sum(F("fee") - F("fee_charged")))
    borne = _reached(Contribution.borne.all(), seat, period, "split__")
    yield borne.values(**named).annotate(discounts=Sum(F("amount") - F("returned")))


def _splits(seat: Seat, period: Period) -> Iterable[QuerySet[Split]]:
    """Each line once: of our book, of our stores in others' books, of our brands in others' stores and books."""
    ours = Q(merchant=seat.merchant)
    yield _reached(Split.objects.all(), seat, period, "")
    yield _reached(Split.party.exclude(ours), seat, period, "")
    yield _reached(Split.about.exclude(ours | Q(counterparty=seat.merchant)), seat, period, "")


def _shares(seat: Seat, period: Period) -> Iterable[QuerySet[Share]]:
    """All of our book's, and ours and our guides' in others'."""
    yield _reached(Share.objects.all(), seat, period, "split__")
    yield _reached(Share.payable.exclude(merchant=seat.merchant), seat, period, "split__")


def _reached(rows: QuerySet, seat: Seat, period: Period, split: str) -> QuerySet:
    """In the period, and in the seat's subtree: its own stores, or where a contract hangs another's."""
    at_store = seat.within(f"{split}store__org_unit__path", READ) & Q(
        **{f"{split}store__merchant": seat.merchant}
    )
    placed = seat.within(f"{split}contract__brand_unit__path", READ)
    days = Q(**{f"{split}business_date__range": (period.first, period.last)})
    return rows.filter(at_store | placed, days).order_by()


# What a row is called: by the split, or for a guide by the share.
_NAMED: dict[str, dict[str, F]] = {
    "store": {"its_ref": F("store__ref"), "its_name": F("store__name"), "its_place": F("store__city")},
    "brand": {
        "its_ref": F("line__brand__ref"),
        "its_name": F("line__brand__name"),
        "its_name_en": F("line__brand__name_en"),
    },
    "guide": {
        "its_ref": F("guide__ref"),
        "its_name": F("guide__name"),
        "its_place": F("guide__merchant__name"),
    },
}
_HELD = F("amount") - F("clawed") - F("moved_out")
_GUIDES = Sum(_HELD, filter=Q(guide__isnull=False))


def _kept(seat: Seat) -> Sum:
    return Sum(_HELD, filter=Q(payee=seat.merchant.party_id))


def _others(seat: Seat) -> Sum:
    return Sum(_HELD, filter=Q(guide=None) & ~Q(payee=seat.merchant.party_id))


def _sold(split: str) -> Sum:
    return Sum(F(f"{split}paid") - F(f"{split}line__refunded"))


def _left_of(cost: Combinable) -> Case:
    """What of a line's cost is left after refunds, as contributions come back: in proportion, rounded down; of a
    line that cost nothing, by its pieces."""
    return Case(
        When(paid=0, then=cost - cost * F("line__refunded_quantity") / F("line__quantity")),
        default=cost - cost * F("line__refunded") / F("paid"),
    )


def _named(name: str | None, name_en: str | None) -> str:
    english = (get_language() or "").startswith("en")
    return (english and name_en) or name or ""
