"""What payees have had in a book's month: what tiers and period caps look at, one booker at a time.

Plain SQL, because the lines of one batch stand in several merchants' books, and each total in its line's. Locks:
the totals in order of id, after orders and splits, before accounts (docs/adr/0006).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from django.db import connection

from merchants.money import PPM


class Key(NamedTuple):
    """One payee's total: in which book, by which role of which plan, in which month (its first day)."""

    book_id: int
    brand_owner_id: int
    plan_id: int
    role: str
    payee_id: int
    period: date


@dataclass(frozen=True)
class Total:
    """`basis_ppm` in millionths of a minor unit; `booked` in minor units. `id` is None for one only read."""

    id: int | None = None
    basis_ppm: int = 0
    booked: int = 0

    @property
    def basis(self) -> Fraction:
        return Fraction(self.basis_ppm, PPM)


class Totals:
    """The totals of a batch: each line sees those before it in the batch as well."""

    def __init__(self, standing: Mapping[Key, Total]) -> None:
        self._now = dict(standing)
        self._before = dict(standing)

    def of(self, key: Key) -> Total:
        return self._now.get(key, Total())

    def add(self, key: Key, *, basis_ppm: int = 0, booked: int = 0) -> None:
        now = self.of(key)
        self._now[key] = replace(now, basis_ppm=now.basis_ppm + basis_ppm, booked=now.booked + booked)

    def write(self) -> None:
        """Keep what was added, in one statement; the totals are held."""
        grown = [total for key, total in self._now.items() if total != self._before.get(key)]
        _set([(total.id, total.basis_ppm, total.booked) for total in grown])


_MAKE = """
INSERT INTO commissions_runningtotal
       (merchant_id, brand_owner_id, plan_id, role, payee_id, period, basis_ppm, booked)
SELECT w.merchant_id, w.brand_owner_id, w.plan_id, w.role, w.payee_id, w.period,
       coalesce(sum(had.basis_ppm), 0), coalesce(sum(had.booked), 0)
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::date[])
     AS w(merchant_id, brand_owner_id, plan_id, role, payee_id, period)
LEFT JOIN LATERAL (
    -- Booked before a version of the plan that looks at totals was published.
    SELECT (s.basis - back.refunded - div((s.basis - s.paid) * back.part, back.whole)::bigint)
           * max(h.part_ppm::bigint * (1000000 - h.moved_ppm) / 1000000)::numeric AS basis_ppm,
           sum(h.amount - h.clawed - h.moved_out) AS booked
    FROM commissions_share h JOIN commissions_split s ON s.id = h.split_id
    JOIN orders_orderline l ON l.id = s.line_id
    JOIN commissions_planversion v ON v.id = s.version_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(c.refunded), 0)::bigint AS refunded,
               coalesce(sum(CASE WHEN s.paid > 0 THEN c.refunded ELSE c.quantity END), 0) AS part,
               CASE WHEN s.paid > 0 THEN s.paid ELSE l.quantity END::numeric AS whole
        FROM commissions_clawback c WHERE c.split_id = s.id
    ) back
    -- What an appeal gave came by no rule.
    WHERE h.payee_id = w.payee_id AND h.role = w.role AND h.rule_number IS NOT NULL
      AND s.merchant_id = w.merchant_id
      AND v.plan_id = w.plan_id AND s.business_date >= w.period
      AND s.business_date < w.period + interval '1 month'
    GROUP BY s.id, s.basis, s.paid, back.refunded, back.part, back.whole
) had ON true
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 3, 4, 5, 6
ON CONFLICT (merchant_id, plan_id, role, payee_id, period) DO NOTHING
"""

_FIND = """
SELECT r.id, r.merchant_id, r.brand_owner_id, r.plan_id, r.role, r.payee_id, r.period, r.basis_ppm, r.booked
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::date[])
     AS w(merchant_id, brand_owner_id, plan_id, role, payee_id, period)
JOIN commissions_runningtotal r USING (merchant_id, plan_id, role, payee_id, period)
"""

_LOCK = " ORDER BY r.id FOR NO KEY UPDATE OF r"


def held(keys: Iterable[Key]) -> Totals:
    """The totals as they stand, and nobody else's until the transaction ends; those that are missing are made."""
    wanted = sorted(set(keys))
    if not wanted:
        return Totals({})
    standing = _find(wanted)
    if missing := [key for key in wanted if key not in standing]:
        with connection.cursor() as cursor:
            cursor.execute(_MAKE, _columns(missing))
    return Totals(_find(wanted, _LOCK))


def standing(keys: Iterable[Key]) -> Totals:
    """The totals as they stand, for an estimate: nothing is locked, nothing made."""
    wanted = sorted(set(keys))
    return Totals(_find(wanted) if wanted else {})


_OPEN = """
SELECT id, basis_ppm, booked FROM commissions_runningtotal
WHERE id = ANY(%s) AND trued_up_at IS NULL ORDER BY id FOR NO KEY UPDATE
"""


def opened(ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Id → (basis_ppm, booked) of those of these totals whose month is not trued up yet, held."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [sorted(ids)])
        return {pk: (int(basis_ppm), booked) for pk, basis_ppm, booked in cursor.fetchall()}


def lower(standing: Mapping[int, tuple[int, int]], taken: Mapping[int, tuple[int, int]]) -> None:
    """Take (basis_ppm, booked) from totals that are `opened`; the others stay as they are."""
    _set(
        [
            (pk, standing[pk][0] - less[0], standing[pk][1] - less[1])
            for pk, less in taken.items()
            if pk in standing
        ]
    )


_SET = """
UPDATE commissions_runningtotal r SET basis_ppm = w.basis_ppm, booked = w.booked
FROM unnest(%s::bigint[], %s::numeric[], %s::bigint[]) AS w(id, basis_ppm, booked) WHERE r.id = w.id
"""


def _set(rows: Collection[tuple[int | None, int, int]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_SET, [list(column) for column in zip(*rows, strict=True)])


def _find(wanted: list[Key], lock: str = "") -> dict[Key, Total]:
    with connection.cursor() as cursor:
        cursor.execute(_FIND + lock, _columns(wanted))
        return {Key(*row[1:7]): Total(row[0], int(row[7]), row[8]) for row in cursor.fetchall()}


def _columns(keys: list[Key]) -> list[list[object]]:
    return [list(column) for column in zip(*keys, strict=True)]
