"""A book's transfers sealed into a chain of blocks, and the walk along it that finds what was changed since.

Anybody who can write the whole table could write the chain anew. What it then lacks is the past: each proof keeps the
head it saw (`ProofRun`), so one kept elsewhere, such as a backup's, convicts.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import Sum

from ledger.digests import DIGEST, TRANSFERS
from ledger.models import Block
from merchants.models import Merchant
from merchants.scoping import acting_for

SIZE = 10_000  # transfers in a block
_LEAF = 16
_LOCK = 0x626C6F63 << 32  # "bloc", and the book


@dataclass(frozen=True)
class Flaw:
    """`what`: `changed`, `missing`, `extra` (these transfers),
    `altered` (the block itself), `gone` (a block that should be between two others)."""

    block: int
    what: str
    transfers: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Found:
    """What stands in a range of ids now."""

    count: int
    amount: int
    leaves: bytes
    digests: bytes


_STANDING = f"""
WITH rows AS (
    SELECT t.id, t.amount, {DIGEST} AS digest FROM {TRANSFERS}
    WHERE t.book_id = %(book)s AND t.id BETWEEN %(first)s AND %(last)s
)
SELECT count(*), coalesce(sum(amount), 0),
       coalesce(string_agg(int8send(id) || substr(digest, 1, 8), '' ORDER BY id), ''),
       coalesce(string_agg(digest, '' ORDER BY id), '')
FROM rows
"""

_END = """
SELECT count(*), max(id) FROM (
    SELECT id FROM ledger_transfer WHERE book_id = %s AND id BETWEEN %s AND %s ORDER BY id LIMIT %s
) next
"""


def seal(book: Merchant, *, through: int) -> int:
    """Seal what was written since the last block, up to the transfer `through`, which is a frontier
    (`snapshots.frontier`); returns how many blocks were added. Of two at once one does it."""
    added = 0
    with acting_for(book):
        while _next(book, through):
            added += 1
    return added


def head(book: Merchant) -> Block | None:
    """The last block; inside the book's scope."""
    return Block.objects.filter(book=book).order_by("number").last()


def sealed(book: Merchant) -> int:
    """How many transfers all blocks hold; inside the book's scope."""
    return Block.objects.filter(book=book).aggregate(count=Sum("count"))["count"] or 0


def verify(book: Merchant) -> Iterator[Flaw]:
    """Walk the chain from its beginning; inside the book's scope. Nothing comes of a chain that holds."""
    before: Block | None = None
    for block in Block.objects.filter(book=book).order_by("number").iterator(chunk_size=20):
        number, first_id, previous = _after(before)
        if block.number != number:
            yield Flaw(number, "gone")
        elif (block.first_id, bytes(block.previous)) != (first_id, previous):
            yield Flaw(block.number, "altered")
        found = _standing(book, block.first_id, block.last_id)
        leaves = bytes(block.leaves)
        if found.leaves != leaves:
            yield from _named(block.number, _ids(leaves), _ids(found.leaves))
        elif (block.count, block.amount) != (found.count, found.amount) or bytes(block.sha256) != _seal_of(
            book, block, found
        ):
            yield Flaw(block.number, "altered")
        before = block


def _next(book: Merchant, through: int) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK | book.pk])
        if not cursor.fetchone()[0]:
            return False
        number, first_id, previous = _after(head(book))
        cursor.execute(_END, [book.pk, first_id, through, SIZE])
        count, last_id = cursor.fetchone()
        if not count:
            return False
        last_id = last_id if count == SIZE else through
        found = _standing(book, first_id, last_id)
        block = Block(
            book=book,
            number=number,
            first_id=first_id,
            last_id=last_id,
            count=found.count,
            amount=found.amount,
            leaves=found.leaves,
            previous=previous,
        )
        block.sha256 = _seal_of(book, block, found)
        block.save(force_insert=True)
    return True


def _after(block: Block | None) -> tuple[int, int, bytes]:
    """Number, first id and `previous` of the block that follows."""
    return (block.number + 1, block.last_id + 1, bytes(block.sha256)) if block else (1, 1, b"")


def _standing(book: Merchant, first_id: int, last_id: int) -> _Found:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"book": book.pk, "first": first_id, "last": last_id})
        count, amount, leaves, digests = cursor.fetchone()
        return _Found(count, int(amount), bytes(leaves), bytes(digests))


def _seal_of(book: Merchant, block: Block, found: _Found) -> bytes:
    said = [book.pk, block.number, block.first_id, block.last_id, found.count, found.amount]
    return sha256(bytes(block.previous) + json.dumps(said).encode() + found.digests).digest()


def _ids(leaves: bytes) -> dict[int, bytes]:
    cut = (leaves[at : at + _LEAF] for at in range(0, len(leaves), _LEAF))
    return {int.from_bytes(leaf[:8], "big"): leaf[8:] for leaf in cut}


def _named(number: int, sealed: dict[int, bytes], standing: dict[int, bytes]) -> Iterator[Flaw]:
    both = sealed.keys() & standing.keys()
    of_kinds = {
        "changed": [pk for pk in both if sealed[pk] != standing[pk]],
        "missing": sealed.keys() - standing.keys(),
        "extra": standing.keys() - sealed.keys(),
    }
    for what, transfers in of_kinds.items():
        if transfers:
            yield Flaw(number, what, tuple(sorted(transfers)))
