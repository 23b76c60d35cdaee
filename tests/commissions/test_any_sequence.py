"""Whatever happens in whatever order, the books say what the orders say, recomputed here from the rows of orders.

Hypothesis draws the sequences, on the real database and through the product's verbs; each begins on the same world and
is rolled back. The pipeline plays the same ones each time; `TIANDI_EXAMPLES=2000 ./dev test
tests/commissions/test_any_sequence.py` looks for new ones, and makes the one it finds as short as it can.
"""

import os
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commissions import progress
from commissions.models import (
    Appeal,
    Contribution,
    Payout,
    RunningTotal,
    SettlementBatch,
    SettlementItem,
    SettlementPolicy,
    Share,
    Split,
)
from commissions.payouts import laying, payee_accounts, receivables, withholding
from commissions.splitting import Term
from ledger import balances, proof
from ledger.models import Transfer
from orders.models import OrderLine
from tests.commissions import trading
from tests.commissions.tiered import published
from tests.commissions.trading import (
    BY,
    START,
    Answer,
    BankTurn,
    ChangePlan,
    CloseDay,
    Contest,
    GiveBack,
    Pay,
    Sell,
    Street,
    Work,
)
from tests.people import make_guide, renewed
from tests.selling import campaign_of, joined

EXAMPLES = int(os.environ.get("TIANDI_EXAMPLES", 0))
SEARCH = settings(
    max_examples=EXAMPLES or 36,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    phases=list(Phase) if EXAMPLES else [Phase.generate],  # to shrink takes minutes
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Terms:
    """What was agreed before anything happened."""

    qinglan: str  # settles with Hehe T0 or T1
    mubai: str
    reserve_ppm: int
    guide_pay: str
    approval: bool
    tiers: bool


fen = st.one_of(st.integers(1, 400), st.integers(1, 40_000))
some = st.integers(0, 30)
sales = st.builds(
    Sell,
    prices=st.tuples(fen, fen, fen),
    in_wallet=st.one_of(st.just(0), fen),
    in_red=st.one_of(st.just(0), fen),
    coupon=st.booleans(),
    served=st.sampled_from([(), (0,), (1,), (0, 1)]),
    back=st.one_of(st.just(0), st.just(0), fen),
    worked=st.integers(0, 3).map(bool),
)
payments = st.builds(
    Pay,
    which=some,
    amount=st.one_of(st.none(), st.none(), st.integers(1, 500)),
    by_bank=st.integers(0, 3).map(lambda n: n == 0),
    through=st.one_of(st.none(), st.none(), st.integers(0, 1)),
    told=st.sampled_from(
        [
            (),
            ("submit",),
            ("submit", "succeed"),
            ("submit", "lost", "succeed"),
            ("submit", "lost", "fail"),
            ("submit", "succeed", "come_back"),
            ("submit", "succeed", "fail"),
        ]
    ),
)
steps = st.one_of(
    payments,
    payments,
    st.builds(GiveBack, which=some, parts=st.tuples(*[st.integers(0, 3)] * 3)),
    st.builds(GiveBack, which=some, parts=st.tuples(*[st.integers(0, 3)] * 3)),
    st.builds(Work, upto=some, again=st.integers(0, 3).map(lambda n: n == 3)),
    st.builds(
        ChangePlan,
        brand_ppm=st.integers(1, 600_000),
        guide_ppm=st.integers(1, 100_000),
        fixed=st.integers(0, 900),
    ),
    st.builds(
        CloseDay,
        book=st.sampled_from([0, 2]),
        pages=st.one_of(st.none(), st.none(), st.integers(0, 3)),
        approved=st.booleans(),
    ),
    st.builds(Answer, which=some, verb=st.sampled_from(["submit", "lost", "succeed", "fail", "come_back"])),
    st.builds(
        BankTurn, says=st.lists(st.sampled_from(list(trading.WORDS)), min_size=1, max_size=3).map(tuple)
    ),
    st.builds(
        Contest,
        which=some,
        guide=st.integers(0, 1),
        reason=st.sampled_from(Appeal.Reason.values),
        amount=st.one_of(st.none(), st.integers(1, 700)),
        uphold=st.integers(0, 9).map(bool),
    ),
)
acts = st.tuples(sales, st.lists(steps, max_size=8)).map(lambda act: [act[0], *act[1]])
stories = st.lists(acts, min_size=1, max_size=6).map(lambda parts: [step for part in parts for step in part])
terms = st.builds(
    Terms,
    qinglan=st.sampled_from(["T0", "T1"]),
    mubai=st.sampled_from(["T0", "T1"]),
    reserve_ppm=st.sampled_from([0, 150_000]),
    guide_pay=st.sampled_from(["direct", "employer"]),
    approval=st.booleans(),
    tiers=st.booleans(),
)


def test_any_sequence_of_what_can_happen_leaves_true_books(plans_published, monkeypatch):
    monkeypatch.setattr("commissions.batches.PAGE", 2)
    base = the_street(plans_published)

    @SEARCH
    @given(terms, stories)
    def tried(agreed, story):
        start = transaction.savepoint()
        try:
            play(Street(**base), agreed, story)
        finally:
            transaction.savepoint_rollback(start)

    tried()


def the_street(world) -> dict:
    with world.inside(world.hehe):
        zhou = make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102")
    bearers = [("brand", 600_000), ("store", 300_000), ("platform", 100_000)]
    always = {"from": START - timedelta(days=3), "until": START + timedelta(days=200)}
    valid = {f"{what}_{end}": at for what in ("claim", "use") for end, at in always.items()}
    valid |= {"threshold": trading.COUPON, "per_member_limit": 100}
    kept = {"holder": "林小雨", "bank": "招商银行", "number": "6225881234567890", **BY}
    merchants = (world.qinglan, world.mubai, world.hehe)
    for payer in merchants:
        for party in (world.lin.party, zhou.party, *(other.party for other in merchants if other != payer)):
            payee_accounts.keep(payer=payer, party=party, **kept)
    withholding.withhold_from(
        merchant=world.qinglan,
        starts_on=START.date().replace(day=1),
        brackets=[[500, 30_000], [5000, 200_000]],
        at=START,
        **BY,
    )
    return {
        "world": world,
        "guides": [world.lin, zhou],
        "member": joined(world.mubai_brand, world.jingan, at=START - timedelta(days=2)).member,
        "campaign": campaign_of(world.mubai, world.mubai_brand, bearers=bearers, **valid),
    }


def play(street: Street, agreed: Terms, story: list) -> None:
    world = street.world
    shared = {"reserve_ppm": agreed.reserve_ppm, "store_tells_for_brand": True}
    central = renewed(
        world.qinglan_at_jingan, settlement=agreed.qinglan, guide_pay=agreed.guide_pay, **shared
    )
    renewed(world.mubai_at_jingan, settlement=agreed.mubai, **shared)
    if agreed.tiers:
        guide = Term(2, "guide", tiers=((0, 30_000), (40_000, 50_000)), period_cap=3_000)
        published(world, Term(1, "store", 200_000, line_cap=5_000), guide, scope=central)
    for book in street.books:
        with world.inside(book):
            SettlementPolicy.objects.create(merchant=book, needs_approval=agreed.approval)
    before: dict[int, int] = {}
    for step in story:
        step.play(street)
        before = shares_go_forward(before)
        wallets_hold(street)
    books_hold(street)
    street.catch_up()
    books_hold(street)
    lines_hold(street)
    settled_once(street)
    payees_hold(street)
    totals_hold(street)
    batches_hold(street)
    with connection.cursor() as cursor:  # what the database would look at when each transaction commits
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


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
