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

from commissions.models import (
    Appeal,
    SettlementPolicy,
)
from commissions.payouts import payee_accounts, withholding
from commissions.splitting import Term
from members import programmes
from tests.commissions import holding, trading
from tests.commissions.street import BY, CARD, COUPON, START, Street
from tests.commissions.tiered import published
from tests.commissions.trading import (
    Answer,
    BankTurn,
    ChangePlan,
    CloseDay,
    Contest,
    GiveBack,
    Pay,
    Sell,
    Work,
)
from tests.people import make_guide, renewed
from tests.selling import campaign_of, joined

EXAMPLES = int(os.environ.get("TIANDI_EXAMPLES", 0))
SEARCH = settings(
    max_examples=EXAMPLES or 24,
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
    fee_bearer: str  # of Qinglan's payments


fen = st.one_of(st.integers(1, 400), st.integers(1, 40_000))
some = st.integers(0, 30)
sales = st.builds(
    Sell,
    prices=st.tuples(fen, fen, fen),
    in_wallet=st.one_of(st.just(0), fen),
    in_red=st.one_of(st.just(0), fen),
    by_card=st.one_of(st.just(0), fen),
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
            ("submit", "fail"),
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
    st.builds(
        GiveBack, which=some, parts=st.tuples(*[st.integers(0, 3)] * 3), tender=st.sampled_from([None, 1, 2])
    ),
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
    fee_bearer=st.sampled_from(["collector", "principal"]),
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
    valid |= {"threshold": COUPON, "per_member_limit": 100}
    kept = {"holder": "林小雨", "bank": "招商银行", "number": "6225881234567890", **BY}
    card = programmes.register(merchant=world.hehe, code=CARD, name="储值卡", **BY)
    told = {"external_no": "U-1", "place": "cash", "at": START}
    programmes.top_up(programme=card, paid=9_000_000, bonus=1, **told, **BY)
    merchants = (world.qinglan, world.mubai, world.hehe)
    for payer in merchants:
        for party in (world.lin.party, zhou.party, *(other.party for other in merchants if other != payer)):
            payee_accounts.keep(payer=payer, party=party, **kept)
    withholding.withhold_from(
        merchant=world.qinglan,
        starts_on=START.date().replace(day=1),
        brackets=[[0, 100_000], [5000, 200_000]],
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
        world.qinglan_at_jingan,
        settlement=agreed.qinglan,
        guide_pay=agreed.guide_pay,
        fee_bearer=agreed.fee_bearer,
        **shared,
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
        before = holding.shares_go_forward(before)
        holding.wallets_hold(street)
    holding.books_hold(street)
    trading.CatchUp().play(street)
    holding.books_hold(street)
    holding.lines_hold(street)
    holding.settled_once(street)
    holding.payees_hold(street)
    holding.totals_hold(street)
    holding.batches_hold(street)
    holding.stored_value_holds(street)
    trading.SettleUp().play(street)
    holding.books_hold(street)
    holding.payees_hold(street)
    holding.all_is_paid(street)
    for step in (
        trading.GiveBack(which=0, parts=(3, 3, 3)),
        trading.CatchUp(),
    ):  # from purses that are empty now
        step.play(street)
    holding.wallets_hold(street)
    holding.books_hold(street)
    holding.lines_hold(street)
    holding.payees_hold(street)
    with connection.cursor() as cursor:  # what the database would look at when each transaction commits
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
