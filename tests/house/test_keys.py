"""What is held once a statement, not by a foreign key a row: plain SQL of the application's role tries to break it.

It holds as long as neither side changes later, so that is tried as well.
"""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from commissions import accruals, batches
from commissions.models import Settlement, Share
from ledger.accounts import Place, held, ids_of, named
from ledger.models import Transfer, TransferKey
from tests.house.test_tenancy import keys_of_statements
from tests.people import NOON, renewed
from tests.plans import publish_plans
from tests.selling import line, sold

DAY, NIGHT = NOON.date(), NOON + timedelta(days=1)
TRANSFER = ("book_id", "debit_id", "credit_id", "amount", "currency", "kind", "source_id", "position", "business_date",
            "booked_on", "at")  # fmt: skip


@pytest.fixture
def settled(world):
    """Mubai's tea and Qinglan's coat were sold, and each brand's day was closed."""
    publish_plans(world)
    for contract in (world.qinglan_at_jingan, world.mubai_at_jingan):
        renewed(contract, settlement="T1", store_tells_for_brand=True)
    accruals.book(sold(world.jingan, line(world.coat), line(world.tea), touches={"serving": "G101"}))
    for book in (world.qinglan, world.mubai, world.hehe):
        batches.advance(batches.open_batch(book, DAY), at=NIGHT)
    return world


def refused(statement: str, *given: object, because: str) -> bool:
    """Whether the statement is refused for this reason, having had a row to be tried on."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, given)
            assert cursor.rowcount, "no row to try it on"
            transaction.set_rollback(True)
    except DatabaseError as error:
        assert error.__cause__.pgcode in ("23503", "23505", "23514", "42501") and because in str(error), error
        return True
    return False


def copied(table: str, **changed: str) -> str:
    """INSERT of a copy of each of these rows, with other values in some columns."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")
        names = [column.name for column in cursor.description if column.name != "id"]
    values = ", ".join(changed.get(name, name) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE id = ANY(%s)"


def told_again(**changed: str) -> str:
    """INSERT of a copy of each of these transfers under keys of its own, with other values in some columns."""
    given = {name: changed.get(name, name) for name in TRANSFER}
    key = {"legs": "count(*)", "first": "min(new_id)", "last": "max(new_id)"} | changed
    return f"""
    WITH again AS MATERIALIZED (
        SELECT *, nextval('ledger_transfer_id_seq') AS new_id FROM ledger_transfer WHERE id = ANY(%s)
    ), held AS (
        INSERT INTO public.ledger_transferkey (book_id, source, source_id, kind, booked_on, legs, first_id, last_id)
        SELECT book_id, 'copied', source_id, kind, min(booked_on), {key["legs"]}, {key["first"]}, {key["last"]}
        FROM again GROUP BY book_id, source_id, kind
    )
    INSERT INTO public.ledger_transfer (id, source, {", ".join(given)})
    SELECT new_id, 'copied', {", ".join(given.values())} FROM again
    """


def ids(model) -> list[int]:
    return list(model._base_manager.order_by("id").values_list("id", flat=True))


class TestTransfers:
    @pytest.mark.parametrize("side", ["debit", "credit"])
    def test_one_of_another_books_account_among_many_is_refused(self, settled, side):
        theirs = ids_of([place := Place(settled.stranger.pk, held("cash"), "CNY")])[place]
        rows = ids(Transfer)
        account = f"CASE id WHEN {rows[-1]} THEN {theirs} ELSE {side}_id END"
        copy = told_again(**{f"{side}_id": account})
        assert len(rows) > 5 and refused(copy, rows, because=f"transfer_{side}_in_its_book")
        assert not refused(told_again(), rows, because="")

    @pytest.mark.parametrize("side", ["debit", "credit"])
    def test_one_of_another_currency_or_of_no_account_is_refused(self, settled, side):
        euros = ids_of([place := Place(settled.hehe.pk, named("own:adjust"), "EUR")])[place]
        for account in (euros, 987654321):
            copy = told_again(**{f"{side}_id": str(account)})
            assert refused(copy, ids(Transfer), because=f"transfer_{side}_in_its_book")

    def test_a_temporary_table_of_the_accounts_name_is_not_believed(self, settled):
        theirs = ids_of([place := Place(settled.stranger.pk, held("cash"), "CNY")])[place]
        row = Transfer._base_manager.order_by("id").first()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE ledger_account ON COMMIT DROP AS SELECT * FROM ledger_account")
            cursor.execute(
                "UPDATE pg_temp.ledger_account SET book_id = %s WHERE id = %s", [row.book_id, theirs]
            )
            copy = told_again(debit_id=str(theirs))
            assert refused(copy, [row.pk], because="transfer_debit_in_its_book")
            transaction.set_rollback(True)


class TestKeysOfTransfers:
    """What a source moved of one kind in a book is told once and whole."""

    def test_a_transfer_without_a_key_is_refused(self, settled):
        rows = ids(Transfer)
        assert refused(copied("ledger_transfer", source="'copied'"), rows, because="transfer_once_a_source")

    def test_nothing_is_added_to_what_stands_there(self, settled):
        rows = ids(Transfer)
        assert refused(copied("ledger_transfer"), rows, because="transfer_once_a_source")
        assert refused(copied("ledger_transfer"), rows[:1], because="transfer_once_a_source")
        key = TransferKey._base_manager.filter(legs=1).first()
        with_its_place = (
            copied("ledger_transfer")
            .replace("(amount", "(id, amount")
            .replace("SELECT amount", "SELECT id, amount")
        )
        assert refused(with_its_place, [key.first_id], because="pkey")

    @pytest.mark.parametrize(
        "untrue", [{"legs": "count(*) + 1"}, {"first": "min(new_id) - 1"}, {"last": "max(new_id) + 1"},
                   {"booked_on": "booked_on + 1"}, {"position": "position + 1"}]
    )  # fmt: skip
    def test_a_key_says_what_is_there(self, settled, untrue):
        assert refused(told_again(**untrue), ids(Transfer), because="transfer_once_a_source")

    def test_a_part_takes_nothing_that_the_whole_would_refuse(self, settled, owner):
        """The application may not write to a part; its owner, who may, is looked at as well."""
        into_a_part = copied("ledger_transfer").replace(
            "INTO ledger_transfer", f"INTO ledger_transfer_{DAY:%Y%m}"
        )
        assert refused(into_a_part, ids(Transfer), because="permission denied")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(t.oid) FROM pg_inherits LEFT JOIN pg_trigger t ON t.tgrelid = inhrelid"
                " AND t.tgname = 'keys_of_a_statement' AND t.tgenabled = 'O'"
                " WHERE inhparent = 'ledger_transfer'::regclass"
            )
            parts, looking = cursor.fetchone()
        assert parts == looking > 2


