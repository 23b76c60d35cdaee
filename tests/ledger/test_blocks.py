"""What was sealed stays as it was, or the walk along the chain says what did not."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import blocks, snapshots
from ledger.accounts import held, named
from ledger.blocks import Flaw
from ledger.models import Block, Transfer
from ledger.transfers import Entry, Story, post
from tests.ledger.tampering import tamper

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 20, 4, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def world(transactional_db, world, monkeypatch):
    monkeypatch.setattr(blocks, "SIZE", 3)
    return world


def paid_in(book, source_id, amount=1000):
    entry = Entry(book.pk, "sale", held("cash"), named("own:residual"), amount)
    post([Story("sale", source_id, date(2026, 11, 20), AT, "CNY", (entry,))])


def sealed(book) -> int:
    return blocks.seal(book, through=snapshots.frontier())


def flaws(world, book=None) -> list[Flaw]:
    with world.inside(book or world.hehe):
        return list(blocks.verify(book or world.hehe))


@pytest.fixture
def chain(world):
    """Hehe's seven transfers, Mubai's in between, in blocks of three, three and one; ids of Hehe's."""
    for number in range(7):
        paid_in(world.hehe, f"o{number}", 100 + number)
        paid_in(world.mubai, f"o{number}")
    assert sealed(world.hehe) == 3
    assert flaws(world) == []
    with world.inside(world.hehe):
        return list(Transfer.objects.order_by("id").values_list("id", flat=True))


def test_each_night_adds_what_came_since(world, chain):
    assert sealed(world.hehe) == 0, "nothing was written since"
    paid_in(world.mubai, "another's")
    assert sealed(world.hehe) == 0
    paid_in(world.hehe, "next day")
    assert sealed(world.hehe) == 1
    with world.inside(world.hehe):
        rows = list(Block.objects.order_by("number"))
        assert sum(row.amount for row in rows) == sum(Transfer.objects.values_list("amount", flat=True))
    assert [(row.number, row.count) for row in rows] == [(1, 3), (2, 3), (3, 1), (4, 1)]
    assert [row.first_id for row in rows[1:]] == [row.last_id + 1 for row in rows[:-1]], "no id between"
    assert [bytes(row.previous) for row in rows[1:]] == [bytes(row.sha256) for row in rows[:-1]]
    assert flaws(world) == [] == flaws(world, world.mubai)


def test_a_digest_is_the_same_in_every_session(world, chain):
    with connection.cursor() as cursor:
        cursor.execute("SET TimeZone = 'Asia/Kathmandu'; SET extra_float_digits = 0")
    assert flaws(world) == []
    connection.close()


COLUMNS = {
    "amount": "amount + 1",
    "kind": "'gift'",
    "source": "'refund'",
    "source_id": "'o99'",
    "position": "7",
    "business_date": "business_date - 1",
    "booked_on": "booked_on + 31",
    "at": "at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 day'",
    "debit_id": "credit_id, credit_id = debit_id",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_transfer_is_named(world, owner, chain, column):
    change = f"UPDATE ledger_transfer SET {column} = {COLUMNS[column]} WHERE id = %s"
    assert tamper(owner, "ledger_transfer", change, chain[4])
    assert flaws(world) == [Flaw(2, "changed", (chain[4],))]
    assert flaws(world, world.mubai) == []


def test_every_column_is_looked_at():
    columns = {field.column for field in Transfer._meta.concrete_fields}
    assert columns - set(COLUMNS) == {"id", "book_id", "credit_id", "currency"}, (
        "a new one goes into the digest"
    )


def test_a_missing_transfer_is_named(world, owner, chain):
    assert tamper(owner, "ledger_transfer", "DELETE FROM ledger_transfer WHERE id = %s", chain[0])
    assert flaws(world) == [Flaw(1, "missing", (chain[0],))]


def test_an_extra_transfer_is_named_though_it_stands_between_the_others(world, owner, chain):
    """Mubai's ids lie between Hehe's: one of them is freed and taken."""
    between = chain[3] + 1
    tamper(owner, "ledger_transfer", "DELETE FROM ledger_transfer WHERE id = %s", between)
    copy = (
        "INSERT INTO ledger_transfer (id, book_id, debit_id, credit_id, amount, currency, kind, source, source_id,"
        " position, business_date, booked_on, at, recorded_at) SELECT %s, book_id, debit_id, credit_id, amount,"
        " currency, kind, source, 'made up', position, business_date, booked_on, at, recorded_at"
        " FROM ledger_transfer WHERE id = %s"
    )
    assert tamper(owner, "ledger_transfer", copy, between, chain[3])
    assert flaws(world) == [Flaw(2, "extra", (between,))]


def test_money_is_not_moved_by_giving_an_account_another_name(world, owner, chain):
    rename = "UPDATE ledger_account SET code = 'own:adjust' WHERE code = 'own:residual' AND book_id = %s"
    assert tamper(owner, "ledger_account", rename, world.hehe.pk)
    assert {pk for flaw in flaws(world) for pk in flaw.transfers} == set(chain)


@pytest.mark.parametrize(
    "change",
    [
        "sha256 = sha256('other')",
        "amount = amount + 1",
        "previous = sha256('other')",
        "last_id = last_id - 1",
    ],
)
def test_an_altered_block_is_named(world, owner, chain, change):
    assert tamper(owner, "ledger_block", f"UPDATE ledger_block SET {change} WHERE number = 2")
    assert 2 in {flaw.block for flaw in flaws(world)}


def test_a_block_taken_out_is_missed(world, owner, chain):
    assert tamper(owner, "ledger_block", "DELETE FROM ledger_block WHERE number = 2")
    assert Flaw(2, "gone") in flaws(world)


def test_a_row_and_its_block_made_anew_break_the_next_block(world, owner, chain):
    """Who changes a transfer and writes its block's seal anew needs all blocks that follow as well."""
    tamper(owner, "ledger_transfer", "UPDATE ledger_transfer SET amount = 1 WHERE id = %s", chain[0])
    with world.inside(world.hehe):
        block = Block.objects.get(number=1)
        found = blocks._standing(world.hehe, block.first_id, block.last_id)
        block.amount = found.amount
        forged = blocks._seal_of(world.hehe, block, found)
    rewrite = "UPDATE ledger_block SET amount = %s, leaves = %s, sha256 = %s WHERE number = 1"
    tamper(owner, "ledger_block", rewrite, found.amount, found.leaves, forged)
    assert flaws(world) == [Flaw(2, "altered")]


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize(("table", "column"), [("ledger_block", "count"), ("ledger_transfer", "amount")])
def test_the_application_changes_neither_blocks_nor_transfers(chain, table, column, statement):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(table, column, column))
