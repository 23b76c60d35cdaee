"""A day of trade while everything is killed at random, again and again; in the evening every total is what plain
Python makes of the sales that the tills got through.

CHAOS_SALES, CHAOS_REFUNDS, CHAOS_CALM and CHAOS_SEED change the day; the seed is printed.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import psycopg2
import pytest

from tests.merchant_calls import MerchantCalls
from tests.stack.agreed import MERCHANTS
from tests.stack.chaos import Monkey
from tests.stack.processes import ROOT
from tests.stack.recomputing import Books, Part, recomputed
from tests.stack.stories import written
from tests.stack.tills import Journal, Till

pytestmark = pytest.mark.stack

SALES = int(os.environ.get("CHAOS_SALES", "2000"))
REFUNDS = int(os.environ.get("CHAOS_REFUNDS", "300"))
TILLS = 6
CALM = int(os.environ.get("CHAOS_CALM", "100"))  # sales and refunds between two crashes, more or less


@pytest.fixture(scope="module")
def seed() -> str:
    return os.environ.get("CHAOS_SEED") or f"{random.SystemRandom().getrandbits(32):08x}"


def test_after_a_day_of_crashes_every_total_is_what_plain_python_makes_of_the_sales(stack, seed, capsys):
    with capsys.disabled():
        print(f"\nCHAOS_SEED={seed}")
    began = time.monotonic()
    staged = office(stack, "lay")
    journal, chance = Journal(), random.Random(seed)
    stories = written(chance, sales=SALES, refunds=REFUNDS)
    tills = [
        Till(stories[n::TILLS], staged=staged, web=stack.web, journal=journal, seed=f"{seed}-{n}")
        for n in range(TILLS)
    ]
    monkey = Monkey(stack, chance)
    for till in tills:
        till.start()
    monkey.rage(done=lambda: journal.taken, is_over=lambda: is_over(tills), every=CALM)
    traded = time.monotonic()
    for till in tills:
        if till.failure:
            raise AssertionError(f"seed {seed}: {till.name} gave up") from till.failure
    monkey.bring_back()
    stack.wait_for_servers()
    drained(stack)
    drained_at = time.monotonic()
    closed_among_crashes(stack, monkey, chance)
    for sale, back in journal.late:
        tills[0].give_back(sale, back)
    drained(stack)
    with capsys.disabled():
        print(
            f"{len(journal.sales)} sales, {len(journal.refunds)} refunds ({len(journal.late)}"
            f" after the close), {len(journal.members)} members, {len(journal.codes)} coupons"
            f" in {traded - began:.0f} s, drained after {drained_at - traded:.0f} s, all in"
            f" {time.monotonic() - began:.0f} s\n  killed {dict(monkey.killed)}, came back by itself"
            f" {dict(monkey.restarted)}\n  answers {dict(journal.statuses)}"
        )

    books = recomputed(list(journal.sales.values()))
    with stack.database() as connection, connection.cursor() as cursor:
        here = Told(cursor, staged)
        everything_once(here, journal)
        assert here.shares() == books.shares
        assert here.accounts() == dict(books.accounts)
        assert here.unfinished() == []
    statements_agree(stack, staged, books)
    for name in MERCHANTS:
        proof = MerchantCalls(stack.web[0], staged["keys"][name]).get("/ledger/trial-balance")
        assert proof["holds"] and proof["total"] == 0, proof.body
    stack.python("manage.py", "prove")


def is_over(tills: list[Till]) -> bool:
    return any(till.failure for till in tills) or not any(till.is_alive() for till in tills)


def office(stack, deed: str) -> Any:
    return json.loads(stack.python(*OFFICE, f"from tests.stack import office; office.{deed}()") or "null")


OFFICE = ("manage.py", "shell", "--verbosity", "0", "--no-imports", "--command")


def closed_among_crashes(stack, monkey: Monkey, chance: random.Random) -> None:
    """The business day is closed by two at once; one is killed, and the database under the other; then once more."""
    command = [sys.executable, *OFFICE, "from tests.stack import office; office.close()"]
    two = [
        subprocess.Popen(command, cwd=ROOT, env=stack.environment, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    time.sleep(chance.uniform(1.5, 3))
    two[0].kill()
    monkey.kill("backend")
    for process in two:
        process.wait(240)
    monkey.bring_back()
    eventually(lambda: database_answers(stack))
    office(stack, "close")


def database_answers(stack) -> bool:
    try:
        stack.database().close()
    except psycopg2.OperationalError:
        return False
    return True


def drained(stack, seconds: float = 240) -> None:
    """Every event has its number, and every follower has acted on it."""
    eventually(lambda: behind(stack) == (0, 0, 0), seconds, lambda: f"still behind: {behind(stack)}")


def behind(stack) -> tuple[int, int, int] | None:
    """Events without a number, how far the last follower is behind, and events set aside."""
    try:
        with stack.database() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM events_event e LEFT JOIN events_position p ON p.event_id = e.id"
                " WHERE p.seq IS NULL), (SELECT max(seq) FROM events_position) - min(seq),"
                " (SELECT count(*) FROM events_fault) FROM events_reader"
            )
            return cursor.fetchone()
    except psycopg2.OperationalError:
        return None


def eventually(what, seconds: float = 90, otherwise=lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)


def everything_once(here: "Told", journal: Journal) -> None:
    """Each sale, refund, member and coupon that the tills got through is there, once, and nothing else."""
    assert here.pairs("SELECT external_no, ref FROM orders_order WHERE teller_id = ANY(%(ours)s)") == sorted(
        journal.refs.items()
    )
    refunds = here.pairs("SELECT external_no, ref FROM orders_refund WHERE teller_id = ANY(%(ours)s)")
    assert [number for number, _ref in refunds] == sorted(journal.refunds)
    for kind, refs in [("order.paid", journal.refs.values()), ("order.refunded", dict(refunds).values())]:
        key = "subject" if kind == "order.paid" else "payload->>'refund'"
        told = here.pairs(
            f"SELECT {key}, count(*) FROM events_event WHERE kind = '{kind}'"
            " AND merchant_id = ANY(%(ours)s) GROUP BY 1"
        )
        assert told == sorted((ref, 1) for ref in refs), kind
    assert here.pairs("SELECT ref, status FROM members_member WHERE merchant_id = ANY(%(ours)s)") == sorted(
        (ref, "active") for ref in journal.members.values()
    )
    used = sum(sale.has_coupon for sale in journal.sales.values())
    coupons = here.pairs(
        "SELECT state, count(*) FROM coupons_coupon WHERE merchant_id = ANY(%(ours)s) GROUP BY 1"
    )
    assert coupons == [("redeemed", used)] and used == len(journal.codes)
    assert here.pairs(
        "SELECT count(*), count(DISTINCT coupon_id) FROM coupons_redemption WHERE merchant_id = ANY(%(ours)s)"
    ) == [(used, used)]
    assert here.pairs("SELECT count(*), max(seq) - min(seq) + 1 FROM events_position") == here.pairs(
        "SELECT count(*), count(*) FROM events_event"
    )


def statements_agree(stack, staged: dict[str, Any], books: Books) -> None:
    """What each book says to each party: from nothing, by what moved, to what it owes in the end."""
    for book, rows in office(stack, "statements").items():
        kinds: Counter[tuple[str, str]] = Counter()
        for party_id, row in rows.items():
            party = staged["parties"][party_id]
            kinds.update({(party, kind): amount for kind, amount in row["by_kind"].items()})
            owed = {a: n for (of, a, whose), n in books.accounts.items() if (of, whose) == (book, party)}
            assert row["by_account"] == owed, (book, party)
            assert (row["opening"], row["closing"]) == (0, sum(owed.values())), (book, party)
        assert kinds == {(party, kind): n for (of, party, kind), n in books.kinds.items() if of == book}


class Told:
    """What the database holds of the three merchants, in the words of the recomputation."""

    def __init__(self, cursor, staged: dict[str, Any]) -> None:
        self.cursor = cursor
        self.parties = {int(key): name for key, name in staged["parties"].items()}
        names = {ref: name for name, ref in staged["refs"].items()}
        cursor.execute("SELECT id, ref FROM merchants_merchant WHERE ref = ANY(%s)", [list(names)])
        self.merchants = {pk: names[ref] for pk, ref in cursor.fetchall()}

    def pairs(self, statement: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(statement, {"ours": list(self.merchants)})
        return sorted(self.cursor.fetchall())

    def shares(self) -> dict[tuple[str, int], list[Part]]:
        rows = self.pairs(
            "SELECT o.external_no, l.number, h.number, h.role, h.payee_id, h.amount, h.clawed"
            " FROM commissions_share h JOIN commissions_split s ON s.id = h.split_id"
            " JOIN orders_orderline l ON l.id = s.line_id JOIN orders_order o ON o.id = l.order_id"
            " WHERE o.merchant_id = ANY(%(ours)s)"
        )
        found: dict[tuple[str, int], list[Part]] = {}
        for no, line, _number, role, payee, amount, clawed in rows:
            found.setdefault((no, line), []).append(Part(role, self.parties[payee], amount, clawed))
        return found

    def accounts(self) -> dict[tuple[str, str, str], int]:
        rows = self.pairs(
            "SELECT a.book_id, a.code, coalesce(a.party_id, 0),"
            " sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END)"
            " FROM ledger_account a JOIN ledger_transfer t ON a.id IN (t.debit_id, t.credit_id)"
            " WHERE a.book_id = ANY(%(ours)s) GROUP BY 1, 2, 3"
        )
        return {
            (self.merchants[book], code, self.parties.get(party, "")): int(amount)
            for book, code, party, amount in rows
            if amount
        }

    def unfinished(self) -> list[tuple[Any, ...]]:
        """Shares that are not settled exactly once, and refunds that were not taken back exactly once."""
        return self.pairs(
            "SELECT 'share', h.id, count(i.share_id) FROM commissions_share h"
            " LEFT JOIN commissions_settlementitem i ON i.share_id = h.id"
            " WHERE h.merchant_id = ANY(%(ours)s) GROUP BY h.id HAVING count(i.share_id) <> 1"
            " UNION ALL SELECT 'refund', r.id, count(c.id) FROM orders_refundline r"
            " LEFT JOIN commissions_clawback c ON c.refund_line_id = r.id"
            " JOIN orders_refund f ON f.id = r.refund_id WHERE f.merchant_id = ANY(%(ours)s)"
            " GROUP BY r.id HAVING count(c.id) <> 1"
        )