class TestItems:
    @pytest.fixture
    def tried(self, settled):
        """Whether an item of a share that is still open, written with these columns changed, is refused so."""
        accruals.book(sold(settled.jingan, line(settled.tea), no="L-2", touches={"serving": "G101"}))
        share = Share._base_manager.order_by("id").last()
        settlement = Settlement._base_manager.filter(merchant_id=share.merchant_id).first()
        given = {
            "settlement_id": settlement.pk,
            "merchant_id": share.merchant_id,
            "split_id": share.split_id,
            "share_id": share.pk,
        }

        def tried(because: str, **changed: int) -> bool:
            row = given | changed
            values = ", ".join(map(str, row.values()))
            return refused(
                f"INSERT INTO commissions_settlementitem ({', '.join(row)}, due, reserve, reserve_clawed, released)"
                f" VALUES ({values}, 0, 0, 0, 0)",
                because=because,
            )

        assert not tried("")
        return tried

    def test_a_share_of_another_split_or_merchant_is_refused(self, settled, tried):
        other = Share._base_manager.order_by("id").first()
        for changed in (
            {"share_id": 987654321},
            {"split_id": other.split_id},
            {"split_id": 987654321},
            {"merchant_id": other.merchant_id},
        ):
            assert tried("item_of_a_share_of_its_split", **changed), changed

    def test_a_settlement_of_another_merchant_is_refused(self, settled, tried):
        other = Settlement._base_manager.order_by("id").first()
        for settlement in (other.pk, 987654321):
            assert tried("item_of_a_settlement_of_its_merchant", settlement_id=settlement)


@pytest.mark.parametrize(
    ("table", "columns"),
    {
        "ledger_transfer": ["book_id", "debit_id", "credit_id", "currency"],
        "ledger_transferkey": ["book_id", "source_id", "kind", "legs", "first_id", "last_id", "booked_on"],
        "ledger_account": ["id", "book_id", "currency"],
        "commissions_settlementitem": ["merchant_id", "settlement_id", "split_id", "share_id"],
        "commissions_share": ["id", "split_id", "merchant_id"],
        "commissions_split": ["id", "merchant_id"],
        "commissions_settlement": ["id", "merchant_id"],
    }.items(),
)
def test_what_was_held_when_it_was_written_stays_as_it_was(settled, owner, table, columns):
    assert refused(f"DELETE FROM {table}", because="")
    for column in columns:
        value = {"currency": "'EUR'", "source_id": "'x'", "kind": "'x'"}.get(column, f"{column} + 1")
        assert refused(f"UPDATE {table} SET {column} = {value}", because=""), column
    for change in ("UPDATE", "DELETE"):
        with connection.cursor() as cursor:  # its owner's statements pass no privilege: a trigger must stand
            cursor.execute(
                "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'O'"
                " AND NOT tgisinternal AND tgtype & 3 = 3 AND tgtype & %s > 0",  # before, for each row
                [table, {"UPDATE": 16, "DELETE": 8}[change]],
            )
            assert cursor.fetchone()[0], change
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'TRUNCATE')", [table])
        assert not cursor.fetchone()[0]


@pytest.mark.django_db
def test_every_key_that_is_held_so_is_tried_here():
    assert keys_of_statements() == {
        ("ledger_transfer", "debit_id"),
        ("ledger_transfer", "credit_id"),
        ("commissions_settlementitem", "share_id"),
        ("commissions_settlementitem", "split_id"),
        ("commissions_settlementitem", "settlement_id"),
    }
