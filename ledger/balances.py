"""What accounts stand at: credits − debits, of their snapshot and the transfers after it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import connection

from ledger.accounts import Name
from ledger.models import Account
from merchants.models import Merchant, Party

CURRENT = ("pending", "reserve", "due", "owed")  # what a statement of a party runs over
TRANSIT = "transit"  # paid out of them, and nobody has said for good that it arrived


@dataclass(frozen=True)
class Balance:
    """Debits and credits of one account in minor units. `party` is loaded with its merchant, if it is one."""

    account: Account
    debits: int
    credits: int

    @property
    def amount(self) -> int:
        return self.credits - self.debits

    @property
    def name(self) -> Name:
        return Name(self.account.code, self.account.party_id)


def of_book(
    book: Merchant, *, party: Party | None = None, codes: Collection[str] = (), as_of: date | None = None
) -> list[Balance]:
    """The accounts of a book, by code, with what moved on them up to and including business date `as_of`.

    Inside the scope of the book's owner.
    """
    accounts = Account.objects.filter(book=book).select_related("party__merchant").order_by("code", "id")
    if party:
        accounts = accounts.filter(party=party)
    if codes:
        accounts = accounts.filter(code__in=codes)
    sums = _sums([account.pk for account in accounts], as_of)
    return [Balance(account, *sums[account.pk]) for account in accounts]


def of_accounts(account_ids: Collection[int], *, as_of: date | None = None) -> dict[int, int]:
    """Credits − debits of accounts by id, of any book; 0 where nothing moved."""
    sums = _sums(account_ids, as_of)
    return {pk: credits - debits for pk, (debits, credits) in sums.items()}


def of_party(book: Merchant, party: Party, *, as_of: date | None = None) -> dict[str, int]:
    """`{"due": 500, "pending": 120}`: how the book stands with one party; accounts at zero are left out."""
    balances = of_book(book, party=party, codes=CURRENT, as_of=as_of)
    return {balance.account.code: balance.amount for balance in balances if balance.amount}


# What moved on the accounts `a`: their snapshots and, in the same look, what came after. A day's balance is summed from
# the beginning: snapshots know the order of transfers, not their dates. Account and id are compared together, which
# only the account's own index can answer: told apart, after much was written the planner, whose statistics are older,
# would read for each account all that is newest in every book.
MOVED = """
LEFT JOIN ledger_snapshot s ON s.account_id = a.id AND %(as_of)s::date IS NULL
CROSS JOIN LATERAL (
    SELECT coalesce(s.debits, 0) + coalesce(sum(t.amount), 0) AS amount FROM ledger_transfer t
    WHERE t.debit_id = a.id AND (t.debit_id, t.id) > (a.id, coalesce(s.cursor, 0))
    AND (%(as_of)s::date IS NULL OR t.business_date <= %(as_of)s)
) debits
CROSS JOIN LATERAL (
    SELECT coalesce(s.credits, 0) + coalesce(sum(t.amount), 0) AS amount FROM ledger_transfer t
    WHERE t.credit_id = a.id AND (t.credit_id, t.id) > (a.id, coalesce(s.cursor, 0))
    AND (%(as_of)s::date IS NULL OR t.business_date <= %(as_of)s)
) credits
"""

_SUMS = f"SELECT a.id, debits.amount, credits.amount FROM unnest(%(ids)s::bigint[]) AS a (id) {MOVED}"


def _sums(account_ids: Collection[int], as_of: date | None) -> dict[int, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"ids": list(account_ids), "as_of": as_of})
        return {pk: (int(debits), int(credits)) for pk, debits, credits in cursor.fetchall()}
