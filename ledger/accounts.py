"""The accounts of a book, named as the design names them and made when first needed."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import connection

from merchants.models import Party


class Name(NamedTuple):
    """`("pending", 7)`: what a book calls an account, and whose party it is for."""

    code: str
    party_id: int | None = None


class Place(NamedTuple):
    """One account, wherever its book is."""

    book_id: int
    name: Name
    currency: str


def named(code: str, party: Party | int | None = None) -> Name:
    return Name(code, party.pk if isinstance(party, Party) else party)


def held(where: str) -> Name:
    """Money the book's owner has or will receive: `held("cash")`."""
    return Name(f"held:{where}")


def stored(programme: str) -> Name:
    """What the book's owner owes those who paid it in advance, by the code of its programme."""
    return Name(f"stored:{programme}")


CLEARING = Name("clearing")
OWN_RESIDUAL = Name("own:residual")
OWN_SHARE = Name("own:share")
OWN_COST = Name("own:cost")
OWN_FEE = Name("own:fee")
OWN_POINTS = Name("own:points")
OWN_ADJUST = Name("own:adjust")

# Places are numbered as `_columns` gives them, from 0. An account without a party is looked up by itself: it is its own
# question to the index.
_FIND = """
WITH wanted AS (
    SELECT w.number - 1 AS place, w.book_id, w.code, w.party_id, w.currency
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[])
         WITH ORDINALITY AS w(book_id, code, party_id, currency, number)
)
SELECT w.place, a.id FROM wanted w JOIN ledger_account a
    ON a.book_id = w.book_id AND a.code = w.code AND a.currency = w.currency AND a.party_id = w.party_id
UNION ALL
SELECT w.place, a.id FROM wanted w JOIN ledger_account a
    ON a.book_id = w.book_id AND a.code = w.code AND a.currency = w.currency AND a.party_id IS NULL
    WHERE w.party_id IS NULL
"""

_MAKE = """
INSERT INTO ledger_account (book_id, code, party_id, currency)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[])
ON CONFLICT DO NOTHING
"""


def ids_of(places: Iterable[Place]) -> dict[Place, int]:
    """The accounts' ids; what is missing is made. Safe when many do it at once: all make them in one order.

    Plain SQL, because a story is told in the books of several merchants in one statement (mirrors).
    """
    wanted = _in_order(places)
    found = _find(wanted)
    if missing := [place for place in wanted if place not in found]:
        with connection.cursor() as cursor:
            cursor.execute(_MAKE, _columns(missing))
        found |= _find(missing)
    return found


def lock(account_ids: Collection[int]) -> None:
    """Until the end of the transaction nobody else decides by these balances; postings go on. In order of id.

    For what reads a balance before it posts, such as a purse that must not fall below zero.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ledger_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(account_ids)],
        )


def _in_order(places: Iterable[Place]) -> list[Place]:
    """Each once, as everybody sorts them."""
    return sorted(set(places), key=lambda p: (p.book_id, p.name.code, p.name.party_id or 0, p.currency))


def _columns(places: Iterable[Place]) -> list[list[object]]:
    """What `_FIND` and `_MAKE` are given."""
    places = list(places)
    return [
        [place.book_id for place in places],
        [place.name.code for place in places],
        [place.name.party_id for place in places],
        [place.currency for place in places],
    ]


def _find(places: list[Place]) -> dict[Place, int]:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, _columns(places))
        return {places[number]: pk for number, pk in cursor.fetchall()}
