"""What holds whatever has happened on the street (tests/commissions/trading.py), worked out here from rows."""

from django.db import connection

from commissions import progress
from commissions.models import (
    Contribution,
    Payout,
    RunningTotal,
    SettlementBatch,
    SettlementItem,
    Share,
    Split,
)
from commissions.payouts import laying, receivables
from ledger import balances, proof
from ledger.models import Transfer
from members.models import Programme
from orders.models import OrderLine


def shares_go_forward(before: dict[int, int]) -> dict[int, int]:
    """No share gives back more than it is, or takes back what it gave."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, amount, clawed, moved_out FROM commissions_share")
        rows = cursor.fetchall()
    for pk, amount, clawed, moved_out in rows:
        assert clawed >= 0 and moved_out >= 0 and clawed + moved_out <= amount
        assert clawed >= before.get(pk, 0)
    return {pk: clawed for pk, _amount, clawed, _moved_out in rows}


def wallets_hold(street):
    """No person's purse is below zero, nor does anybody owe less than nothing; what is on its way is what payouts
    say."""
    with connection.cursor() as cursor:
        cursor.execute(_PURSES, {"people": [guide.party_id for guide in street.guides]})
        for code, amount in cursor.fetchall():
            assert amount >= 0 if code == "due" else amount <= 0
        cursor.execute(_ON_ITS_WAY)
        assert cursor.fetchall() == []


_STANDING = """
SELECT a.book_id, a.party_id, a.code, sum(CASE a.id WHEN t.credit_id THEN t.amount ELSE -t.amount END) AS amount
FROM ledger_account a JOIN ledger_transfer t ON a.id IN (t.debit_id, t.credit_id)
WHERE a.code IN ('due', 'owed', 'transit') GROUP BY a.id
"""
_PURSES = f"SELECT code, amount FROM ({_STANDING}) s WHERE code <> 'transit' AND party_id = ANY(%(people)s)"
_ON_ITS_WAY = f"""
SELECT s.book_id, s.party_id FROM ({_STANDING}) s WHERE s.code = 'transit' AND s.amount <> (
    SELECT coalesce(sum(p.net), 0) FROM commissions_payout p
    WHERE p.merchant_id = s.book_id AND p.payee_id = s.party_id
      AND p.state IN ('created', 'submitted', 'unknown', 'held', 'contested')
)
"""


def books_hold(street):
    """Each sums to zero, `clearing` is empty, and mirrors cancel."""
    for book in street.books:
        with street.world.inside(book):
            assert proof.trial_balance(book).holds


def lines_hold(street):
    """Σ held − Σ contributions still owed = paid − refunded, line by line; what appeals moved stands in new rows."""
    with street.world.inside(street.world.hehe):
        splits = list(Split.party.select_related("line"))
        assert len(splits) == OrderLine.objects.count()
        shares, borne = list(Share.party.all()), list(Contribution.party.all())
    for split in splits:
        own = [share for share in shares if share.split_id == split.pk]
        owed = sum(row.amount - row.returned for row in borne if row.split_id == split.pk)
        assert sum(share.held for share in own) - owed == split.line.paid - split.line.refunded
        assert sum(share.amount - share.moved_out for share in own) == split.base
        added = sum(share.amount for share in own if share.why["because"] == "appeal")
        assert added == sum(share.moved_out for share in own)


def settled_once(street):
    """What left `pending` for others is what the items say, line by line and payee by payee: each share once."""
    for book in street.books:
        with street.world.inside(book):
            items = SettlementItem.objects.exclude(share__payee=book.party_id)
            items = items.exclude(settlement__lines=0)  # after an appeal: told as a move
            said, moved = {}, {}
            for item in items.select_related("share", "split__order", "split__line"):
                key = item.split.source_id, item.share.owed_to_id
                said[key] = said.get(key, 0) + item.due + item.reserve
            for row in Transfer.objects.filter(
                source="settlement", debit__code="pending", credit__code__in=["due", "reserve"]
            ).select_related("debit"):
                key = row.source_id, row.debit.party_id
                moved[key] = moved.get(key, 0) + row.amount
            shares = [item.share_id for item in items]
        own = {key: amount for key, amount in moved.items() if key in said}
        assert {key: amount for key, amount in said.items() if amount} == own
        assert len(shares) == len(set(shares))


def payees_hold(street):
    """What the books owe a guide, less what she owes, is what her shares hold less what left for her."""
    world = street.world
    for guide in street.guides:
        with world.inside(world.hehe):
            earned = sum(share.held for share in Share.payable.filter(guide=guide))
        total = 0
        for book in street.books:
            with world.inside(book):
                purse = balances.of_party(book, guide.party)
                left = Payout.objects.filter(payee=guide.party).exclude(state__in=Payout.GIVEN_BACK)
                total += sum(payout.net + payout.tax for payout in left) + sum(purse.values())
            owed = sum(item.left for item in receivables.of_party(book, guide.party))
            assert owed == -purse.get("owed", 0)
        assert total == earned


def totals_hold(street):
    """A month's total is what its lines net come to, and what their shares hold."""
    with street.world.inside(street.world.qinglan):
        for row in RunningTotal.objects.filter(role="guide"):
            shares = Share.objects.filter(running=row).select_related("split__line")
            assert row.booked == sum(share.held for share in shares)


def batches_hold(street):
    """Of each batch every fen is paid, on its way, set off or left; and no more is left of all than is due."""
    for book in street.books:
        with street.world.inside(book):
            reached = progress.of(book, list(SettlementBatch.objects.all())).values()
            standing = laying.reached(book)
            left: dict[int, int] = {}
            for part in (part for one in reached for part in one.parts):
                parts = (part.paid, part.under_way, part.set_off, part.left)
                assert min(parts) >= 0 and sum(parts) == part.amount and part.came_back <= part.left
                left[part.payee.pk] = left.get(part.payee.pk, 0) + part.left
            assert all(amount <= max(standing[payee][1], 0) for payee, amount in left.items())


def stored_value_holds(street):
    """Once all is booked and clawed, what may still be spent is what the book owes for it."""
    with street.world.inside(street.world.hehe):
        (owed,) = balances.of_book(street.world.hehe, codes=["stored:card"])
        assert Programme.objects.get().outstanding == owed.amount > 0


def all_is_paid(street):
    """Nothing is due to anybody, and so every batch is paid."""
    for book in street.books:
        with street.world.inside(book):
            assert all(row.amount <= 0 for row in balances.of_book(book, codes=["due"]))
            posted = list(SettlementBatch.objects.filter(state="posted"))
            reached = progress.of(book, posted).values()
        assert {one.stage for one in reached} <= {progress.Stage.PAID}
        assert not any(part.left or part.under_way for one in reached for part in one.parts)
