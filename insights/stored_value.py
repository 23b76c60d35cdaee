"""Every movement of a programme of stored value: what was topped up, spent, and put back by refunds.

They are counted where `Programme.outstanding` is changed, in the same transaction each: a top-up's row, a sale's
payment, and a refund's line once it is taken back from the shares (`RefundLine.tenders` says how much of which payment;
`Collection.returned` knows only the sum and no day). So at any moment they come to what is left, and each one's `left`
is what was left right after it. The book follows when a sale is booked.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.payouts.tables import harmless, yuan_of
from insights.names import Names
from members.models import Programme, TopUp

KINDS = {
    "top_up": gettext_lazy("Topped up"),
    "sale": gettext_lazy("Spent"),
    "refund": gettext_lazy("Put back after a refund"),
}


@dataclass(frozen=True)
class Movement:
    """`amount` and `left`, what could be spent right after it, in fen. `number` is the top-up's receipt or the sale,
    which `order` (ref) opens; `line` the refunded one, as far as it is the issuer's to see. Of a top-up `paid` reached
    `place` and `bonus` was added."""

    kind: str
    at: datetime
    told_at: datetime
    key: int
    amount: int
    left: int
    number: str
    order: str = ""
    store: str = ""
    line: int | None = None
    place: str = ""
    paid: int = 0
    bonus: int = 0

    @property
    def word(self) -> str:
        return str(KINDS[self.kind])

    @property
    def about(self) -> str:
        if self.line is None:
            return self.number
        return _("%(sale)s, line %(number)s") % {"sale": self.number, "number": self.line}


# The customer and the total of a sale at another merchant's store are not read at all.
_MOVES = """
SELECT 'top_up' AS kind, recorded_at, id * 4 AS key, at, paid + bonus AS amount,
       external_no AS number, '' AS sale, '' AS store, NULL::int AS line, place, paid, bonus
FROM members_topup WHERE programme_id = %(programme)s
UNION ALL
SELECT 'sale', o.recorded_at, t.id * 4 + 1, o.paid_at, -t.amount, '', o.ref, s.ref, NULL, '', 0, 0
FROM orders_tender t
JOIN orders_order o ON o.id = t.order_id
JOIN stores_store s ON s.id = o.store_id
WHERE t.programme_id = %(programme)s
UNION ALL
SELECT 'refund', c.recorded_at, c.id * 4 + 2, r.refunded_at, sum((part ->> 1)::bigint), '', o.ref, s.ref,
       CASE WHEN %(issuer)s IN (l.merchant_id, l.brand_owner_id) THEN l.number END, '', 0, 0
FROM orders_tender t
JOIN orders_order o ON o.id = t.order_id
JOIN stores_store s ON s.id = o.store_id
JOIN orders_refund r ON r.order_id = o.id
JOIN orders_refundline b ON b.refund_id = r.id
JOIN orders_orderline l ON l.id = b.line_id
JOIN commissions_clawback c ON c.refund_line_id = b.id
JOIN LATERAL jsonb_array_elements(b.tenders) part ON (part ->> 0)::int = t.number
WHERE t.programme_id = %(programme)s
GROUP BY c.id, r.id, o.id, s.id, l.id
"""
_NEWEST_FIRST = f"""
SELECT * FROM (
    SELECT kind, at, recorded_at, key, amount, p.outstanding - coalesce(sum(amount) OVER newer, 0) AS left,
           number, sale, store, line, place, paid, bonus
    FROM members_programme p, ({_MOVES}) move
    WHERE p.id = %(programme)s
    WINDOW newer AS (ORDER BY recorded_at DESC, key DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) told
WHERE %(moment)s::timestamptz IS NULL OR (recorded_at, key) < (%(moment)s::timestamptz, %(key)s)
ORDER BY recorded_at DESC, key DESC LIMIT %(limit)s
"""


def movements(
    programme: Programme, *, limit: int, before: tuple[datetime, int] | None = None
) -> list[Movement]:
    """The last told first; those told before (`told_at`, `key`) of one of them. Inside the issuer's scope, in whose
    eyes sales and stores are named."""
    moment, key = before or (None, 0)
    asked = {"programme": programme.pk, "issuer": programme.merchant_id}
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_FIRST, asked | {"moment": moment, "key": key, "limit": limit})
        rows = cursor.fetchall()
    names = Names({ref for row in rows for ref in row[7:9] if ref}, {})
    return [_movement(names, *row) for row in rows]


def as_csv(moves: Sequence[Movement]) -> str:
    """For a spreadsheet: yuan with two decimals, the last told first, as on the page."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(
        [
            _("When"),
            _("Told"),
            _("What"),
            _("For"),
            _("Store"),
            _("Paid by"),
            _("Paid"),
            _("Added"),
            _("Amount"),
            _("Left after it"),
        ]
    )
    for move in moves:
        stored = [move.place, yuan_of(move.paid), yuan_of(move.bonus)] if move.kind == "top_up" else [""] * 3
        moments = [
            localtime(moment).isoformat(sep=" ", timespec="seconds") for moment in (move.at, move.told_at)
        ]
        sheet.writerow(
            [
                *moments,
                move.word,
                harmless(move.about),
                harmless(move.store),
                *stored,
                yuan_of(move.amount),
                yuan_of(move.left),
            ]
        )
    return "\ufeff" + text.getvalue()


def _movement(
    names: Names,
    kind: str,
    at: datetime,
    told_at: datetime,
    key: int,
    amount: int,
    left: int,
    number: str,
    sale: str,
    store: str,
    line: int | None,
    place: str,
    paid: int,
    bonus: int,
) -> Movement:
    known = names.of(sale, "")
    return Movement(
        kind,
        at,
        told_at,
        key,
        int(amount),
        int(left),
        number or known,
        order=sale if known else "",
        store=names.of(store, ""),
        line=line,
        place=str(TopUp.Place(place).label) if place else "",
        paid=paid,
        bonus=bonus,
    )
