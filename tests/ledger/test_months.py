"""The ledger's months: opened ahead, or by whoever books into one, and by nobody but the owner's function."""

import threading
import time
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, connections, transaction

from ledger import months, periods
from ledger.accounts import held, named
from ledger.models import TransferKey
from ledger.sets import post_set
from ledger.transfers import Entry, Story, of_source, post

AT = datetime(2019, 2, 28, 4, tzinfo=UTC)
LONG_AGO, NEW_YEAR = date(2019, 2, 28), date(2029, 1, 1)


def opened(day: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_month(%s) IS NOT NULL", [day])
        return cursor.fetchone()[0]


def told(book, on=LONG_AGO, source_id="o1"):
    entries = (
        Entry(book.pk, "tender", held("cash"), named("own:residual"), 5),
        Entry(book.pk, "tender", held("bank"), named("own:residual"), 7),
    )
    return Story("test", source_id, on, AT, "CNY", entries)


def parts(book) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text, count(*) FROM ledger_transfer WHERE book_id = %s GROUP BY 1",
            [book.pk],
        )
        return dict(cursor.fetchall())


def test_what_is_told_of_a_month_that_nobody_opened_opens_it(world):
    assert not opened(LONG_AGO)
    assert len(post([told(world.hehe), told(world.mubai, NEW_YEAR)])) == 2
    assert parts(world.hehe) == {"ledger_transfer_201902": 2}
    assert parts(world.mubai) == {"ledger_transfer_202901": 2}
    assert post([told(world.hehe)]) == set(), "a replay is known wherever it stands"


def test_a_set_is_booked_in_the_months_of_its_days(world):
    post([told(world.hehe, date(2026, 11, 20))])
    telling = """
        SELECT n AS story, 1 AS place, 'set/' || n AS source_id, date '2018-12-31' + n AS business_date,
               'CNY' AS currency, %(book)s::bigint AS book_id, 'pending' AS debit_code, %(lin)s::bigint AS debit_party,
               'due' AS credit_code, %(lin)s::bigint AS credit_party, 1::bigint AS amount
        FROM generate_series(0, 1) AS n
    """
    given = {"book": world.hehe.pk, "lin": world.lin.party_id}
    with transaction.atomic():
        assert post_set(telling, given, source="set", kind="moved", at=AT) == 2
    found = parts(world.hehe)
    assert (found["ledger_transfer_201812"], found["ledger_transfer_201901"]) == (1, 1)


def test_a_day_of_a_closed_period_opens_no_month_but_the_one_it_is_booked_in(world):
    periods.close(world.hehe, through=date(2028, 6, 30))
    post([told(world.hehe)])
    assert parts(world.hehe) == {"ledger_transfer_202807": 2} and not opened(LONG_AGO)


def test_months_are_opened_ahead_once(world):
    assert months.open_ahead(today=date(2030, 11, 30)) == 3
    assert [opened(date(year, month, 1)) for year, month in ((2030, 11), (2030, 12), (2031, 1), (2031, 2))] == [
        True, True, True, False,
    ]  # fmt: skip
    assert months.open_ahead(today=date(2030, 11, 30)) == 0
    assert months.open_ahead(today=date(2030, 11, 30), since=date(2030, 9, 30)) == 2


@pytest.mark.parametrize("day", ["1999-12-31", "9999-01-01"])
def test_the_application_opens_no_month_that_no_ledger_has(world, day):
    with pytest.raises(DatabaseError, match="no month"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_open_month(%s)", [day])


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine PARTITION OF ledger_transfer FOR VALUES FROM ('1999-01-01') TO ('1999-02-01')",
        "ALTER TABLE ledger_transfer DETACH PARTITION ledger_transfer_201902",
        "DROP TABLE ledger_transfer_201902",
        "TRUNCATE ledger_transfer_201902",
        "DELETE FROM ledger_transfer_201902",
        "SELECT * FROM ledger_transfer_201902",
    ],
)
def test_the_application_does_nothing_else_with_a_part(world, statement):
    post([told(world.hehe)])
    with (
        pytest.raises(DatabaseError, match="permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_a_source_moved_is_found_by_its_key(world):
    post([told(world.hehe), told(world.hehe, NEW_YEAR, "o2"), told(world.mubai)])
    with world.inside(world.hehe):
        assert [row.amount for row in of_source(world.hehe, "test", "o1")] == [5, 7]
        assert not of_source(world.hehe, "test", "o3")
        key = TransferKey.objects.get(source_id="o2")
        assert (key.booked_on, key.legs) == (NEW_YEAR, 2)


@pytest.mark.django_db(transaction=True)
def test_two_who_open_a_month_at_once_both_book_in_it(transactional_db, world):
    """Without the second look, behind the lock, the later one fails: the month is there already."""
    both, failed = threading.Barrier(2), []
    books = [world.hehe, world.mubai]
    post([told(book) for book in books])  # else they wait for each other to make their accounts

    def tell(book) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT ledger_month(%s)", [NEW_YEAR])
                both.wait()
                post([told(book, NEW_YEAR, "o2")])
                time.sleep(0.2)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=tell, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed
    assert [parts(book)["ledger_transfer_202901"] for book in books] == [2, 2]
