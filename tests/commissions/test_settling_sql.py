"""A T+1 page in SQL writes what the stories in Python tell: every row, to the fen."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from commissions import accruals, appeals, batches, clawback, reserves, settlement
from commissions.models import Collection, Settlement, SettlementItem, Share, Split
from ledger import balances, periods, proof
from ledger.accounts import named
from ledger.models import Account, Transfer
from ledger.transfers import Entry, Story, post
from merchants.scoping import acting_for
from orders.facts import RefundLineFacts, TenderFacts
from orders.models import OrderLine
from tests.people import NOON, ONBOARDING, renewed
from tests.selling import campaign_of, coupon_for, joined, line, money_back, sold

DAY = NOON.date()
NIGHT = NOON + timedelta(days=1)
FREE_ON = DAY + timedelta(days=8)  # when goods can no longer be returned


@pytest.fixture
def world(plans_published):
    return plans_published


@pytest.mark.parametrize("page", [3, 20_000])
@pytest.mark.parametrize("seed", range(6))
def test_a_page_in_sql_writes_the_same_rows_as_the_stories_in_python(world, zhou, monkeypatch, seed, page):
    monkeypatch.setattr(batches, "PAGE", page)
    chance = random.Random(seed)
    terms = {
        "settlement": "T1",
        "reserve_ppm": [0, 200_000, 333_333][seed % 3],
        "guide_pay": ["direct", "employer"][seed % 2],
        "store_tells_for_brand": True,
    }
    renewed(world.qinglan_at_jingan, **terms, fee_bearer="principal")
    renewed(world.mubai_at_jingan, **terms, fee_bearer=["collector", "principal"][seed % 2])
    renewed(world.qinglan_at_xuhui, **terms)
    traded(world, chance, zhou)
    if seed % 2:
        periods.close(world.hehe, through=DAY)  # what is settled now is booked in the next period
    with acting_for(world.qinglan):
        others = Collection.objects.exclude(collector=world.qinglan)
        assert others.filter(fee_charged__lt=F("fee")).exists() and others.filter(fee_charged__gt=0).exists()
    in_sql = undone(world, closed)
    in_python = undone(world, told)
    assert in_sql == in_python
    transfers, items, _accounts, _settled = in_python
    assert len(items) > 60
    assert {row[1] for row in transfers} == {"settle_t1"}


@pytest.mark.parametrize("payer", ["direct", "employer"])
def test_reserves_are_released_in_sql_as_the_design_tells_it(world, zhou, payer):
    for contract in (world.qinglan_at_jingan, world.mubai_at_jingan, world.qinglan_at_xuhui):
        terms = {"settlement": "T1", "reserve_ppm": 333_333, "guide_pay": payer}
        renewed(contract, **terms, store_tells_for_brand=True)
    traded(world, random.Random(1), zhou)
    closed(world)
    in_sql, as_told = undone(world, released), undone(world, told_released)
    assert len(as_told[0]) > 20
    assert in_sql[0] == as_told[0]
    released(world)
    for book in (world.qinglan, world.mubai, world.hehe):
        with acting_for(book):
            assert not [row for row in balances.of_book(book, codes=["reserve"]) if row.amount]
            assert all(item.kept == 0 for item in SettlementItem.objects.all())


def traded(world, chance: random.Random, colleague) -> None:
    """A day at Jing'an and Xuhui: both modes on one receipt, own goods, coupons borne by three, money that both
    brands and a platform collected, for a fee, or all of it, lines of one fen, and refunds of a part or all."""
    member = joined(world.mubai_brand, world.jingan).member
    bearers = [("brand", 600_000), ("store", 300_000), ("platform", 100_000)]
    campaign = campaign_of(
        world.mubai, world.mubai_brand, threshold=3000, per_member_limit=100, bearers=bearers
    )
    for number in range(1, 9):
        prices = [chance.choice([1, 19, chance.randint(100, 40_000)]) for _ in range(3)]
        lines = [
            line(sku, list_price=price)
            for sku, price in zip((world.shirt, world.tea, world.tote), prices, strict=True)
        ]
        codes, off = (), 0
        if prices[1] >= 3000:
            codes, off = (coupon_for(campaign, member, key=f"claim-{number}")[1],), 3000
        wallet = chance.randint(0, prices[0])
        teas = chance.randint(0, prices[1] - off)
        till = sum(prices) - off - wallet - teas
        red = chance.randint(0, till)
        tenders = (
            TenderFacts(
                place="psp", amount=wallet, collector=world.qinglan.ref, lines=(1,), fee=wallet // 150
            ),
            TenderFacts(
                place="acquirer", amount=teas, collector=world.mubai.ref, lines=(2,), fee=min(teas, 7)
            ),
            TenderFacts(place="platform", amount=red, fee=red if number % 2 else red // 99),
            TenderFacts(place="cash", amount=till - red),
        )
        order = sold(
            world.jingan,
            *lines,
            no=f"T-{number}",
            coupons=codes,
            tenders=tuple(tender for tender in tenders if tender.amount),
            touches=chance.choice([{}, {"serving": "G101"}]),
            paid_at=NOON + timedelta(minutes=number),
        )
        own = sold(world.xuhui, line(world.coat), no=f"X-{number}", touches={"serving": "G201"})
        for one in (order, own):
            accruals.book(one)
        appealed(world, order, colleague, chance)
        given_back(world, order, chance.choice(["nothing", "part", "all"]), number)


def appealed(world, order, guide, chance: random.Random) -> None:
    """Sometimes what Lin was given is Zhou's, or a part of it."""
    with world.inside(world.hehe):
        shares = Share.party.filter(split__order=order, guide=world.lin, amount__gt=1).order_by("id")
        disputed = shares.select_related("split__line__order").first()
    if disputed and chance.random() < 0.7:
        row = appeals.appeal(line=disputed.split.line, guide=guide, reason="served", by=ONBOARDING, at=NOON)
        amount = chance.choice([None, 1, disputed.amount // 2])
        appeals.decide(appeal=row, uphold=True, amount=amount, by=ONBOARDING, at=NOON)


def given_back(world, order, much: str, number: int) -> None:
    with world.inside(world.hehe):
        paid = {row.number: row.paid for row in OrderLine.objects.filter(order=order)}
    back = {
        "nothing": {},
        "part": {n: (paid[n] + 1) // 2 for n in paid},
        "all": paid,
    }[much]
    rows = [RefundLineFacts(number=n, amount=amount) for n, amount in back.items() if amount]
    if rows:
        refund, _is_new = money_back(world.hehe, *rows, order_no=order.external_no, no=f"R-{number}")
        clawback.claw(refund)


def closed(world) -> None:
    for book in (world.qinglan, world.mubai, world.hehe):
        batches.advance(batches.open_batch(book, DAY), at=NIGHT)


def told(world) -> None:
    for seller in (world.qinglan, world.hehe):
        with acting_for(seller):
            splits = Split.party.filter(settlement="T1").open().order_by("id")
            settlement.settle(settlement.with_parts(splits), at=NIGHT, by=ONBOARDING)


def released(world) -> None:
    for book in (world.qinglan, world.mubai, world.hehe):
        reserves.release_due(book, on=FREE_ON, at=NIGHT)


def told_released(world) -> None:
    """What the design says: reserve:P → due:P of what is left, and the mirror, and what the employer owes on."""
    for seller in (world.qinglan, world.hehe):
        with acting_for(seller):
            for split in settlement.with_parts(Split.party.filter(settlement="T1").order_by("id")):
                entries = [
                    entry for share in settlement.parts_of(split) for entry in released_of(share, split)
                ]
                post([Story("release", split.source_id, FREE_ON, NIGHT, split.currency, tuple(entries))])


def released_of(share: Share, split: Split) -> list[Entry]:
    kept, ours = share.item.kept, split.merchant.party_id
    moves = [(split.merchant_id, named("reserve", share.owed_to_id), named("due", share.owed_to_id))]
    if share.other_book:
        moves.append((share.other_book, named("due", ours), named("reserve", ours)))
    if share.is_passed_on:
        moves.append((share.other_book, named("reserve", share.payee_id), named("due", share.payee_id)))
    return [Entry(book, "release", debit, credit, kept) for book, debit, credit in moves if kept]


def undone(world, way):
    """What the way of settling has left in the books, read and rolled back."""
    before = written(world)
    with transaction.atomic():
        way(world)
        for book in (world.qinglan, world.mubai, world.hehe):
            with acting_for(book):
                assert proof.trial_balance(book).holds
        after = written(world)
        transaction.set_rollback(True)
    assert written(world) == before
    return tuple(now - was for now, was in zip(after, before, strict=True))


def written(world):
    """(transfers, items, accounts, lines and sums that were settled of each book), each row by what it says."""
    transfers, items, accounts, settled = set(), set(), set(), set()
    for book in (world.qinglan, world.mubai, world.hehe, world.stranger):
        with acting_for(book):
            named = {row.pk: (row.code, row.party_id, row.currency) for row in Account.objects.all()}
            accounts |= {(book.pk, *name) for name in named.values()}
            for debit, credit, *row in Transfer.objects.values_list("debit_id", "credit_id", *TRANSFER):
                transfers.add((book.pk, *row, named[debit], named[credit]))
            items |= set(SettlementItem.objects.values_list(*ITEM))
            rows = Settlement.objects.values_list("mode", "at", "lines", "total")
            settled.add(
                (book.pk, *map(sum, zip(*[row[2:] for row in rows], strict=True)), *{r[:2] for r in rows})
            )
    return transfers, items, accounts, settled


TRANSFER = [
    "kind", "source", "source_id", "position", "amount", "currency", "business_date", "booked_on", "at",
]  # fmt: skip
ITEM = ["merchant_id", "split_id", "share_id", "due", "reserve", "reserve_clawed", "released"]
