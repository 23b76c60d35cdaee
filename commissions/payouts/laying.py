"""What a payout pays: a payee's dues in a book are one line, fen after fen in the order in which they became due, and
each payout is laid over its oldest stretches that nothing has paid.

The line has a length (`reached`): all that was ever credited to the payee's `due`, but for what payouts gave back. What
has left `due` in another way than by a payout (taken back by a refund, set against a debt) is laid over the oldest
stretches as well, with the next payout. So the line less all that was laid on it is what is due, to the fen; and where
a payout failed or came back its stretch is open again, and is paid by the next one.
"""

from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import F, Sum

from commissions.models import Payout, PayoutPart
from commissions.stories import DUE
from ledger import balances
from merchants.models import Merchant, Party

Stretch = tuple[int, int]  # from, to: [from, to)


def reached(book: Merchant, *, payee: Party | None = None) -> dict[int, tuple[int, int]]:
    """(length of the line, what is due) of each payee by party, in the book's currency; inside its scope. Exact only
    under the lock of the purse."""
    rows = balances.of_book(book, party=payee, codes=[DUE])
    given_back = Payout.objects.filter(currency=book.currency, state__in=Payout.GIVEN_BACK)
    if payee:
        given_back = given_back.filter(payee=payee)
    back = dict(given_back.order_by().values_list("payee").annotate(back=Sum(F("net") + F("tax"))))
    return {
        row.account.party_id: (row.credits - back.get(row.account.party_id, 0), row.amount)
        for row in rows
        if row.account.party_id is not None and row.account.currency == book.currency
    }


def lay(payout: Payout) -> None:
    """Say what a payout pays: called with it, before it moves anything, under the lock of the purse."""
    length, due = reached(payout.merchant, payee=payout.payee)[payout.payee_id]
    open_ = _open(payout, length)
    elsewhere = sum(end - start for start, end in open_) - due
    rest = _rest(open_, elsewhere)
    parts = [
        PayoutPart(merchant=payout.merchant, payout=payout, start=start, amount=end - start, set_off=set_off)
        for stretches, amount, set_off in ((open_, elsewhere, True), (rest, payout.gross, False))
        for start, end in _first(stretches, amount)
    ]
    PayoutPart.objects.bulk_create(parts)


def _first(stretches: Collection[Stretch], amount: int) -> Iterator[Stretch]:
    """The first `amount` fen of the stretches."""
    for start, end in stretches:
        if amount <= 0:
            return
        yield start, min(end, start + amount)
        amount -= end - start


def _rest(stretches: Collection[Stretch], amount: int) -> list[Stretch]:
    """The stretches without their first `amount` fen."""
    rest = []
    for start, end in stretches:
        taken = min(max(amount, 0), end - start)
        amount -= taken
        if start + taken < end:
            rest.append((start + taken, end))
    return rest


_OPEN = """
SELECT lower(gap), upper(gap) FROM unnest(int8multirange(int8range(0, %(length)s)) - coalesce((
    SELECT range_agg(int8range(t.start, t.start + t.amount))
    FROM commissions_payoutpart t JOIN commissions_payout p ON p.id = t.payout_id
    WHERE p.merchant_id = %(book)s AND p.payee_id = %(payee)s AND p.currency = %(currency)s
      AND (t.set_off OR p.state <> ALL(%(given_back)s))
), '{}')) AS gaps(gap) ORDER BY 1
"""


def _open(payout: Payout, length: int) -> list[Stretch]:
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "length": length,
                "book": payout.merchant_id,
                "payee": payout.payee_id,
                "currency": payout.currency,
                "given_back": list(Payout.GIVEN_BACK),
            },
        )
        return cursor.fetchall()
