"""That the books hold: each sums to zero, `clearing` is empty, and two merchants agree on what they owe."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from ledger.balances import MOVED, Balance, of_book
from merchants.models import Merchant

# Money on its way to a merchant stands in the payer's `transit`, while the payee still calls it `due`.
MIRRORED = {"pending": "pending", "reserve": "reserve", "due": "due", "transit": "due"}


@dataclass(frozen=True)
class Break:
    """`code` of the other merchant's party here and of ours there: the two should cancel."""

    code: str
    other_id: int
    here: int
    there: int


@dataclass(frozen=True)
class TrialBalance:
    """Every account of one merchant's book; it holds if `total`, `clearing` are 0, `breaks` empty."""

    book: Merchant
    rows: list[Balance]
    breaks: list[Break]

    @property
    def debits(self) -> int:
        return sum(row.debits for row in self.rows)

    @property
    def credits(self) -> int:
        return sum(row.credits for row in self.rows)

    @property
    def total(self) -> int:
        return self.credits - self.debits

    @property
    def clearing(self) -> int:
        return sum(row.amount for row in self.rows if row.account.code == "clearing")

    @property
    def holds(self) -> bool:
        return not (self.total or self.clearing or self.breaks)


def trial_balance(book: Merchant, *, as_of: date | None = None) -> TrialBalance:
    """The trial balance of a book up to and including a business date; inside its owner's scope."""
    return TrialBalance(book, of_book(book, as_of=as_of), breaks(book, as_of=as_of))


_MIRRORS = f"""
WITH kinds AS (SELECT * FROM unnest(%(codes)s::text[], %(names)s::text[]) AS k(code, name)
), common AS (
    SELECT a.id, k.name AS code, m.id AS other_id, true AS ours
    FROM ledger_account a JOIN merchants_merchant m ON m.party_id = a.party_id JOIN kinds k USING (code)
    WHERE a.book_id = %(book)s
    UNION ALL
    SELECT a.id, k.name, a.book_id, false FROM ledger_account a JOIN kinds k USING (code)
    WHERE a.party_id = %(party)s
), standing AS (
    SELECT a.code, a.other_id, a.ours, credits.amount - debits.amount AS amount FROM common a {MOVED}
)
SELECT code, other_id, coalesce(sum(amount) FILTER (WHERE ours), 0),
       coalesce(sum(amount) FILTER (WHERE NOT ours), 0)
FROM standing GROUP BY code, other_id HAVING sum(amount) <> 0 ORDER BY code, other_id
"""


def breaks(book: Merchant, *, as_of: date | None = None) -> list[Break]:
    """Plain SQL: it compares two merchants' books, and tells only what differs on their common accounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MIRRORS,
            {
                "book": book.pk,
                "party": book.party_id,
                "codes": list(MIRRORED),
                "names": list(MIRRORED.values()),
                "as_of": as_of,
            },
        )
        return [Break(code, other, int(here), int(there)) for code, other, here, there in cursor.fetchall()]
