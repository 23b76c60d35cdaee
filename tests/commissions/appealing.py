"""Lin got the shirt's commission and Zhou, her colleague at Jing'an, says that he served: steps of the tests."""

from commissions import accruals, appeals, clawback, settlement
from commissions.models import Share, Split
from ledger import balances, proof
from orders.facts import RefundLineFacts
from orders.models import OrderLine
from tests.people import NOON, ONBOARDING
from tests.selling import line, money_back, sold

BY_GU = ONBOARDING
SERVED = {"serving": "G101"}


def sell(world, *, settle=True, no="T-1", touches=SERVED, sku=None):
    order = sold(world.jingan, line(sku or world.shirt), touches=touches, no=no)
    accruals.book(order)
    if settle:
        settle_now(world, order)
    return line_of(world, order)


def settle_now(world, order):
    with world.inside(world.hehe):
        settlement.settle_t0(orders=[order.id], at=NOON)


def line_of(world, order):
    with world.inside(world.hehe):
        return OrderLine.objects.select_related("order").get(order=order)


def appeal(sold_line, guide, reason="served", **given):
    return appeals.appeal(line=sold_line, guide=guide, reason=reason, by=BY_GU, **({"at": NOON} | given))


def uphold(row, **given):
    return appeals.decide(appeal=row, uphold=True, by=BY_GU, **({"at": NOON} | given))


def refund(world, amount, no="R-1", **given):
    kept, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=amount), no=no, **given)
    clawback.claw(kept)
    return kept


def rows(world):
    """(guide, amount, clawed, moved_out, held) in order."""
    with world.inside(world.hehe):
        shares = Share.party.select_related("guide").order_by("split_id", "number")
        return [
            (s.guide.code if s.guide else s.role, s.amount, s.clawed, s.moved_out, s.held) for s in shares
        ]


def purse(world, guide, book=None):
    book = book or world.qinglan
    with world.inside(book):
        return balances.of_party(book, guide.party)


def all_holds(world):
    """The books are true, and of each line Σ held − Σ contributions = paid − refunded."""
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            assert proof.trial_balance(merchant).holds
    with world.inside(world.hehe):
        for split in Split.party.select_related("line"):
            still_held = sum(share.held for share in Share.party.filter(split=split))
            assert still_held - split.contribution == split.line.paid - split.line.refunded
